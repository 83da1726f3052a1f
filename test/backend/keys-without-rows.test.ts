/** Common keys of substring indexes have no rows, wherever an index is made as a whole; searches answer the same, and count as indexed. */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import { readFacts } from '../../lib/backend/domain-facts.js';
import { IndexConfig, type IndexOptions } from '../../lib/backend/index/index-config.js';
import { findRareKeys } from '../../lib/backend/index/rare-keys.js';
import { rebuildIndexes } from '../../lib/backend/index/rebuild-index.js';
import { beginLoad } from '../../lib/backend/load/bulk-load.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { DATA_FORMAT, FIRST_ID, INDEX_KIND } from '../../lib/backend/rows/key-space.js';
import { SERVER_KEYS } from '../../lib/backend/rows/server-keys.js';
import { must } from '../../lib/base/assert.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import { compileFilter } from '../../lib/filter/compile-filter.js';
import { matchFilter } from '../../lib/filter/filter-match.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { gramKey } from '../../lib/filter/substring-keys.js';
import type { StoreOp } from '../../lib/port/ordered-store.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { SeededRandom } from '../sim/seeded-random.js';
import {
  adding,
  attributesOf,
  deleting,
  type Engine,
  freshUuid,
  modifying,
  openEngine,
  REPLICA,
  schema,
  searchDns,
  TestClock,
  TestSink,
  violations,
} from './engine.js';

const BASE = 'dc=example,dc=com';
const MAIL = 'mail' as AttributeKey;
const COUNT = 300;
/** As COMMON_HOLDERS is in a domain that is large enough. */
const INDEXES: IndexOptions = { uid: { equality: true }, mail: { substring: true, commonFrom: 250 } };

/** A few have their mail elsewhere, or two addresses. */
const mailOf = (n: number) => (n % 20 === 0 ? [`u${n}@other.org`] : [`u${n}@ex.com`]);
const person = (n: number, mail = mailOf(n)) => ({
  objectClass: ['person', 'inetOrgPerson'],
  uid: [`u${n}`],
  cn: ['x'],
  sn: ['x'],
  mail,
});

async function loaded(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const load = await beginLoad({
    ...{ store, schema, replica: REPLICA, indexes: INDEXES, generationId: 'g', initiator: 'cn=import' },
    baseDn: parseDn(BASE),
    clock: new TestClock(),
  });
  const put = (text: string, attributes: Record<string, string[]>) => {
    const dn = parseDn(text);
    const rdn = must(schema.namedRdn(must(dn.rdns[0], 'an RDN')), 'a named RDN');
    const map = new Map(attributesOf(attributes).map(({ key, name, values }) => [key, { name, values }]));
    load.add({ dn, rdn, uuid: freshUuid(), attributes: map });
  };
  put(BASE, { objectClass: ['domain'], dc: ['example'] });
  for (let n = 0; n < COUNT; n++) put(`uid=u${n},${BASE}`, person(n));
  await load.finish();
  return store;
}

const original = loaded();

/** A store of its own with the loaded rows. */
async function copied(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const ops: StoreOp[] = [];
  for await (const rows of (await original).scan(
    { gte: Uint8Array.of(0), lt: Uint8Array.of(0xff, 0xff) },
    10_000,
  ))
    for (const { key, value } of rows) ops.push({ type: 'put', key, value });
  await store.batch(ops, { sync: true });
  return store;
}

const opened = (store: MemoryStore, indexes = INDEXES) =>
  openEngine({ store, indexes, sink: new TestSink() });
const commonIn = ({ backend }: Engine): readonly string[] =>
  (backend.parts.indexes.spec(MAIL)?.common.keys ?? []).map(latin1).sort();

/** Rows of a gram of mail addresses. */
async function rowsOf({ backend }: Engine, gram: string): Promise<number> {
  const { store, keys } = backend.parts;
  const code = [...utf8Encode(gram)].reduce((sum, octet) => sum * 256 + octet, 0);
  const value = keys.indexValue(MAIL, INDEX_KIND.substring, gramKey(code));
  const start = latin1(value);
  let rows = 0;
  for await (const slice of store.scanKeys(keys.index(MAIL, INDEX_KIND.substring)))
    for (const key of slice) if (latin1(key).startsWith(start)) rows += 1;
  return rows;
}

/** Makes the row of an entry unreadable; answers what undoes it. */
async function damaged({ backend }: Engine, id: EntryId): Promise<() => Promise<void>> {
  const { store, keys, tree } = backend.parts;
  const row = must(store.get(keys.entry(id)), 'an entry');
  const put = async (value: Uint8Array) => {
    await store.batch([{ type: 'put', key: keys.entry(id), value }], { sync: true });
    tree.clear();
  };
  await put(row.map((octet) => octet ^ 1));
  return () => put(row);
}

