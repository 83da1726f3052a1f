/**
 * Fractional replicas against the rule (replication-model.md section 1): folding what a fraction leaves of each change, in any order of arrival, gives what the fraction
 * leaves of the fold: entries, journal, and what is kept for late changes. Seeded random histories of the full kind, schemas that disagree among them.
 */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import type { Change } from '../../lib/change/change.js';
import { journalKey } from '../../lib/conflict/journal.js';
import { RestrictedLines, restrictRow, restrictState } from '../../lib/conflict/restrict-state.js';
import { digestState, sameDigest } from '../../lib/conflict/state-digest.js';
import type { Fraction } from '../../lib/entry/fraction.js';
import { configuredFraction } from '../../lib/entry/fraction-text.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { standardSchema } from '../schema/standard-schema.js';
import { MemoryDomain } from './memory-domain.js';
import { simulate } from './simulation.js';

const DEEP = process.env.POLYARCH_DEEP === '1';
const SEED = 9_120_000;

const FRACTIONS = [
  { exclude: ['*:mail'], include: [] },
  { exclude: ['*:cn,title'], include: [] },
  { exclude: ['inetOrgPerson:mail,title'], include: [] },
  { exclude: [], include: ['*:cn', 'person:title'] },
  { exclude: [], include: ['*:mail'] },
].map((options) => {
  const fraction = configuredFraction(options, standardSchema());
  if (Array.isArray(fraction)) throw new Error(fraction.join());
  return fraction as Fraction;
});

/** Entries get classes by their number, so that lists for a class concern some of them. */
function withClasses(changes: readonly Change[]): Change[] {
  return changes.map((change) => {
    if (change.body.kind !== 'add') return change;
    const names = Number(change.entry.slice(-1)) % 2 === 0 ? ['top', 'inetOrgPerson'] : ['top', 'device'];
    const classes = {
      key: 'objectclass' as AttributeKey,
      name: 'objectClass',
      values: names.map(utf8Encode),
    };
    return { ...change, body: { ...change.body, attributes: [classes, ...change.body.attributes] } };
  });
}

function restricted(full: MemoryDomain, fraction: Fraction): MemoryDomain {
  const domain = full.clone();
  const classes = (entry: Change['entry']) => full.entry(entry)?.attributes ?? new Map();
  domain.entries = new Map([...full.entries].map(([uuid, state]) => [uuid, restrictState(state, fraction)]));
  domain.rows = new Map(
    [...full.rows].map(([uuid, rows]) => [
      uuid,
      rows.map((row) => restrictRow(row, fraction, classes(uuid))),
    ]),
  );
  const lines = new RestrictedLines(fraction);
  const sorted = [...full.lines].sort(([a], [b]) => (a < b ? -1 : 1));
  const kept = [...sorted.flatMap(([, line]) => lines.next(line, classes(line.entry))), ...lines.end()];
  domain.lines = new Map(kept.map((line) => [journalKey(line), line]));
  return domain;
}

function fold(changes: readonly Change[], fraction: Fraction | undefined): MemoryDomain {
  const domain = new MemoryDomain();
  for (const change of changes)
    domain.apply(fraction?.change(change, domain.entry(change.entry)?.attributes) ?? change);
  return domain;
}

t.test('what is held of the fold is the fold of what is held, whatever the order of arrival', async (t) => {
  let [lines, changed] = [0, 0];
  for (let i = 0; i < (DEEP ? 2000 : 20); i++) {
    const run = simulate(SEED + i, {
      replicas: 2 + (i % 3),
      changes: 20 + (i % 5) * 15,
      forget: false,
      wild: i % 4 === 0,
    });
    const fraction = FRACTIONS[i % FRACTIONS.length] as Fraction;
    const orders = run.orders.map((order) => withClasses([...run.base, ...order]));
    const first = orders[0] ?? [];
    const full = fold(first, undefined);
    const expected = restricted(full, fraction);
    lines += full.lines.size;
    for (const order of orders) {
      const found = fold(order, fraction);
      if (found.facts() !== expected.facts() || found.records() !== expected.records())
        return t.equal(found.facts(), expected.facts(), `seed ${SEED + i}`);
      for (const [uuid, state] of found.entries) {
        const whole = full.entry(uuid);
        if (
          whole === undefined ||
          !sameDigest(digestState(state), digestState(restrictState(whole, fraction)))
        )
          return t.fail(`seed ${SEED + i}: digests of ${uuid} differ`);
      }
    }
    if (full.facts() !== expected.facts()) changed += 1;
  }
  t.ok(changed > 10, `${changed} histories in which something is not held, ${lines} journal lines`);
});
