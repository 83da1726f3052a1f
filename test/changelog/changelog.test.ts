/**
 * The change log: chains, durability, reading, trimming, recovery (replication-model.md sections 2 and 6).
 */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import type { EncodedChange } from '../../lib/change/change.js';
import { Changelog } from '../../lib/changelog/changelog.js';
import type { Csn } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { StoreError } from '../../lib/port/ordered-store.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { changes, csn, replica } from '../sync/session-fixtures.js';

const PREFIX = new Uint8Array([0x63, 0x01]);

function open(store: MemoryStore, own?: number, recentBytes?: number): Promise<Changelog> {
  return Changelog.open(store, {
    ownReplica: own === undefined ? undefined : replica(own),
    prefix: PREFIX,
    ...(recentBytes === undefined ? {} : { recentBytes }),
  });
}

async function append(log: Changelog, list: readonly EncodedChange[]): Promise<void> {
  const outcome = log.append(list);
  if (outcome.kind === 'gap') throw new Error('gap');
  await outcome.durable;
}

async function all(log: Changelog, origin: number, after?: Csn, maxBytes = 500): Promise<Csn[]> {
  const found: Csn[] = [];
  let place = after;
  for (;;) {
    const slice = await log.read(replica(origin), place, maxBytes);
    if (slice.kind !== 'changes') throw new Error(slice.kind);
    if (slice.changes.length === 0) return found;
    for (const change of slice.changes) found.push(change.csn);
    place = found[found.length - 1];
  }
}

/** Counts single reads, and tells when a batch was written. */
class WatchedStore extends MemoryStore {
  gets = 0;
  afterBatch: () => void = () => {};

  override get(...args: Parameters<MemoryStore['get']>): Uint8Array | undefined {
    this.gets += 1;
    return super.get(...args);
  }

  override async batch(...args: Parameters<MemoryStore['batch']>): Promise<void> {
    await super.batch(...args);
    this.afterBatch();
  }
}

t.test('received changes are held once they are durable, and told in that turn', async (t) => {
  const log = await open(new MemoryStore());
  const told: number[][] = [];
  const stop = log.onAdvance((origins) => told.push([...origins]));
  const outcome = log.append(changes(1, 3, 2));
  t.equal(log.state.size, 0, 'not yet');
  t.equal(log.newest(replica(2)), csn(3, 2), 'but taken');
  t.same(log.read(replica(2), undefined, 1000), { kind: 'changes', changes: [] }, 'and not read');
  t.match(outcome, { kind: 'taken', taken: 3, duplicates: 0 });
  if (outcome.kind === 'taken') await outcome.durable;
  t.equal(log.state.get(replica(2)), csn(3, 2));
  t.same(told, [[2]]);
  stop();
  await append(log, changes(4, 4, 2));
  t.equal(told.length, 1);
});

t.test(
  'duplicates are ignored and told as held only when they are; a change that does not follow is refused, those before it taken',
  async (t) => {
    const log = await open(new MemoryStore());
    const first = log.append(changes(1, 4, 2));
    const again = log.append(changes(2, 4, 2));
    t.match(again, { kind: 'taken', taken: 0, duplicates: 3 });
    if (again.kind === 'taken') await again.durable;
    t.equal(log.state.get(replica(2)), csn(4, 2), 'durable when the duplicate is acknowledged');
    if (first.kind === 'taken') await first.durable;
    const gap = log.append([...changes(5, 5, 2), ...changes(7, 8, 2)]);
    t.match(gap, { kind: 'gap', origin: 2, held: csn(5, 2), offered: csn(7, 2) });
    await log.idle();
    t.equal(log.state.get(replica(2)), csn(5, 2));
    t.same(
      await all(log, 2),
      [1, 2, 3, 4, 5].map((n) => csn(n, 2)),
    );
  },
);

