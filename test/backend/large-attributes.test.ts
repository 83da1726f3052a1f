/**
 * Values in rows of their own (docs/data-format.md): whichever they are, no reader and no replica can tell; what somebody holds of an entry stays as it was; nothing is lost.
 */
import t from 'tap';
import type { StoredEntry } from '../../lib/backend/backend.js';
import { rebuildIndexes } from '../../lib/backend/index/rebuild-index.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { etagOf } from '../../lib/backend/rows/etag.js';
import { DATA_FORMAT, TAG } from '../../lib/backend/rows/key-space.js';
import { VALUE_BOUNDS } from '../../lib/backend/rows/large-attributes.js';
import { purgeRows } from '../../lib/backend/rows/purge-rows.js';
import { SERVER_KEYS } from '../../lib/backend/rows/server-keys.js';
import { must } from '../../lib/base/assert.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { decodeChange } from '../../lib/change/change-codec.js';
import { digestState } from '../../lib/conflict/state-digest.js';
import { makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import { findValue, valueKey } from '../../lib/entry/value-index.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { equalityRule } from '../../lib/schema/equality-rules.js';
import {
  adding,
  deleting,
  type Engine,
  modifying,
  openEngine,
  renaming,
  schema,
  searchDns,
  TestSink,
  violations,
} from './engine.js';

const BASE = 'dc=example,dc=com';
const GROUP = `cn=g,${BASE}`;
const MEMBER = 'member' as AttributeKey;
const RULE = must(equalityRule('distinguishedNameMatch'), 'a rule');
const member = (n: number) => `uid=u${n},${BASE}`;
const members = (from: number, count: number) => Array.from({ length: count }, (_, i) => member(from + i));

function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

const valuesOf = (entry: StoredEntry | undefined, key = MEMBER): string[] =>
  (entry?.attribute(key)?.values ?? []).map(latin1).sort();
const groupOf = (engine: Engine) => engine.backend.byDnText(GROUP);

async function rowsOf({ backend, store }: Pick<Engine, 'backend' | 'store'>): Promise<number> {
  let rows = 0;
  for await (const slice of store.scan(backend.parts.keys.tagRange(TAG.values))) rows += slice.length;
  return rows;
}

async function openGroup(
  count: number,
  values = { most: 8, load: 3 },
): Promise<Engine & { store: MemoryStore }> {
  const store = new MemoryStore();
  const engine = await openEngine({ store, values });
  await engine.backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  const group = { objectClass: ['groupOfNames'], cn: ['g'], member: members(0, count) };
  await engine.backend.submit('', adding(GROUP, group));
  return { ...engine, store };
}

/** A random edit of the group, as often of one member as of many. */
function randomEdit(random: (below: number) => number): ReturnType<typeof modifying> {
  const some = () => Array.from({ length: 1 + random(3) ** 2 }, () => member(random(40)));
  const distinct = [...new Set(some())];
  switch (random(12)) {
    case 0:
      return modifying(GROUP, { member: { clear: true } });
    case 1:
      return modifying(GROUP, { member: { clear: true, add: members(random(20), random(25)) } });
    case 2:
      return modifying(GROUP, {
        'description;lang-de': { add: [`d${random(20)}`] },
        description: { add: ['e'] },
      });
    case 3:
      return modifying(GROUP, { cn: { add: [`n${random(30)}`] } });
    case 4:
      return renaming(GROUP, 'cn=g');
    case 5:
    case 6:
    case 7:
      return modifying(GROUP, { member: { remove: distinct } });
    default:
      return modifying(GROUP, { member: { remove: [member(random(40))], add: distinct } });
  }
}

t.test(
  'servers that keep values in records, and in rows, hold the same and answer alike, edit by edit',
  async (t) => {
    const bounds = [VALUE_BOUNDS, { most: 0, load: 1 }, { most: 6, load: 2 }, { most: 3, load: 5 }];
    const random = dice(11);
    const [first, ...others] = await Promise.all(bounds.map((values) => openEngine({ values })));
    if (first === undefined) throw new Error('no engine');
    await first.backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
    await first.backend.submit(
      '',
      adding(GROUP, { objectClass: ['groupOfNames'], cn: ['g'], member: members(0, 9) }),
    );
    const held: { readonly entry: StoredEntry; readonly values: readonly string[] }[] = [];
    let told = 0;
    for (let step = 0; step < 160; step++) {
      await first.backend.submit('', randomEdit(random));
      // Sometimes several changes reach the others in one batch.
      if (random(3) === 0) continue;
      const changes = first.sink.given.slice(told).map(({ bytes }) => decodeChange(bytes));
      told = first.sink.given.length;
      const is = must(groupOf(first), 'the group');
      const values = valuesOf(is);
      for (const other of others) {
        for (const { kind } of await other.backend.replay(changes)) if (kind !== 'applied') t.fail(kind);
        const entry = must(groupOf(other), 'the group');
        t.same(digestState(entry.state), digestState(is.state));
        t.same(etagOf(entry.stored), etagOf(is.stored));
        if (step % 7 === 0) t.same(valuesOf(entry), values);
        if (random(4) === 0) held.push({ entry, values });
        const text = member(random(40));
        const found = findValue(
          entry.attribute(MEMBER),
          valueKey(utf8Encode(text.toUpperCase()), RULE),
          RULE,
        );
        t.equal(found !== undefined && latin1(found) === text, values.includes(text));
        if (step % 10 === 0)
          t.same(
            await searchDns(other.backend, BASE, 'sub', `(member=${text})`),
            values.includes(text) ? [GROUP] : [],
          );
      }
    }
    t.ok(held.length > 30);
    for (const { entry, values } of held)
      t.same(valuesOf(entry), values, 'whoever holds an entry sees it as it was');
    for (const engine of [first, ...others]) t.same(await violations(engine), []);
    t.equal(await rowsOf(first), 0);
    t.ok((await rowsOf(others[0] as Engine)) > 0);
  },
);

t.test('an edit writes one chunk, of however many there are, and reads no other', async (t) => {
  const { backend, store } = await openGroup(3000, VALUE_BOUNDS);
  t.ok((await rowsOf({ backend, store })) >= 3000 / 64);
  const reads: number[] = [];
  const get = store.get.bind(store);
  store.get = (key, snapshot) => {
    if (key[2] === TAG.values) reads.push(1);
    return get(key, snapshot);
  };
  let chunks = 0;
  let octets = 0;
  const batch = store.batch.bind(store);
  store.batch = (ops, options) => {
    for (const op of ops) {
      if (op.key[2] === TAG.values) chunks += 1;
      octets += op.type === 'put' ? op.value.length : 0;
    }
    return batch(ops, options);
  };
  for (let n = 0; n < 20; n++)
    await backend.submit('', modifying(GROUP, { member: { remove: [member(n)], add: [member(5000 + n)] } }));
  t.ok(chunks <= 20 * 4, `${chunks} chunks written`);
  t.ok(reads.length <= 20 * 12, `${reads.length} chunks read`);
  t.ok(octets < 20 * 20_000, `${octets} octets written`);
});

t.test(
  'what is decided and not on disk is seen by decisions, not by readers; many edits in one batch',
  async (t) => {
    const { backend, store } = await openGroup(20);
    let release = (): void => undefined;
    store.faults.delay = () => new Promise((resolve) => (release = resolve));
    const before = valuesOf(backend.byDnText(GROUP));
    const edits = Array.from({ length: 30 }, (_, n) =>
      backend.submit('', modifying(GROUP, { member: { remove: [member(n)], add: [member(100 + n)] } })),
    );
    for (let tick = 0; tick < 5; tick++) await Promise.resolve();
    const during = must(backend.byDnText(GROUP), 'the group');
    t.same(valuesOf(during), before);
    t.ok(findValue(during.attribute(MEMBER), valueKey(utf8Encode(member(3)), RULE), RULE));
    store.faults.delay = undefined;
    release();
    await Promise.all(edits);
    t.same(valuesOf(during), before, 'and goes on to see it so');
    t.same(valuesOf(backend.byDnText(GROUP)), members(100, 30).sort());
    t.same(await violations({ backend, store }), []);
  },
);

t.test('a disk that is full: what was refused leaves nothing, readers keep what they hold', async (t) => {
  const engine = await openGroup(20);
  const { backend, store } = engine;
  const entry = must(groupOf(engine), 'the group');
  store.faults.refuse = 'full';
  const tried = [0, 1, 2].map((n) =>
    backend.submit('', modifying(GROUP, { member: { remove: [member(n)], add: [member(50 + n)] } })),
  );
  for (const { status } of await Promise.allSettled(tried)) t.equal(status, 'rejected');
  t.same(valuesOf(groupOf(engine)), members(0, 20).sort());
  store.faults.refuse = undefined;
  await backend.submit('', modifying(GROUP, { member: { remove: [member(0)] } }));
  t.same(valuesOf(entry), members(0, 20).sort());
  t.same(valuesOf(groupOf(engine)), members(1, 19).sort());
  t.same(await violations(engine), []);
});

t.test('a restart, other bounds, rows of format 1; there and back at the edge moves nothing', async (t) => {
  const { backend, store, sink } = await openGroup(3000, { most: 1_000_000, load: 64 });
  t.equal(await rowsOf({ backend, store }), 0);
  await backend.close();
  await store.batch([{ type: 'put', key: SERVER_KEYS.format, value: Uint8Array.of(1) }], { sync: true });
  const again = await openEngine({ store, sink });
  t.same(store.get(SERVER_KEYS.format), Uint8Array.of(DATA_FORMAT));
  t.equal(valuesOf(groupOf(again)).length, 3000);
  await again.backend.submit('', modifying(GROUP, { member: { remove: [member(5)] } }));
  t.ok((await rowsOf(again)) > 40, 'they move with the first edit');
  t.same(await violations(again), []);
  await again.backend.submit('', modifying(GROUP, { member: { remove: members(600, 2400) } }));
  t.ok((await rowsOf(again)) > 0, '599 are few, and stay where they are');
  await again.backend.submit('', modifying(GROUP, { member: { remove: members(500, 100) } }));
  t.equal(await rowsOf(again), 0);
  t.same(valuesOf(groupOf(again)), [...members(0, 5), ...members(6, 494)].sort());
  await again.backend.submit('', modifying(GROUP, { member: { add: members(600, 400) } }));
  t.equal(await rowsOf(again), 0);
  t.same(await violations(again), []);
});

t.test('a change that compares by another rule, and a name spelled differently', async (t) => {
  const engine = await openGroup(20);
  const { backend } = engine;
  const { uuid } = must(groupOf(engine), 'the group');
  const body = (equality: string, name: string, remove: string[], add: string[]) => ({
    kind: 'modify' as const,
    attributes: [
      {
        ...{ key: MEMBER, name, equality, single: false, clear: false, increment: 0n },
        remove: remove.map(utf8Encode),
        add: add.map(utf8Encode),
      },
    ],
  });
  await backend.submit('', () => [
    { entry: uuid, body: body('octetStringMatch', 'member', [member(1), 'x'], [member(2).toUpperCase()]) },
  ]);
  t.equal(valuesOf(groupOf(engine)).length, 20, 'equal under one rule, and there together');
  t.same(await violations(engine), []);
  await backend.submit('', () => [
    { entry: uuid, body: body('distinguishedNameMatch', 'MEMBER', [member(2)], [member(70)]) },
  ]);
  t.equal(valuesOf(groupOf(engine)).length, 19);
  t.same(await violations(engine), []);
});

t.test('deleted, brought back, copied, rebuilt, purged: the values go along', async (t) => {
  const engine = await openGroup(30);
  const { backend, store } = engine;
  const { uuid } = must(groupOf(engine), 'the group');
  await backend.submit('', deleting(GROUP));
  t.same(await violations(engine), []);
  await backend.submit('', () => [{ entry: uuid, body: { kind: 'undelete' } }]);
  t.same(valuesOf(groupOf(engine)), members(0, 30).sort());
  await backend.startGeneration('g');

  const copy = await openEngine({ values: { most: 4, load: 1 } });
  const snapshot = await backend.exportSnapshot();
  await backend.submit('', modifying(GROUP, { member: { remove: [member(1)] } }));
  await copy.backend.beginImport();
  for await (const images of snapshot.images())
    for (const image of images) await copy.backend.importImages([image]);
  await copy.backend.finishImport(snapshot.generationId, snapshot.state);
  await snapshot.close();
  t.same(valuesOf(groupOf(copy)), members(0, 30).sort());
  t.same(await searchDns(copy.backend, BASE, 'sub', `(member=${member(7)})`), [GROUP]);
  t.same(await violations(copy), []);
  await copy.backend.submit('', modifying(GROUP, { member: { remove: [member(2)] } }));
  t.same(await violations(copy), []);

  await backend.close();
  await rebuildIndexes({ store, schema, baseDn: parseDn(BASE) });
  const again = await openEngine({ store, sink: new TestSink(), values: { most: 8, load: 3 } });
  t.same(await violations(again), []);
  t.same(await searchDns(again.backend, BASE, 'sub', `(member=${member(7)})`), [GROUP]);
  await again.backend.submit('', deleting(GROUP));
  const before = makeCsn(9_000_000_000_000, 0, 7 as ReplicaId);
  await purgeRows(again.backend.parts, {
    horizon: { stable: again.backend.state, before },
    buryBeforeMs: Number.MAX_SAFE_INTEGER,
    journalBeforeMs: undefined,
    stopped: () => false,
  });
  t.equal(await rowsOf(again), 0);
  t.same(await violations(again), []);
});

t.test("verify tells of chunks that are lost, bent, moved or nobody's", async (t) => {
  const { backend, store } = await openGroup(30);
  const { keys } = backend.parts;
  const rows: { key: Uint8Array; value: Uint8Array }[] = [];
  for await (const slice of store.scan(keys.tagRange(TAG.values))) rows.push(...slice);
  const [one, two] = rows;
  if (one === undefined || two === undefined) throw new Error('no rows');
  const after = async (...ops: Parameters<typeof store.batch>[0]) => {
    await store.batch(ops, { sync: true });
    const found = await violations({ backend, store });
    await store.batch(
      [one, two].map((row) => ({ type: 'put', ...row })),
      { sync: true },
    );
    return found.join('\n');
  };
  t.match(await after({ type: 'del', key: one.key }), /member of .* has \d+ of 30 values/);
  t.match(
    await after({ type: 'put', key: one.key, value: one.value.map((octet) => octet ^ 1) }),
    /checksum differs/,
  );
  t.match(await after({ type: 'put', key: one.key, value: two.value }), /where nobody looks for them/);
  const stray = keys.valueChunk(must(groupOf({ backend } as Engine), 'the group').id, 4711, 0);
  t.match(await after({ type: 'put', key: stray, value: one.value }), /a row that no record names/);
  await store.batch([{ type: 'del', key: stray }], { sync: true });
  t.same(await violations({ backend, store }), []);
});
