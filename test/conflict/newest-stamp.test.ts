/**
 * A change that is newer than the newest stamp of what it changes has its effect, however old it is beside everything else (docs/conflicts.md, Clocks). The states are those that random
 * histories under wild clocks lead to. POLYARCH_DEEP=1 tries more of them.
 */
import t from 'tap';
import type { Change, ChangeBody, EntryUuid } from '../../lib/change/change.js';
import { type EntryState, isAlive } from '../../lib/conflict/entry-state.js';
import { newestStamp } from '../../lib/conflict/newest-stamp.js';
import { type Csn, csnSequence, csnTimeMs, makeCsn, type ReplicaId, ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { MemoryDomain } from './memory-domain.js';
import { oracle } from './oracle.js';
import { entriesOf, simulate } from './simulation.js';
import { add, BASE, change, csn, id, modify, move, remove, rename, TOP, undelete } from './story.js';
import { missingEffect } from './took-effect.js';

const DEEP = process.env.POLYARCH_DEEP === '1';
// One of these has an undelete that found its entry alive, and counts again after a delete before it.
const FIRST = DEEP ? 8_100_001 : 8_100_020;
const RUNS = DEEP ? 2000 : 18;
t.setTimeout(DEEP ? 1_800_000 : 120_000);
const NEW = 8 as ReplicaId;

/** A change by a server that holds all and never wrote, with the least CSN behind `stamp`. */
function next({ state }: MemoryDomain, stamp: Csn, entry: EntryUuid, body: ChangeBody): Change {
  const own = makeCsn(csnTimeMs(stamp), csnSequence(stamp) + 1, NEW);
  const seen = ServerState.of(state.csns());
  return { csn: own, previous: undefined, seen, entry, initiator: 'cn=late', body };
}

function isBelow(domain: MemoryDomain, from: EntryUuid, above: EntryUuid): boolean {
  for (let at = domain.entry(from); at !== undefined; at = domain.entry(at.parent))
    if (at.uuid === above) return true;
  return false;
}

/** What a client could ask for of the entry as it is. */
function wishes(domain: MemoryDomain, entry: EntryState): ChangeBody[] {
  if (!isAlive(entry)) return [undelete];
  const bodies = [
    modify({ clear: true, add: ['new'] }),
    modify({ add: ['new'], remove: ['p'] }),
    modify({ name: 'title', single: true, clear: true, add: ['new'] }),
    rename('new', { name: 'cn', add: ['new'] }),
    remove,
  ];
  for (const { uuid } of [...domain.entries.values()].filter(isAlive))
    if (!isBelow(domain, uuid, entry.uuid)) bodies.push(move(uuid), move(uuid, 'new'));
  return bodies;
}

t.test('newer than what it changes, a change does what was asked for', async (t) => {
  let [tried, late, lost] = [0, 0, 0];
  for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
    const { base, orders } = simulate(seed, {
      replicas: 3,
      changes: 12 + (seed % 30),
      forget: false,
      wild: true,
      twice: seed % 3 === 0,
    });
    const domain = new MemoryDomain();
    const held = [...base, ...(orders[0] ?? [])];
    for (const made of held) domain.apply(made);
    const newest = domain.state.newest() ?? ZERO_CSN;
    const move = domain.moveLog.at(-1)?.csn ?? ZERO_CSN;
    for (const entry of domain.entries.values()) {
      for (const body of wishes(domain, entry)) {
        const made = next(
          domain,
          newestStamp(entry, body, domain.rows.get(entry.uuid) ?? [], move),
          entry.uuid,
          body,
        );
        const after = domain.clone();
        after.apply(made);
        tried += 1;
        if (made.csn < newest) late += 1;
        const missing = missingEffect(entry, after.entry(entry.uuid), body);
        if (missing !== undefined) t.fail(`seed ${seed}: ${body.kind} of ${entry.uuid}: ${missing}`);
        // Of the journal, schemas that disagree say what they like (simulation.ts).
        if (tried % 97 === 0 && entriesOf(after.facts()) !== entriesOf(oracle([...held, made])))
          t.fail(`seed ${seed}: ${body.kind} of ${entry.uuid}: not what the oracle says`);
        const early = domain.clone();
        early.apply(next(domain, csn(5, 9), entry.uuid, body));
        if (missingEffect(entry, early.entry(entry.uuid), body) !== undefined) lost += 1;
      }
    }
  }
  t.ok(late > tried / 4, `${late} of ${tried} came before other changes`);
  t.ok(lost > tried / 10, `${lost} of ${tried} would have been without effect with an older CSN`);
});

t.test('what a stamp is made of', async (t) => {
  const domain = new MemoryDomain();
  const [X, Y] = [id(2), id(3)];
  const story = [
    change(1, 9, BASE, add(TOP, 'base')),
    change(2, 9, X, add(BASE, 'x')),
    change(3, 9, Y, add(BASE, 'y')),
    change(50, 1, Y, move(X)),
  ];
  for (const made of story) domain.apply(made);
  const move50 = csn(50, 1);
  const stampOf = (entry: EntryUuid, body: ChangeBody): Csn =>
    newestStamp(domain.entry(entry), body, domain.rows.get(entry) ?? [], move50);
  t.equal(stampOf(id(7), add(X, 'new')), ZERO_CSN, 'a new entry comes after nothing');
  t.equal(stampOf(X, modify({ add: ['a'] })), csn(2, 9), 'an edit after the entry itself');
  t.equal(stampOf(Y, modify({ add: ['a'] })), move50);
  t.equal(stampOf(X, rename('z')), csn(2, 9));
  t.equal(stampOf(X, move(BASE)), move50, 'a move after every move of the domain');
  t.equal(stampOf(X, remove), csn(2, 9), 'a delete after the entry itself');
  domain.apply(change(60, 1, X, remove));
  domain.apply(change(70, 2, X, remove));
  t.equal(stampOf(X, undelete), csn(70, 2), 'an undelete after each delete, and not the first alone');
  domain.apply(change(65, 3, X, undelete, [csn(60, 1)]));
  domain.apply(change(68, 4, X, undelete, [csn(60, 1)]));
  t.equal(stampOf(X, remove), csn(70, 2));
});