t.test('appends that come while a batch is written share the next one', async (t) => {
  const store = new MemoryStore();
  const log = await open(store);
  const before = store.syncs;
  const outcomes = Array.from({ length: 50 }, (_, i) => log.append(changes(i + 1, i + 1, 2)));
  await Promise.all(outcomes.map((outcome) => (outcome.kind === 'taken' ? outcome.durable : undefined)));
  t.equal(store.syncs - before, 2);
});

t.test(
  'a refused batch takes nothing with it: all that waited are refused, and may come again',
  async (t) => {
    const store = new MemoryStore();
    const log = await open(store);
    await append(log, changes(1, 2, 2));
    store.faults.refuse = 'full';
    const first = log.append(changes(3, 3, 2));
    const second = log.append(changes(4, 4, 2));
    for (const outcome of [first, second]) {
      if (outcome.kind === 'taken') await t.rejects(outcome.durable, StoreError);
    }
    t.equal(log.newest(replica(2)), csn(2, 2));
    store.faults.refuse = undefined;
    await append(log, changes(3, 5, 2));
    t.same(
      await all(log, 2),
      [1, 2, 3, 4, 5].map((n) => csn(n, 2)),
    );
  },
);

t.test('local changes ride in the batch of the backend, chained, and are read once committed', async (t) => {
  const store = new MemoryStore();
  const log = await open(store, 1);
  const [first, second] = changes(1, 2);
  if (first === undefined || second === undefined) throw new Error('no changes');
  t.equal(log.lastOwn(), undefined);
  const ops = [...log.ops(first), ...log.ops(second)];
  t.equal(log.lastOwn(), csn(2));
  await store.batch(ops, { sync: true });
  t.equal(log.state.size, 0);
  log.committed([first, second]);
  t.same(await all(log, 1), [csn(1), csn(2)]);
  t.throws(() => log.ops(second), /does not follow/);
  t.throws(() => log.ops(changes(3, 3, 2)[0] as EncodedChange), /another replica/);
});

t.test('after a refused local batch the log says what the store shows', async (t) => {
  const store = new MemoryStore();
  const log = await open(store, 1);
  const [first, second] = changes(1, 2) as [EncodedChange, EncodedChange];
  log.ops(first);
  await log.dropped();
  t.equal(log.lastOwn(), undefined, 'it never was');
  const ops = log.ops(first);
  await store.batch(ops, { sync: true });
  log.ops(second);
  await log.dropped();
  t.equal(log.lastOwn(), csn(1), 'it reached the disk all the same');
  t.same(await all(log, 1), [csn(1)]);
});

t.test('reading from memory and from disk give the same, in portions, from any place', async (t) => {
  const store = new MemoryStore();
  const close = await open(store, undefined, 1_000_000);
  for (const id of [1, 2, 300]) await append(close, changes(1, 60, id));
  const far = await open(store, undefined, 0);
  for (const id of [1, 2, 300]) {
    for (const n of [0, 1, 31, 59, 60]) {
      const after = n === 0 ? undefined : csn(n, id);
      const expected = Array.from({ length: 60 - n }, (_, i) => csn(n + 1 + i, id));
      t.same(await all(close, id, after), expected);
      t.same(await all(far, id, after), expected);
    }
  }
  t.notOk(close.read(replica(1), csn(30), 500) instanceof Promise, 'from memory, at once');
  t.ok(far.read(replica(1), csn(30), 500) instanceof Promise);
  const one = await far.read(replica(1), csn(30), 1);
  t.equal(one.kind === 'changes' ? one.changes.length : 0, 1, 'at least one, however long');
});

t.test('a place that is not in the log is told as forked', async (t) => {
  const log = await open(new MemoryStore());
  await append(log, changes(1, 9, 2));
  const foreign = `${csn(5, 2).slice(0, 12)}000000090002` as Csn;
  t.match(await log.read(replica(2), foreign, 1000), { kind: 'forked', found: csn(6, 2) });
  t.notOk(log.holds(foreign));
  t.ok(log.holds(csn(5, 2)));
});