const FILTERS = [
  '(mail=*@ex.com)',
  '(mail=*x.c*)',
  '(mail=u*)',
  '(mail=u12*@ex.com)',
  '(mail=*99@ex.com)',
  '(mail=*@other.org)',
  '(&(mail=*@ex.com)(uid=u7))',
  '(&(mail=*@ex.com)(mail=*.co*))',
  '(|(mail=*ex.c*)(uid=u20))',
  '(!(mail=*@ex.com))',
];

/** Searches that answer anything but what a look at every entry gives. */
async function wrongAnswers({ backend }: Engine): Promise<readonly string[]> {
  const filters = FILTERS.map((text) => compileFilter(parseFilter(text), schema));
  const due: string[][] = FILTERS.map(() => []);
  const base = must(backend.byDnText(BASE), 'the base');
  const every = backend.search({ base, scope: 'sub', filter: compileFilter(parseFilter('(&)'), schema) });
  for (let slice = await every.next(); slice !== undefined; slice = await every.next())
    for (const one of slice)
      for (const [at, filter] of filters.entries())
        if (matchFilter(filter, one) === true) due[at]?.push(one.dnText);
  const wrong: string[] = [];
  for (const [at, text] of FILTERS.entries()) {
    const found = await searchDns(backend, BASE, 'sub', text);
    if (found.length === 0 || found.join() !== due[at]?.sort().join()) wrong.push(text);
  }
  return wrong;
}

/** Some writes, among them such that change which keys an entry has. */
async function write({ backend }: Engine, random: SeededRandom): Promise<void> {
  const n = Math.floor(random.next() * COUNT);
  const dn = `uid=u${n},${BASE}`;
  const turn = Math.floor(random.next() * 5);
  const mail =
    turn === 0 ? [`u${n}@other.org`] : turn === 1 ? [`u${n}@ex.com`, `v${n}@ex.com`] : [`w${n}@ex.com`];
  const decide =
    turn === 2
      ? deleting(dn)
      : turn === 3
        ? adding(dn, person(n))
        : modifying(dn, { mail: { clear: true, add: mail } });
  await backend.submit('', decide).catch(() => undefined);
}

async function writes(engine: Engine, seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  await Promise.all(Array.from({ length: 60 }, () => write(engine, random)));
}

t.test('a load, writes after it, a restart', async (t) => {
  const store = await copied();
  const engine = await opened(store);
  const common = commonIn(engine);
  t.ok(
    common.includes('\0@ex') && common.includes('\0com'),
    common.map((key) => JSON.stringify(key)).join(' '),
  );
  t.ok(
    common.some((key) => key.startsWith('\x02')),
    'the end of all addresses too',
  );
  t.equal(await rowsOf(engine, '@ex'), 0);
  t.ok((await rowsOf(engine, '@ot')) > 0);
  await writes(engine, 1);
  t.equal(await rowsOf(engine, '@ex'), 0, 'writes make no rows of them');
  t.same(await violations(engine), []);
  t.same(await wrongAnswers(engine), [], 'after writes');
  await engine.backend.close();

  const again = await opened(store);
  t.same(commonIn(again), common, 'as before the restart');
  await writes(again, 2);
  t.same(await violations(again), []);
  t.same(await wrongAnswers(again), [], 'after a restart');
});

t.test('a search of which all keys are common looks at all entries, as an indexed one', async (t) => {
  const { backend } = await opened(await copied());
  const base = must(backend.byDnText(BASE), 'the base');
  const explained = async (text: string) =>
    backend.explain({ base, scope: 'sub', filter: compileFilter(parseFilter(text), schema) });
  t.match(await explained('(mail=*@ex.com)'), {
    ...{ plan: 'common(mail)', path: 'all, common(mail)', unindexed: false, exact: false },
    candidates: COUNT + 1,
  });
  t.match(await explained('(mail=u77*@ex.com)'), {
    plan: /sub\(mail,1\).* & common\(mail\)/,
    unindexed: false,
  });
  t.match(await explained('(sn=*@ex.com)'), { unindexed: true });
});

t.test('verify finds a row of a common key, and what is missing of another', async (t) => {
  const store = await copied();
  const engine = await opened(store);
  const { keys } = engine.backend.parts;
  const key = gramKey(0x407865);
  t.equal(latin1(key), '\0@xe');
  const common = gramKey(0x406578);
  await store.batch(
    [
      {
        type: 'put',
        key: keys.posting(MAIL, INDEX_KIND.substring, common, 20 as never),
        value: new Uint8Array(),
      },
    ],
    { sync: true },
  );
  t.match((await violations(engine)).join('\n'), /names 20, which has no such value/);
});

