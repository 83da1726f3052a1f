/** Silent divergence (replication-model.md section 7): equal replicas look equal whatever each has forgotten; a damaged one is found, named, and put right by the facts. */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import { checkRecord, decodeState, encodeRecord, parentIdOf } from '../../lib/backend/rows/entry-record.js';
import { VALUE_BOUNDS, type ValueBounds } from '../../lib/backend/rows/large-attributes.js';
import { must } from '../../lib/base/assert.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import { type Change, type EntryUuid, ROOT_UUID } from '../../lib/change/change.js';
import type { EntryState } from '../../lib/conflict/entry-state.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { Divergence } from '../../lib/replica/divergence.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { type Engine, openEngine, violations } from '../backend/engine.js';
import { add, modify, remove } from '../conflict/story.js';
import { SeededRandom } from '../sim/seeded-random.js';

const COUNT = 120;
const SN = 'sn' as AttributeKey;
const csn = (at: number, replica: number): Csn => makeCsn(at, 0, replica as ReplicaId);
const random = new SeededRandom(4);
const uuids = Array.from({ length: COUNT }, (_, i) => {
  const hex = [...random.bytes(16)].map((octet) => octet.toString(16).padStart(2, '0')).join('');
  const text = i === 0 ? '00000000000040008000000000000001' : hex;
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') as EntryUuid;
});
const person = { objectClass: ['person'], sn: ['x'] };

/** Entries by origin 7, some changed, some deleted. */
function story(): Change[] {
  const changes: Change[] = [];
  const put = (entry: number, body: Change['body']) => {
    const previous = changes[changes.length - 1]?.csn;
    const at = csn(1000 + changes.length, 7);
    const id = must(uuids[entry], 'an entry');
    changes.push({ csn: at, previous, seen: ServerState.EMPTY, entry: id, initiator: 'cn=x', body });
  };
  put(0, add(ROOT_UUID, 'example', { objectClass: ['top'] }));
  for (let i = 1; i < COUNT; i++) put(i, add(must(uuids[0], 'base'), `e${i}`, person));
  for (let i = 1; i < COUNT; i += 3) put(i, modify({ name: 'sn', add: [`n${i}`] }));
  for (let i = COUNT - 10; i < COUNT; i++) put(i, remove);
  return changes;
}

class Side {
  readonly engine: Engine;
  readonly divergence: Divergence;
  readonly alerts: string[] = [];
  readonly peers = new Map<string, Side>();
  questions = 0;

  constructor(engine: Engine, name: string) {
    this.engine = engine;
    this.divergence = new Divergence({
      server: name,
      backend: engine.backend,
      clock: engine.clock,
      ask: async (peer, question) => {
        this.questions += 1;
        return await this.peers.get(peer)?.divergence.answer(question);
      },
      following: () => [...this.peers.keys()],
      alert: ({ kind }) => this.alerts.push(kind),
    });
  }

  /** Reads everything, as after a start. */
  async read(): Promise<void> {
    while (!(await this.engine.backend.parts.digests.step()));
  }

  /** Writes another record in the place of an entry's, behind everybody's back. */
  async damage(uuid: EntryUuid, bend: (state: EntryState) => EntryState): Promise<void> {
    const { store, keys, dictionary, tree } = this.engine.backend.parts;
    const id = must(tree.rows.idOf(uuid), 'stored') as EntryId;
    const record = checkRecord(must(store.get(keys.entry(id)), 'stored'));
    const value = encodeRecord(bend(decodeState(record, dictionary)), parentIdOf(record), true, dictionary);
    await store.batch([{ type: 'put', key: keys.entry(id), value }], { sync: false });
  }
}

async function sides(count: number, values: ValueBounds = VALUE_BOUNDS): Promise<Side[]> {
  const all: Side[] = [];
  for (let i = 0; i < count; i++) {
    const replica = (i + 1) as ReplicaId;
    const engine = await openEngine({ replica, values, pause: () => Promise.resolve() });
    await engine.backend.startGeneration('g');
    const changes = story();
    // The order of origins does not matter here, nor how many come at once.
    for (let at = 0; at < changes.length; at += 50 + i * 13)
      await engine.backend.replay(changes.slice(at, at + 50 + i * 13));
    all.push(new Side(engine, `s${i + 1}`));
  }
  for (const side of all)
    for (const [i, other] of all.entries()) if (other !== side) side.peers.set(`s${i + 1}`, other);
  for (const side of all) await side.read();
  return all;
}

const swapSn = (state: EntryState): EntryState => {
  const attributes = new Map(state.attributes);
  attributes.set(SN, { name: 'sn', values: [utf8Encode('bent')] });
  return { ...state, attributes };
};