t.test(
  'whether the newest change is held is told without reading it, but from the rows while a copy replaces the log',
  async (t) => {
    const store = new WatchedStore();
    const log = await open(store);
    await append(log, changes(1, 9, 2));
    const { gets } = store;
    t.ok(log.holds(csn(9, 2)));
    t.equal(store.gets, gets);
    t.notOk(log.holds(csn(10, 2)), 'a newer one');
    const held: boolean[] = [];
    store.afterBatch = () => held.push(log.holds(csn(9, 2)));
    await log.reset(ServerState.of([csn(7, 2)]));
    t.same(held, [false, false], 'the rows went, then the mark came');
    t.notOk(log.holds(csn(9, 2)));
    t.ok(log.holds(csn(7, 2)), 'trimmed');
  },
);

t.test('state, trimmed marks and generation are recovered from the rows', async (t) => {
  const store = new MemoryStore();
  const log = await open(store);
  for (const id of [1, 2, 65_535]) await append(log, changes(1, 20, id));
  await log.setGeneration('g1');
  await log.purge(csn(11, 2), ServerState.of([csn(20, 2), csn(5, 1)]));
  const again = await open(store);
  t.ok(again.state.equals(log.state));
  t.same(again.trimmed.csns(), [csn(5, 1), csn(10, 2)]);
  t.equal(again.recordedGeneration, 'g1');
  t.equal((await open(new MemoryStore())).state.size, 0);
});

t.test(
  'what was trimmed is told as too old, what follows the mark is read, and the newest may go too',
  async (t) => {
    const store = new MemoryStore();
    const log = await open(store);
    await append(log, changes(1, 20, 2));
    t.equal(await log.purge(csn(11, 2), log.state), 10);
    t.match(await log.read(replica(2), undefined, 1000), { kind: 'too-old', oldest: csn(10, 2) });
    t.match(await log.read(replica(2), csn(9, 2), 1000), { kind: 'too-old' });
    t.same(
      await all(log, 2, csn(10, 2)),
      Array.from({ length: 10 }, (_, i) => csn(11 + i, 2)),
    );
    await log.purge(csn(999, 2), log.state);
    const again = await open(store);
    t.equal(again.state.get(replica(2)), csn(20, 2), 'the state outlives the rows');
    await append(again, changes(21, 22, 2));
    t.same(await all(again, 2, csn(20, 2)), [csn(21, 2), csn(22, 2)]);
  },
);

t.test('nothing that the floor does not cover is trimmed', async (t) => {
  const log = await open(new MemoryStore());
  await append(log, changes(1, 5, 2));
  await append(log, changes(1, 5, 3));
  t.equal(await log.purge(csn(999, 3), ServerState.of([csn(2, 3)])), 2);
  t.same((await all(log, 2)).length, 5);
  t.same((await all(log, 3, csn(2, 3))).length, 3);
});

t.test(
  'after a reset everything up to the given state counts as trimmed, and chains go on from it',
  async (t) => {
    const store = new MemoryStore();
    const log = await open(store, 1);
    await append(log, changes(1, 5, 2));
    await append(log, changes(1, 5, 3));
    await log.reset(ServerState.of([csn(9, 2), csn(4, 1)]));
    for (const one of [log, await open(store, 1)]) {
      t.same(one.state.csns(), [csn(4, 1), csn(9, 2)]);
      t.equal(one.lastOwn(), csn(4, 1));
      t.match(await one.read(replica(2), csn(5, 2), 1000), { kind: 'too-old' });
    }
    await append(log, changes(10, 11, 2));
    t.same(await all(log, 2, csn(9, 2)), [csn(10, 2), csn(11, 2)]);
  },
);

