/**
 * Seeded random histories of several replicas, replayed into backends in every replica's order of arrival: rows are what the oracle says, and verify
 * finds nothing (replication-model.md section 1).
 */
import t from 'tap';
import { decodeState } from '../../lib/backend/rows/entry-record.js';
import { TAG } from '../../lib/backend/rows/key-space.js';
import { VALUE_BOUNDS } from '../../lib/backend/rows/large-attributes.js';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import type { Change } from '../../lib/change/change.js';
import type { EntryState } from '../../lib/conflict/entry-state.js';
import { journalKey } from '../../lib/conflict/journal.js';
import { entryFacts } from '../conflict/memory-domain.js';
import { oracle } from '../conflict/oracle.js';
import { difference, simulate } from '../conflict/simulation.js';
import { openEngine, violations } from './engine.js';

/** Replicas differ in which values stand in rows of their own: that none can tell is part of what is shown here. */
const BOUNDS = [{ most: 1, load: 1 }, VALUE_BOUNDS, { most: 0, load: 1 }, { most: 3, load: 2 }];

/** The facts of a backend in the oracle's form. */
async function factsOf({ parts }: StoreBackend, backend: StoreBackend): Promise<string> {
  const states: EntryState[] = [];
  for await (const rows of parts.store.scan(parts.keys.tagRange(TAG.entry))) {
    for (const { value } of rows) states.push(decodeState(value, parts.dictionary));
  }
  const lines: string[] = [];
  // What the schema says of these entries, which have no classes, the oracle does not know.
  for await (const slice of backend.journal())
    lines.push(...slice.filter(({ kind }) => kind !== 'schema-violation').map(journalKey));
  return [...entryFacts(states), ...lines.sort()].join('\n');
}

/** Replays in calls of 1 to 40 changes. */
async function replayAll(backend: StoreBackend, changes: readonly Change[], seed: number): Promise<void> {
  let at = 0;
  let dice = seed;
  while (at < changes.length) {
    dice = (dice * 1_103_515_245 + 12_345) % 2 ** 31;
    const count = 1 + (dice % 40);
    const results = await backend.replay(changes.slice(at, at + count));
    const bad = results.find((result) => result.kind !== 'applied');
    if (bad !== undefined) throw new Error(`not applied: ${JSON.stringify(bad)}`);
    at += count;
  }
}

for (let i = 0; i < 13; i++) {
  const seed = 91_000 + i;
  t.test(`history ${seed}: every replica's store is what the oracle holds`, async (t) => {
    const twice = i >= 10;
    const changes = twice ? 60 : 20 + ((i * 37) % 200);
    const options = { replicas: 2 + (i % 3), changes, forget: false, wild: false, twice };
    const run = simulate(seed, options);
    t.equal(run.fault, undefined);
    const expected = oracle([...run.base, ...(run.orders[0] ?? [])]);
    const journals = new Set<string>();
    for (const [replica, order] of run.orders.entries()) {
      const values = BOUNDS[(i + replica) % BOUNDS.length] ?? VALUE_BOUNDS;
      const { backend, store } = await openEngine({ base: 'cn=base', values });
      await replayAll(backend, [...run.base, ...order], seed);
      const found = await factsOf(backend, backend);
      t.ok(found === expected, found === expected ? 'equal' : difference(expected, found));
      const lines: string[] = [];
      for await (const slice of backend.journal()) lines.push(...slice.map(journalKey));
      journals.add(lines.sort().join('\n'));
      t.same(await violations({ backend, store }), []);
      await backend.close();
    }
    t.equal(journals.size, 1, 'every journal says the same of the schema too');
  });
}

t.test('duplicates change nothing', async (t) => {
  const run = simulate(77, { replicas: 2, changes: 80, forget: false, wild: false });
  const { backend, store } = await openEngine({ base: 'cn=base' });
  const order = [...run.base, ...(run.orders[0] ?? [])];
  await replayAll(backend, order, 1);
  const before = await factsOf(backend, backend);
  await replayAll(backend, order, 2);
  t.equal(await factsOf(backend, backend), before);
  t.same(await violations({ backend, store }), []);
});