t.test('equal replicas are equal, also when only one has forgotten history and tombstones', async (t) => {
  const [a, b] = (await sides(2)) as [Side, Side];
  const [report] = (await a.divergence.verify(['s2'], undefined)).reports;
  t.equal(report?.verdict, 'equal');
  const all = { stable: ServerState.of([csn(5000, 7)]), before: csn(90_000, 7) };
  const options = { horizon: all, buryBeforeMs: 80_000, journalBeforeMs: 80_000, stopped: () => false };
  const purged = await b.engine.backend.purge(options);
  t.ok(purged.historyRows >= 30 && purged.tombstones >= 10);
  t.equal((await a.divergence.verify(['s2'], undefined)).reports[0]?.verdict, 'equal');
  t.equal((await b.divergence.verify(['s1'], undefined)).reports[0]?.verdict, 'equal');
  t.same(a.alerts.concat(b.alerts), []);
});

t.test(
  'values that are lost from rows of their own are missed by the pass, and come back from another server',
  async (t) => {
    const [a, b] = (await sides(2, { most: 0, load: 1 })) as [Side, Side];
    const victim = must(uuids[4], 'changed once');
    const { store, keys, tree } = b.engine.backend.parts;
    const rows: Uint8Array[] = [];
    for await (const slice of store.scanKeys(keys.valueChunks(must(tree.rows.idOf(victim), 'stored'))))
      rows.push(...slice);
    const lost = must(rows[0], 'a row of values');
    await store.batch([{ type: 'del', key: lost }], { sync: false });
    const seen = await a.divergence.verify(['s2'], undefined);
    t.match(seen.reports[0], { verdict: 'different', differences: [{ uuid: victim }] });
    const mended = await b.divergence.verify(['s1'], { from: 's1' });
    t.match(mended.repairs[0], { done: true });
    await b.read();
    t.equal((await a.divergence.verify(['s2'], undefined)).reports[0]?.verdict, 'equal');
    t.same(await violations(b.engine), []);
  },
);

t.test('a damaged entry is named with its attribute, and mended from the changes', async (t) => {
  const [a, b] = (await sides(2)) as [Side, Side];
  const victim = must(uuids[4], 'changed once');
  await b.damage(victim, swapSn);
  const seen = await a.divergence.verify(['s2'], undefined);
  t.match(seen.reports[0], {
    verdict: 'different',
    differences: [{ uuid: victim, kind: 'differs', parts: ['sn'] }],
  });
  t.same(a.alerts, ['divergence']);
  const there = await a.divergence.verify(['s2'], { from: undefined });
  t.match(there.repairs[0], { done: false }, 'the fault is not here');
  const mended = await b.divergence.verify(['s1'], { from: undefined });
  t.same(mended.damagedHere, []);
  t.match(mended.repairs[0], { done: true });
  t.equal((await a.divergence.verify(['s2'], undefined)).reports[0]?.verdict, 'equal');
  t.same(await violations(b.engine), []);
  t.equal((await b.engine.backend.history(victim)).length, 1, 'its history came with it');
});

t.test('where no change tells, two against one do; where there are only two, the operator', async (t) => {
  const [a, b, c] = (await sides(3)) as [Side, Side, Side];
  const victim = must(uuids[3], 'never changed');
  await b.damage(victim, swapSn);
  const two = new Map(b.peers);
  b.peers.delete('s3');
  const unsure = await b.divergence.verify(['s1'], { from: undefined });
  t.match(unsure.repairs[0], { done: false, why: /--from s1/ });
  b.peers.set('s3', two.get('s3') as Side);
  t.match((await a.divergence.verify(['s2'], { from: undefined })).repairs[0], {
    why: /run the repair on s2/,
  });
  t.match((await b.divergence.verify(['s1'], { from: undefined })).repairs[0], { done: true });
  t.equal((await b.divergence.verify(['s1'], undefined)).reports[0]?.verdict, 'equal');
  await b.damage(victim, swapSn);
  b.peers.delete('s3');
  t.match((await b.divergence.verify(['s1'], { from: 's1' })).repairs[0], { done: true });
  t.equal(
    (await c.divergence.verify(['s2', 's1'], undefined)).reports.map((r) => r.verdict).join(),
    'equal,equal',
  );
  for (const side of [a, b, c]) t.same(await violations(side.engine), []);
});

t.test('a lost row and a row that cannot be read are found by the pass alone, and come back', async (t) => {
  const [a, b] = (await sides(2)) as [Side, Side];
  const { store, keys, tree } = b.engine.backend.parts;
  await a.divergence.verify(['s2'], undefined);
  const [lost, broken] = [must(uuids[10], 'one'), must(uuids[11], 'another')];
  const idOf = (uuid: EntryUuid) => must(tree.rows.idOf(uuid), 'stored');
  await store.batch([{ type: 'del', key: keys.entry(idOf(lost)) }], { sync: false });
  await store.batch([{ type: 'put', key: keys.entry(idOf(broken)), value: utf8Encode('x'.repeat(90)) }], {
    sync: false,
  });
  await b.read();
  await b.read();
  t.equal(b.engine.backend.parts.digests.status().damaged.length, 2);
  const seen = await b.divergence.verify(['s1'], { from: 's1' });
  t.same(
    seen.reports[0]?.differences.map(({ uuid, kind }) => `${uuid} ${kind}`).sort(),
    [`${broken} differs`, `${lost} only-there`].sort(),
  );
  t.same(
    seen.repairs.map(({ done, why }) => `${done} ${why}`),
    Array(2).fill('true copied from s1, as asked'),
  );
  t.same(seen.damagedHere, []);
  t.equal((await a.divergence.verify(['s2'], undefined)).reports[0]?.verdict, 'equal');
});