t.test(
  'after a copy of the same data the log keeps what leads to the newest change that the copy has of an origin, and nothing else',
  async (t) => {
    const store = new MemoryStore();
    const log = await open(store, 1);
    for (const origin of [1, 2, 3, 4]) await append(log, changes(1, 5, origin));
    await log.purge(csn(3, 2), ServerState.of([csn(5, 2)]));
    await log.setGeneration('same');
    // Of 1 all, of 2 a part, of 3 more than the log has, of 4 nothing.
    const copied = ServerState.of([csn(5, 1), csn(4, 2), csn(6, 3)]);
    await log.reset(copied, 'same');
    for (const one of [log, await open(store, 1)]) {
      t.same(one.state.csns(), copied.csns());
      t.same(one.trimmed.csns(), [csn(2, 2), csn(6, 3)]);
      t.equal(one.recordedGeneration, undefined);
      t.same(
        await all(one, 1),
        [1, 2, 3, 4, 5].map((at) => csn(at, 1)),
      );
      t.same(await all(one, 2, csn(2, 2)), [csn(3, 2), csn(4, 2)]);
      t.match(await one.read(replica(3), csn(5, 3), 1000), { kind: 'too-old' });
      t.notOk(one.holds(csn(5, 4)));
      t.equal(one.size.rows, 7);
    }
    await append(log, [...changes(6, 6, 1), ...changes(5, 6, 2)]);
    t.same(await all(log, 2, csn(3, 2)), [csn(4, 2), csn(5, 2), csn(6, 2)]);
    await log.setGeneration('same');
    await log.reset(copied, 'another');
    t.equal(log.size.rows, 0);
    t.same(log.trimmed.csns(), copied.csns());
  },
);

t.test('a log of an origin may begin after a mark, in a broker that came late', async (t) => {
  const store = new MemoryStore();
  const log = await open(store);
  await log.beginAfter(csn(7, 2));
  await append(log, changes(8, 9, 2));
  t.same(await all(log, 2, csn(7, 2)), [csn(8, 2), csn(9, 2)]);
  t.match((await open(store)).trimmed.csns(), [csn(7, 2)]);
});

t.test('two logs in one store do not see each other', async (t) => {
  const store = new MemoryStore();
  const one = await open(store);
  const two = await Changelog.open(store, { ownReplica: undefined, prefix: new Uint8Array([0x63, 0x02]) });
  await append(one, changes(1, 3, 65_535));
  await append(two, changes(1, 2, 1));
  t.same((await open(store)).state.csns(), [csn(3, 65_535)]);
  await one.reset(ServerState.EMPTY);
  t.same(
    (
      await Changelog.open(store, { ownReplica: undefined, prefix: new Uint8Array([0x63, 0x02]) })
    ).state.csns(),
    [csn(2, 1)],
  );
});

t.test(
  'whenever the power goes, the state found again is that of the rows, with every acknowledged change (seeded)',
  async (t) => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = new SeededRandom(seed);
      const store = new MemoryStore();
      let log = await open(store, undefined, 300);
      const acked = new Map<number, number>();
      const next = new Map<number, number>();
      for (let round = 0; round < 25; round++) {
        for (const id of [1, 2, 3]) {
          const from = next.get(id) ?? 1;
          const to = from + random.below(4);
          const outcome = log.append(changes(from, to, id));
          next.set(id, to + 1);
          if (outcome.kind === 'taken')
            outcome.durable.then(
              () => acked.set(id, Math.max(acked.get(id) ?? 0, to)),
              () => {},
            );
        }
        if (random.chance(0.3)) await log.idle();
        if (random.chance(0.3)) await log.purge(csn(1 + random.below(30), 1), log.state);
        if (!random.chance(0.2)) continue;
        store.crash(random.below(store.unsyncedBatches + 1));
        log = await open(store, undefined, 300);
        for (const id of [1, 2, 3]) {
          const newest = log.state.get(replica(id));
          const held = await all(log, id, log.trimmed.get(replica(id)));
          if (newest !== (held[held.length - 1] ?? log.trimmed.get(replica(id))))
            t.fail(`seed ${seed}: state is not that of the rows`);
          const ack = acked.get(id) ?? 0;
          if (ack > 0 && !log.state.covers(csn(ack, id)))
            t.fail(`seed ${seed}: acknowledged ${ack} of ${id} is lost`);
          let n = 1;
          while (log.state.covers(csn(n, id))) n += 1;
          next.set(id, n);
        }
      }
    }
    t.pass('30 seeds');
  },
);
