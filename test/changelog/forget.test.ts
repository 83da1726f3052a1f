/** A broker's log that gives up an origin, and whose origins it holds on the word of one server (replication-model.md section 7). */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { Changelog } from '../../lib/changelog/changelog.js';
import { changes, replica } from '../sync/session-fixtures.js';

const PREFIX = new Uint8Array([0x63, 0x01]);
const open = (store: MemoryStore, ownReplica = undefined as number | undefined): Promise<Changelog> =>
  Changelog.open(store, {
    ownReplica: ownReplica === undefined ? undefined : replica(ownReplica),
    prefix: PREFIX,
  });

/** How many changes of replica 2 a log gives. */
async function count(log: Changelog): Promise<number> {
  let rows = 0;
  for await (const slice of log.scan(replica(2), undefined)) rows += slice.length;
  return rows;
}

/** A log with three changes of replica 1 and 2,500 of replica 2. */
async function filled(store: MemoryStore): Promise<Changelog> {
  const log = await open(store);
  await log.setGeneration('g');
  for (const list of [changes(1, 3, 1), changes(1, 2500, 2)]) {
    const outcome = log.append(list);
    if (outcome.kind === 'taken') await outcome.durable;
  }
  return log;
}

t.test('what is held of an origin goes, of the others nothing, and it may be taken anew', async (t) => {
  const store = new MemoryStore();
  const log = await filled(store);
  const [one] = [log.state.get(replica(1))];
  const bytes = log.size.bytes;
  t.equal(await log.forget(replica(2)), 2500);
  for (const each of [log, await open(store)]) {
    t.same(each.state.csns(), [one]);
    t.equal(each.size.rows, 3);
    t.ok(each.size.bytes < bytes);
    t.equal(each.newest(replica(2)), undefined);
  }
  const outcome = log.append(changes(1, 2, 2));
  t.equal(outcome.kind, 'taken');
});

t.test('nothing of an origin is taken while it is forgotten', async (t) => {
  const log = await filled(new MemoryStore());
  const [gone, next] = [changes(1, 2, 2), changes(4, 4, 1)];
  const forgotten = log.forget(replica(2));
  await Promise.resolve();
  t.match(log.append(gone), { kind: 'gap', origin: replica(2) }, 'readers would find holes in it');
  t.match(log.append(next), { kind: 'taken', taken: 1 }, 'others go on');
  t.equal(await forgotten, 2500);
  t.match(log.append(gone), { kind: 'taken', taken: 2 });
});

t.test(
  'nothing of an origin whose log begins later is taken before that is on disk, and nothing twice (seed 2002331)',
  async (t) => {
    const store = new MemoryStore();
    const log = await open(store);
    const [mark, ...rest] = changes(1, 4, 2);
    if (mark === undefined) throw new Error('a change');
    const take = async (): Promise<string> => {
      const outcome = log.append(rest);
      if (outcome.kind === 'taken') await outcome.durable;
      return outcome.kind;
    };
    store.faults.refuse = 'full';
    const refused = log.beginAfter(mark.csn);
    t.equal(await take(), 'gap');
    await t.rejects(refused);
    t.equal(await take(), 'gap', 'a refused beginning is none');
    store.faults.refuse = undefined;
    const begun = log.beginAfter(mark.csn);
    t.same([await take(), await begun.then(take), await take()], ['gap', 'taken', 'taken']);
    t.equal(await count(log), 3);
    for (const each of [log, await open(store)])
      t.match(await each.read(replica(2), mark.csn, 1_000_000), { kind: 'changes', changes: { length: 3 } });
  },
);

t.test('a crash in between leaves a log without holes: its newest changes went first', async (t) => {
  const total = 5;
  for (let survive = 0; survive <= total; survive++) {
    const store = new MemoryStore();
    const log = await filled(store);
    await log.keepSize();
    let batches = 0;
    store.faults.delay = async () => {
      if (batches++ >= survive) throw new Error('the power went');
    };
    await log.forget(replica(2)).catch(() => {});
    store.faults.delay = undefined;
    const after = await open(store);
    const place = after.state.get(replica(2));
    const left = await after.read(replica(2), undefined, 10_000_000);
    t.equal(left.kind, 'changes', `${survive}`);
    t.equal(place === undefined, survive >= 4, `${survive}`);
    t.equal(after.size.rows, 3 + (await count(after)), `${survive}: what is counted is there`);
    // The server that goes on without a crash, its disk full for a while, says no more than it has.
    t.equal(log.state.get(replica(2)), place, `${survive}: the state is not ahead of the rows`);
    t.equal(await count(log), await count(after));
    if (place === undefined) continue;
    t.ok(log.holds(place), 'and what it has is of its history');
    await log.forget(replica(2));
    t.equal(log.append(changes(1, 2, 2)).kind, 'taken');
  }
});

t.test('what is trimmed at that moment leaves no mark of the history that went', async (t) => {
  const store = new MemoryStore();
  const log = await filled(store);
  const { state } = log;
  const before = changes(1, 1500, 2).at(-1)?.csn ?? state.csns()[0];
  if (before === undefined) throw new Error('a change');
  await Promise.all([log.purge(before, state), log.forget(replica(2)), log.purge(before, state)]);
  for (const each of [log, await open(store)]) {
    t.equal(each.trimmed.get(replica(2)), undefined);
    t.equal(each.newest(replica(2)), undefined);
  }
  t.equal(log.append(changes(1, 2, 2)).kind, 'taken');
});

t.test(
  'a log is held on the word of each origin alone from its first day until another agrees; older ones never are',
  async (t) => {
    const store = new MemoryStore();
    const log = await filled(store);
    t.ok(log.provisional.has(replica(1)) && log.provisional.has(replica(2)));
    log.provisional.confirm([replica(1)]);
    await log.idle();
    for (const each of [log, await open(store)])
      t.same(
        [1, 2].map((id) => each.provisional.has(replica(id))),
        [false, true],
      );
    await store.batch([{ type: 'del', key: new Uint8Array([...PREFIX, 5]) }], { sync: true });
    const older = await open(store);
    t.notOk(older.provisional.has(replica(2)), 'a log that an older version began');
    const directory = await open(new MemoryStore(), 1);
    await directory.setGeneration('g');
    t.notOk(directory.provisional.has(replica(2)));
    await store.batch([{ type: 'put', key: new Uint8Array([...PREFIX, 5]), value: new Uint8Array(3) }], {
      sync: true,
    });
    await t.rejects(open(store), /confirmed origins.*cut short/);
  },
);