t.test('what was repaired from one peer is compared with all of them again', async (t) => {
  const [, b] = (await sides(3)) as [Side, Side, Side];
  const { store, keys, tree } = b.engine.backend.parts;
  const id = must(tree.rows.idOf(must(uuids[10], 'one')), 'stored');
  await store.batch([{ type: 'put', key: keys.entry(id), value: utf8Encode('x'.repeat(90)) }], {
    sync: false,
  });
  await b.read();
  const { reports, repairs, after } = await b.divergence.verify(['s1', 's3'], { from: undefined });
  t.same(
    reports.map(({ verdict }) => verdict),
    ['different', 'different'],
  );
  t.equal(repairs.length, 1);
  t.same(
    after.map(({ peer, verdict }) => `${peer} ${verdict}`),
    ['s1 equal', 's3 equal'],
  );
});

t.test('a pass makes digests of the rows that are others, and of no more', async (t) => {
  const [a] = (await sides(1)) as [Side];
  const { digests } = a.engine.backend.parts;
  const dead = digests.status().made;
  await a.read();
  const perPass = digests.status().made - dead;
  await a.damage(must(uuids[30], 'one'), swapSn);
  await a.read();
  t.equal(digests.status().made - dead, 2 * perPass + 1);
  t.equal(perPass, 0, 'the dead are known by their records');
  t.equal(digests.status().damaged.length, 1);
});

t.test(
  'in the background a damaged entry raises an alert by itself; changes on their way raise none',
  async (t) => {
    const [a, b] = (await sides(2)) as [Side, Side];
    a.divergence.start();
    b.divergence.start();
    const turns = async (done: () => boolean) => {
      for (let i = 0; i < 3000 && !done(); i++) await new Promise<void>((resolve) => setImmediate(resolve));
    };
    let last = csn(1000 + story().length - 1, 7);
    for (let i = 0; i < 12; i++) {
      const at = csn(9000 + i, 7);
      const body = modify({ name: 'sn', add: [`w${i}`] });
      const entry = must(uuids[20 + (i % 5)], 'an entry');
      const change = { csn: at, previous: last, seen: ServerState.EMPTY, entry, initiator: 'cn=x', body };
      last = at;
      await a.engine.backend.replay([change]);
      await turns(() => a.questions > i * 3);
      await b.engine.backend.replay([change]);
    }
    t.same(a.alerts.concat(b.alerts), []);
    await b.damage(must(uuids[30], 'one'), swapSn);
    await turns(() => a.alerts.length > 0 && b.alerts.length > 1);
    t.ok(a.alerts.includes('divergence') && b.alerts.includes('divergence'));
    t.ok(b.alerts.includes('entry-damaged'), 'where it is damaged, that is known too');
    await a.divergence.stop();
    await b.divergence.stop();
  },
);

t.test(
  'after a start a row that cannot be read hides no other difference, and is mended unasked: who cannot read his own is not right',
  async (t) => {
    const [a, before] = (await sides(2)) as [Side, Side];
    const { store, keys, tree } = before.engine.backend.parts;
    const [broken, bent] = [must(uuids[11], 'one'), must(uuids[4], 'another')];
    await before.damage(bent, swapSn);
    const key = keys.entry(must(tree.rows.idOf(broken), 'stored'));
    const record = new Uint8Array(must(store.get(key), 'stored'));
    // One bit of a value, as a disk loses it.
    record[record.length - 1] = (record[record.length - 1] ?? 0) ^ 1;
    await store.batch([{ type: 'put', key, value: record }], { sync: false });
    const replica = 2 as ReplicaId;
    const engine = await openEngine({ store, replica, pause: () => Promise.resolve() });
    const b = new Side(engine, 's2');
    b.peers.set('s1', a);
    a.peers.set('s2', b);
    await b.read();
    t.same(
      (await a.divergence.verify(['s2'], undefined)).reports[0]?.differences.map(({ uuid }) => uuid).sort(),
      [broken, bent].sort(),
    );
    const { reports, repairs } = await b.divergence.verify(['s1'], { from: undefined });
    t.match(reports[0], { verdict: 'different' });
    t.same(
      repairs.map(({ done }) => done),
      [true, true],
    );
    t.equal((await a.divergence.verify(['s2'], undefined)).reports[0]?.verdict, 'equal');
    t.same(b.engine.backend.parts.digests.status().damaged, []);
    t.same(await violations(engine), []);
  },
);
