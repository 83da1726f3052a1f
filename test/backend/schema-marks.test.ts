/** Merges that leave an entry outside the schema: marked, in the journal, mended, on every replica alike (replication-model.md section 4). */
import t, { type Test } from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { untilTaken } from '../../lib/backend/refused-for-now.js';
import { TAG } from '../../lib/backend/rows/key-space.js';
import { must } from '../../lib/base/assert.js';
import { latin1, utf8Decode } from '../../lib/base/bytes.js';
import { type Change, type ChangeBody, type EntryUuid, ROOT_UUID } from '../../lib/change/change.js';
import { journalKey } from '../../lib/conflict/journal.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { buildSchema } from '../../lib/schema/load-schema.js';
import {
  add,
  change,
  csn,
  type Edit,
  id,
  interleavings,
  modify,
  remove,
  undelete,
} from '../conflict/story.js';
import { standardFiles, standardSchema } from '../schema/standard-schema.js';
import { type Engine, openEngine, searchDns, violations } from './engine.js';

const X = id(2);
const MARK = 'ds-sync-schema-violation';
const DN = 'cn=x,cn=base';
const SETUP = [
  change(1, 9, id(1), add(ROOT_UUID, 'base', { objectClass: ['top', 'device'] })),
  change(
    2,
    9,
    X,
    add(id(1), 'x', { objectClass: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'], sn: ['S'] }),
  ),
];
const SEEN = [csn(1, 9), csn(2, 9)];
const CLASS = { name: 'objectClass', equality: 'objectIdentifierMatch' };
const POSIX: Edit[] = [
  { ...CLASS, add: ['posixAccount'] },
  { name: 'uid', add: ['x'] },
  ...['uidNumber', 'gidNumber'].map((name) => ({
    name,
    single: true,
    add: ['7'],
    equality: 'integerMatch',
  })),
  { name: 'homeDirectory', single: true, add: ['/x'], equality: 'caseExactIA5Match' },
];
const story = (t: number, r: number, body: ChangeBody, ...seen: Change[]) =>
  change(t, r, X, body, [...SEEN, ...seen.map(({ csn }) => csn)]);
const posix = story(101, 1, modify(...POSIX));
const plain = story(
  102,
  2,
  modify({ ...CLASS, clear: true, add: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'] }),
);
const notAllowed = (name: string) =>
  `attribute '${name}' is not allowed by the entry's object classes ('inetOrgPerson')`;
const without = (name: string): Edit => ({ name, clear: true });

/** A schema whose inetOrgPerson is an account too. */
const WIDER = buildSchema(
  standardFiles().map(({ name, text }) => ({
    name,
    text: text.replace(/\n {2}/g, ' ').replace(/(NAME 'inetOrgPerson'.*?MAY \()/, '$1 gidNumber $$ '),
  })),
);

async function told(...changes: Change[]): Promise<Engine> {
  const engine = await openEngine({ base: 'cn=base' });
  await tell(engine, ...SETUP, ...changes);
  return engine;
}

async function tell({ backend }: Engine, ...changes: Change[]): Promise<void> {
  for (const one of changes) {
    const [result] = await backend.replay([one]);
    if (result?.kind !== 'applied') throw new Error(`${one.csn}: ${JSON.stringify(result)}`);
  }
}

function mark({ backend }: Engine, uuid: EntryUuid = X): string | undefined {
  const value = backend.byUuid(uuid)?.attribute(MARK as AttributeKey)?.values[0];
  return value === undefined ? undefined : utf8Decode(value);
}

/** Lines about the schema, in words. */
async function lines({ backend }: Engine): Promise<string[]> {
  const found: string[] = [];
  for await (const slice of backend.journal()) {
    for (const { kind, attribute, value } of slice) {
      if (kind === 'schema-violation') found.push(`${attribute}: ${latin1(must(value, 'a sentence'))}`);
    }
  }
  return found;
}

async function journal({ backend }: Engine): Promise<string[]> {
  const found: string[] = [];
  for await (const slice of backend.journal()) found.push(...slice.map(journalKey));
  return found.sort();
}

/** Every delivery order ends with this mark and this line, and with one journal. */
async function everywhere(
  t: Test,
  changes: readonly Change[],
  expected: string | undefined,
  attribute = '',
): Promise<void> {
  const origins = [1, 2, 3].map((r) => changes.filter(({ csn }) => Number.parseInt(csn.slice(20), 16) === r));
  const journals = new Set<string>();
  for (const order of interleavings(origins)) {
    const engine = await told(...order);
    t.equal(mark(engine), expected);
    t.same(await lines(engine), expected === undefined ? [] : [`${attribute}: ${expected}`]);
    journals.add((await journal(engine)).join('\n'));
    t.same(await violations(engine), []);
    await engine.backend.close();
  }
  t.equal(journals.size, 1, 'one journal');
}

t.test(
  'a class goes while its attributes come: marked and journalled, in every order of delivery',
  async (t) => {
    await everywhere(t, [posix, plain], notAllowed('gidNumber'), 'gidnumber');
  },
);

t.test('the sentence follows each step of the repair and goes with the last', async (t) => {
  const first = story(110, 1, modify(without('gidNumber')), posix, plain);
  const second = story(111, 2, modify(without('uidNumber')), posix, plain, first);
  await everywhere(t, [posix, plain, first], notAllowed('homeDirectory'), 'homedirectory');
  await everywhere(t, [posix, plain, first, second], notAllowed('homeDirectory'), 'homedirectory');
  const third = story(112, 3, modify(without('homeDirectory')), posix, plain, first, second);
  await everywhere(t, [posix, plain, first, second, third], undefined);
  const classBack = story(110, 3, modify({ ...CLASS, add: ['posixAccount'] }), posix, plain);
  await everywhere(t, [posix, plain, classBack], undefined);
});

t.test('a dead entry has no line; an undelete brings it back', async (t) => {
  const death = story(120, 1, remove, posix, plain);
  await everywhere(t, [posix, plain, death], undefined);
  const back = story(121, 2, undelete, posix, plain, death);
  await everywhere(t, [posix, plain, death, back], notAllowed('gidNumber'), 'gidnumber');
});

t.test('a required value that two took away in parts', async (t) => {
  const more = story(101, 1, modify({ name: 'sn', add: ['T'] }));
  const a = story(105, 1, modify({ name: 'sn', remove: ['S'] }), more);
  const b = story(106, 2, modify({ name: 'sn', remove: ['T'] }), more);
  await everywhere(t, [more, a, b], "object class 'inetOrgPerson' requires attribute 'sn'", 'sn');
});

t.test('who changes what was never merged pays nothing: no row, no check', async (t) => {
  const engine = await told(story(101, 1, modify(without('sn'))));
  t.equal(mark(engine), undefined, 'not a merge: whoever did this was allowed to');
  const { store, keys } = engine.backend.parts;
  for await (const rows of store.scan(keys.tagRange(TAG.mark))) t.equal(rows.length, 0);
});

t.test('found by a filter, and lost from it with the repair', async (t) => {
  const engine = await told(posix, plain);
  t.same(await searchDns(engine.backend, 'cn=base', 'sub', `(${MARK}=*)`), [DN]);
  t.same(await searchDns(engine.backend, 'cn=base', 'sub', `(${MARK}=*gidnumber*)`), [DN]);
  await tell(engine, story(110, 3, modify({ ...CLASS, add: ['posixAccount'] }), posix, plain));
  t.same(await searchDns(engine.backend, 'cn=base', 'sub', `(${MARK}=*)`), []);
});

t.test('marks outlive a restart; another schema judges again', async (t) => {
  const engine = await told(posix, plain);
  await engine.backend.close();
  const again = await openEngine({ base: 'cn=base', store: engine.store });
  t.equal(mark(again), notAllowed('gidNumber'));
  t.same(await violations(again), []);
  await again.backend.close();
  const wider = await openEngine({ base: 'cn=base', store: engine.store, schema: WIDER });
  t.equal(mark(wider), notAllowed('homeDirectory'));
  t.same(await lines(wider), [`homedirectory: ${notAllowed('homeDirectory')}`]);
  await wider.backend.close();
  const back = await openEngine({ base: 'cn=base', store: engine.store });
  t.same(await lines(back), [`gidnumber: ${notAllowed('gidNumber')}`]);
  t.same(await violations(back), []);
});

t.test('marks that a full disk refused follow the schema by themselves when there is space', async (t) => {
  const store = new MemoryStore();
  const schema = standardSchema().copy();
  const engine = await openEngine({ base: 'cn=base', store, schema });
  await tell(engine, ...SETUP, posix, plain);
  schema.become(WIDER);
  const waiting: (() => void)[] = [];
  const refusals: unknown[] = [];
  const clock = {
    after: (_delayMs: number, run: () => void) => {
      waiting.push(run);
      return () => undefined;
    },
  };
  const again = async () => {
    must(waiting.shift(), 'another try')();
    while (waiting.length === 0) await new Promise(setImmediate);
  };
  store.faults.refuse = 'full';
  const follow = () => engine.backend.schemaChanged();
  const followed = untilTaken(follow, clock, (error) => refusals.push(error));
  while (waiting.length === 0) await new Promise(setImmediate);
  await again();
  t.match(refusals, [{ failure: 'full' }], 'told once');
  store.faults.refuse = undefined;
  await tell(engine, story(103, 3, modify({ name: 'description', add: ['d'] }), posix, plain));
  t.equal(
    mark(engine),
    notAllowed('homeDirectory'),
    'changes come in between two tries, under the new schema',
  );
  must(waiting.shift(), 'the last try')();
  await followed;
  t.same(await lines(engine), [`homedirectory: ${notAllowed('homeDirectory')}`]);
  t.same(await violations(engine), []);
  await engine.backend.close();
  const refused = untilTaken(follow, clock, () => undefined);
  await t.rejects(refused, /the server is stopping/, 'and no try outlives the server');
});

t.test('a schema that changed before a start on a full disk judges before the first write', async (t) => {
  const { store, backend } = await told(posix, plain);
  await backend.close();
  const { faults } = store as MemoryStore;
  faults.refuse = 'full';
  const engine = await openEngine({ base: 'cn=base', store, schema: WIDER });
  t.same(await lines(engine), [`gidnumber: ${notAllowed('gidNumber')}`], 'the journal is read');
  await t.rejects(tell(engine, story(110, 1, modify(without('gidNumber')), posix, plain)));
  faults.refuse = undefined;
  const other = change(103, 3, id(1), modify({ name: 'description', add: ['d'] }), SEEN);
  await tell(engine, other);
  t.same(await lines(engine), [`homedirectory: ${notAllowed('homeDirectory')}`]);
  t.same(await violations(engine), []);
});

t.test('a copy of all data has the marks', async (t) => {
  const source = await told(posix, plain);
  await source.backend.startGeneration('g');
  const target = await openEngine({ base: 'cn=base' });
  const snapshot = await source.backend.exportSnapshot();
  await target.backend.beginImport();
  for await (const images of snapshot.images()) await target.backend.importImages(images);
  await target.backend.finishImport(snapshot.generationId, snapshot.state);
  await snapshot.close();
  t.equal(mark(target), notAllowed('gidNumber'));
  t.same(await violations(target), []);
  await tell(target, story(110, 3, modify({ ...CLASS, add: ['posixAccount'] }), posix, plain));
  t.same(await lines(target), []);
  t.same(await violations(target), []);
});

t.test('verify tells rows that were broken on purpose', async (t) => {
  const engine = await told(posix, plain);
  const { store, keys } = engine.backend.parts;
  const key = keys.mark(must(engine.backend.byUuid(X), 'x').id);
  const row = must(store.get(key), 'the row');
  await store.batch([{ type: 'put', key, value: new Uint8Array(0) }], { sync: false });
  t.match((await violations(engine)).join(), /wrong about its conformance.*its row does not/);
  await store.batch([{ type: 'del', key }], { sync: false });
  t.match((await violations(engine)).join(), /1 merged entries have no row/);
  await store.batch([{ type: 'put', key, value: row }], { sync: false });
  for await (const rows of store.scan(keys.tagRange(TAG.journal))) {
    await store.batch(
      rows.map((one) => ({ type: 'del' as const, key: one.key })),
      { sync: false },
    );
  }
  t.match((await violations(engine)).join(), /1 entry outside the schema has no journal line/);
});