t.test('rebuilt while it serves and writes go on, offline, and in a copy', async (t) => {
  const store = await copied();
  const engine = await opened(store);
  const common = commonIn(engine);
  const { indexJobs, indexes } = engine.backend.parts;
  const mail = indexes.wanted.items().filter(({ key }) => key === MAIL);
  const rebuilt = indexJobs.rebuild(mail);
  await writes(engine, 3);
  await rebuilt;
  t.same(commonIn(engine), common, 'online');
  await writes(engine, 4);
  t.same(await violations(engine), []);
  t.same(await wrongAnswers(engine), [], 'after a rebuild online');
  await indexJobs.configure(new IndexConfig({ uid: { equality: true } }, schema));
  t.equal(readFacts(store, engine.backend.parts.keys).commonKeys, undefined, 'gone with the index');
  await indexJobs.configure(new IndexConfig(INDEXES, schema));
  t.same(commonIn(engine), common, 'and there again');

  const copy = await opened(new MemoryStore());
  const snapshot = await engine.backend.exportSnapshot();
  await copy.backend.beginImport();
  for await (const images of snapshot.images()) await copy.backend.importImages(images);
  await copy.backend.finishImport(snapshot.generationId, snapshot.state);
  await snapshot.close();
  t.same(commonIn(copy), common, 'in a copy');
  await writes(copy, 5);
  t.same(await violations(copy), []);
  await engine.backend.close();

  await rebuildIndexes({ store, schema, baseDn: parseDn(BASE), indexes: INDEXES });
  const offline = await opened(store);
  t.same(commonIn(offline), common, 'offline');
  await writes(offline, 6);
  t.same(await violations(offline), []);
});

t.test(
  'common keys that few entries have by now are told, and gone when the index is made anew',
  async (t) => {
    const engine = await opened(await copied());
    const { backend } = engine;
    const { indexJobs, indexes } = backend.parts;
    t.same([...(await findRareKeys(backend.parts))], [], 'as loaded');
    const move = (from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from }, (_, i) => {
          const n = from + i;
          return backend.submit(
            '',
            modifying(`uid=u${n},${BASE}`, { mail: { clear: true, add: [`u${n}@other.org`] } }),
          );
        }),
      );
    await move(0, COUNT / 2);
    t.same([...(await findRareKeys(backend.parts))], [], 'half of them have moved');
    await move(COUNT / 2, (COUNT * 9) / 10);
    const common = commonIn(engine);
    const rare = must((await findRareKeys(backend.parts)).get(MAIL), 'rare keys');
    t.ok(rare >= 4 && rare <= common.length, `${rare} of ${common.length}`);
    const undo = await damaged(engine, (FIRST_ID + 1) as EntryId);
    t.equal(
      (await findRareKeys(backend.parts)).get(MAIL),
      rare,
      'an entry that cannot be read tells nothing',
    );
    await undo();
    const stayed = await searchDns(backend, BASE, 'sub', '(mail=*@ex.com)');
    t.equal(stayed.length, 29, 'of 30, one was elsewhere from the start');
    await indexJobs.rebuild(indexes.wanted.items().filter(({ key }) => key === MAIL));
    t.same([...(await findRareKeys(backend.parts))], []);
    t.ok((await rowsOf(engine, '@ex')) > 0);
    t.equal(await rowsOf(engine, '@ot'), 0, 'what many have now is common');
    t.same(await violations(engine), []);
  },
);

t.test('a crash in a rebuild leaves nothing common; the next start decides anew', async (t) => {
  const store = await copied();
  const engine = await opened(store);
  const common = commonIn(engine);
  const { indexJobs, indexes } = engine.backend.parts;
  store.faults.delay = async () => {
    if (indexes.building !== undefined) store.crash(0);
  };
  await t.rejects(indexJobs.rebuild(indexes.wanted.items().filter(({ key }) => key === MAIL)));
  store.faults.delay = undefined;
  store.crash(0);
  const second = await opened(store);
  t.equal(second.backend.parts.indexes.substring(MAIL), undefined, 'no index');
  t.same(commonIn(second), []);
  await second.backend.parts.indexJobs.settle();
  t.same(commonIn(second), common);
  t.same(await violations(second), []);
});

t.test('data of the format before are read as they are: nothing is common', async (t) => {
  const store = new MemoryStore();
  const first = await opened(store);
  await first.backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  await first.backend.submit('', adding(`uid=u1,${BASE}`, person(1)));
  await first.backend.close();
  t.equal(readFacts(store, first.backend.parts.keys).commonKeys, undefined, 'as format 2 has it');
  await store.batch([{ type: 'put', key: SERVER_KEYS.format, value: Uint8Array.of(2) }], { sync: true });
  const second = await opened(store);
  t.same(
    [...must(store.get(SERVER_KEYS.format), 'a format')],
    [DATA_FORMAT],
    'no older program reads it now',
  );
  t.same(commonIn(second), []);
  t.same(await searchDns(second.backend, BASE, 'sub', '(mail=*@ex.com)'), [`uid=u1,${BASE}`]);
  t.same(await violations(second), []);
});
