/**
 * Received changes that follow what is applied go into log and entries with one batch: both are there after it or neither, and what cannot be applied keeps its log
 * row (replication-model.md section 6).
 */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { must } from '../../lib/base/assert.js';
import type { EncodedChange } from '../../lib/change/change.js';
import { decodeChange, toEncodedChange } from '../../lib/change/change-codec.js';
import { Changelog } from '../../lib/changelog/changelog.js';
import { csnSequence, csnTimeMs, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { follows, lags } from '../../lib/replica/follows.js';
import { Replay } from '../../lib/replica/replay.js';
import { adding, freshUuid, modifying, openEngine, violations } from '../backend/engine.js';
import { MachineClock, VirtualTime } from '../sim/virtual-time.js';
import { changes, csn, replica } from '../sync/session-fixtures.js';

const BASE = 'dc=example,dc=com';
const ADA = `cn=ada,${BASE}`;

/** What replica 1 wrote: the base, an entry, three changes of it. */
async function written(): Promise<readonly EncodedChange[]> {
  const { backend, sink } = await openEngine();
  const person = { objectClass: ['top', 'person'], cn: ['ada'], sn: ['Lovelace'] };
  await backend.submit('cn=admin', adding(BASE, { objectClass: ['top', 'domain'], dc: ['example'] }));
  await backend.submit('cn=admin', adding(ADA, person, freshUuid()));
  for (const text of ['a', 'b', 'c'])
    await backend.submit('cn=admin', modifying(ADA, { description: { clear: true, add: [text] } }));
  return sink.given;
}

/** Replica 2 with a change log in the same store. */
async function receiver() {
  const store = new MemoryStore();
  const { backend } = await openEngine({ store, replica: 2 as ReplicaId });
  const changelog = await Changelog.open(store, { ownReplica: replica(2), prefix: new Uint8Array([1]) });
  const time = new VirtualTime();
  const alerts: string[] = [];
  let progress = 0;
  const replay = new Replay({
    changelog,
    backend,
    clock: new MachineClock(time, { wallMs: 1_700_000_000_000 }, () => true),
    wanted: (origin) => origin !== 2,
    alert: (alert) => alerts.push(alert.kind),
    progressed: () => {
      progress += 1;
    },
  });
  changelog.carryWith((given, rows, durable) => replay.carry(given, rows, durable));
  replay.start();
  const receive = async (given: readonly EncodedChange[]): Promise<void> => {
    const outcome = changelog.append(given);
    if (outcome.kind !== 'taken') throw new Error('a gap');
    await outcome.durable;
  };
  return { store, backend, changelog, replay, receive, alerts, time, progressed: () => progress };
}

t.test('one synced batch holds the log rows and what follows from them', async (t) => {
  const given = await written();
  const { store, backend, changelog, replay, receive, progressed } = await receiver();
  const seen: boolean[] = [];
  const { batches, syncs } = store;
  changelog.onAdvance(() => seen.push(backend.state.equals(changelog.state)));
  await receive(given.slice(0, 2));
  t.ok(backend.byDnText(ADA), 'the entry shows when the changes are acknowledged');
  await receive(given.slice(2));
  t.same([store.batches - batches, store.syncs - syncs], [2, 2]);
  t.same(seen, [true, true], 'log and entries advance in one turn');
  t.ok(backend.state.equals(changelog.state));
  await replay.stop();
  t.equal(replay.applied, given.length);
  t.equal(progressed(), 2);
  t.same(await violations({ backend, store }), []);
});

t.test(
  'changes of several origins ride in one batch, in whatever order their sessions brought them',
  async (t) => {
    const given = await written();
    const at = await receiver();
    const { store, backend, changelog, receive, replay } = at;
    await receive(given.slice(0, 3));
    const like = decodeChange(must(given[3], 'five changes').bytes);
    const other = makeCsn(csnTimeMs(like.csn), csnSequence(like.csn), replica(3));
    const seen = ServerState.of([must(given[2], 'five changes').csn]);
    const { batches } = store;
    await receive([...given.slice(3), toEncodedChange({ ...like, csn: other, previous: undefined, seen })]);
    t.ok(other < must(given[4], 'five changes').csn, 'it came behind a newer one');
    t.equal(store.batches - batches, 1);
    t.ok(backend.state.equals(changelog.state) && backend.state.covers(other));
    t.same(await violations(at), []);
    await replay.stop();
  },
);

t.test('a crash keeps both or neither', async (t) => {
  const given = await written();
  const { store, replay, receive } = await receiver();
  await receive(given.slice(0, 3));
  void receive(given.slice(3)).catch(() => {});
  await replay.stop();
  store.crash(0);
  const { backend } = await openEngine({ store, replica: 2 as ReplicaId });
  const changelog = await Changelog.open(store, { ownReplica: replica(2), prefix: new Uint8Array([1]) });
  t.ok(backend.state.equals(changelog.state));
  t.ok(backend.state.covers(must(given[2], 'the third').csn), 'what was acknowledged is there');
});

t.test('a refused batch leaves neither; the same changes are taken once there is space', async (t) => {
  const given = await written();
  const { store, backend, changelog, receive, time } = await receiver();
  await receive(given.slice(0, 2));
  const before = changelog.state;
  store.faults.refuse = 'full';
  await t.rejects(receive(given.slice(2)), { name: 'StoreError' });
  await t.rejects(receive(given.slice(2)), { name: 'StoreError' }, 'the log asks the store itself');
  t.ok(changelog.state.equals(before));
  t.ok(backend.state.equals(before));
  store.faults.refuse = undefined;
  await receive(given.slice(2));
  await time.run(20_000);
  t.ok(changelog.state.covers(must(given.at(-1), 'the last').csn));
  t.ok(backend.state.equals(changelog.state));
  t.same(await violations({ backend, store }), []);
});

t.test('a change that must wait keeps its log row, and is applied when it can be', async (t) => {
  const given = await written();
  const base = must(given[0], 'the base');
  const { backend, changelog, replay, receive, time } = await receiver();
  // The entry below the base as another origin's, and the base is not here yet.
  const entry = decodeChange(must(given[1], 'the entry').bytes);
  const csn3 = makeCsn(csnTimeMs(entry.csn), 0, replica(3));
  await receive([toEncodedChange({ ...entry, csn: csn3, previous: undefined })]);
  t.equal(changelog.state.get(replica(3)), csn3);
  await time.run(10);
  t.match(replay.blocked(), [{ origin: 3, kind: 'waiting' }]);
  t.equal(backend.entryCount, 0);
  await receive([base]);
  await time.run(6000);
  t.same(replay.blocked(), []);
  t.ok(backend.state.equals(changelog.state));
  t.equal(backend.entryCount, 2);
});

t.test('only what follows the state, in CSN order, of origins that go on', (t) => {
  const all = () => true;
  const one = changes(1, 3, 1);
  t.ok(follows(one, ServerState.EMPTY, all));
  t.ok(follows(one.slice(1), ServerState.of([csn(1, 1)]), all));
  t.notOk(follows(one.slice(1), ServerState.EMPTY, all), 'something is missing before');
  t.notOk(follows(one, ServerState.of([csn(1, 1)]), all), 'the first is held');
  t.notOk(
    follows(
      [one[0], one[2]].map((change) => must(change, 'a change')),
      ServerState.EMPTY,
      all,
    ),
    'a hole',
  );
  t.notOk(
    follows(one, ServerState.EMPTY, () => false),
    'an origin that stands still',
  );
  const two = changes(1, 2, 2);
  t.ok(
    follows(
      [...one, ...two].sort((a, b) => (a.csn < b.csn ? -1 : 1)),
      ServerState.EMPTY,
      all,
    ),
  );
  t.notOk(follows([...two, ...one].reverse(), ServerState.EMPTY, all));
  t.end();
});

t.test('the entries lag when the log holds more of an origin that is wanted', (t) => {
  const log = ServerState.of([csn(2, 1), csn(5, 2)]);
  const all = () => true;
  t.notOk(lags(log, log, all));
  t.ok(lags(ServerState.of([csn(2, 1)]), log, all));
  t.notOk(
    lags(ServerState.of([csn(2, 1)]), log, (origin) => origin === 1),
    'our own, say',
  );
  t.end();
});
