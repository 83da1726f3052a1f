/** Work on whole domains: bulk load, rebuild of indexes, total update, and verify, which finds what was broken on purpose. */
import t from 'tap';
import { domainNumber, readFacts } from '../../lib/backend/domain-facts.js';
import { IndexConfig } from '../../lib/backend/index/index-config.js';
import { rebuildIndexes } from '../../lib/backend/index/rebuild-index.js';
import { beginLoad, type LoadOptions } from '../../lib/backend/load/bulk-load.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { Dictionary } from '../../lib/backend/rows/dictionary.js';
import { decodeState, encodeRecord, isRdnInside } from '../../lib/backend/rows/entry-record.js';
import { headKey, INDEX_KIND, KeySpace, POSTING, postingKey, TAG } from '../../lib/backend/rows/key-space.js';
import { encodeClaims, encodeIdRow } from '../../lib/backend/rows/rows.js';
import { verifyDomainRows } from '../../lib/backend/verify.js';
import { must } from '../../lib/base/assert.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import { gramKey } from '../../lib/filter/substring-keys.js';
import type { OrderedStore, StoreOp } from '../../lib/port/ordered-store.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import {
  adding,
  attributesOf,
  deleting,
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
import { MemoryRun } from './memory-run.js';

const BASE = 'dc=example,dc=com';
const PEOPLE = `ou=people,${BASE}`;

const person = (n: number) => ({
  objectClass: ['top', 'person', 'inetOrgPerson'],
  uid: [`user.${n}`],
  cn: [`User Number ${n}`],
  sn: [`Name${n % 7}`],
  mail: [`user.${n}@example.com`],
});

async function loaded(store: OrderedStore, count: number, more: Partial<LoadOptions> = {}): Promise<void> {
  const load = await beginLoad({
    store,
    baseDn: parseDn(BASE),
    schema,
    replica: REPLICA,
    clock: new TestClock(),
    generationId: 'g1',
    initiator: 'cn=import',
    ...more,
  });
  const put = (text: string, attributes: Record<string, string[]>) => {
    const dn = parseDn(text);
    const rdn = must(schema.namedRdn(must(dn.rdns[0], 'an RDN')), 'a named RDN');
    const map = new Map(attributesOf(attributes).map(({ key, name, values }) => [key, { name, values }]));
    return load.add({ dn, rdn, uuid: freshUuid(), attributes: map });
  };
  t.equal(put(`ou=early,${BASE}`, { objectClass: ['organizationalUnit'], ou: ['early'] }), 'no-parent');
  put(BASE, { objectClass: ['top', 'domain'], dc: ['example'] });
  put(PEOPLE, { objectClass: ['top', 'organizationalUnit'], ou: ['people'] });
  for (let n = 0; n < count; n++) {
    put(`uid=user.${n},${PEOPLE}`, person(n));
    if (load.needsTurn) await load.turn();
  }
  t.equal(put(`UID=User.0,${PEOPLE}`, person(0)), 'exists');
  t.equal(put(BASE, { objectClass: ['domain'], dc: ['example'] }), 'exists');
  t.equal(put('dc=other', { objectClass: ['domain'], dc: ['other'] }), 'outside-base');
  t.equal(put('ou=x,dc=example,dc=org', { objectClass: ['organizationalUnit'], ou: ['x'] }), 'outside-base');
  t.equal(put(`uid=user.1,ou=nowhere,${PEOPLE}`, person(1)), 'no-parent', 'the name above is not loaded');
  t.equal(await load.finish(), count + 2);
}

t.test(
  'rows that a load knows in their order go to runs, which end with it; with the store they are a whole domain',
  async (t) => {
    const store = new MemoryStore();
    const runs: MemoryRun[] = [];
    const run = () => {
      const begun = new MemoryRun(store);
      runs.push(begun);
      return begun;
    };
    await loaded(store, 1500, { run });
    t.same(
      runs.map(({ count, ended }) => [count, ended]),
      [
        [1502, true],
        [2 * 1502, true],
      ],
    );
    t.same(await violations(await openEngine({ store })), []);
  },
);

t.test('a loaded domain is what verify expects, is searched, and takes writes', async (t) => {
  const store = new MemoryStore();
  await loaded(store, 300);
  const engine = await openEngine({ store });
  const { backend } = engine;
  t.equal(backend.entryCount, 302);
  t.equal(backend.generationId, 'g1');
  t.same(await violations(engine), []);
  t.same(await searchDns(backend, BASE, 'sub', '(uid=user.7)'), [`uid=user.7,${PEOPLE}`]);
  t.equal((await searchDns(backend, BASE, 'sub', '(sn=name3)')).length, 43);
  t.equal((await searchDns(backend, BASE, 'sub', '(mail=*@example.com)')).length, 300);
  t.equal((await searchDns(backend, BASE, 'one', '(objectClass=*)')).length, 1);
  t.equal((await searchDns(backend, PEOPLE, 'one', '(objectClass=*)')).length, 300);
  t.equal((await searchDns(backend, BASE, 'sub', '(objectClass=person)')).length, 300);
  // Ids that stand in blocks come and go.
  await backend.submit('', modifying(`uid=user.3,${PEOPLE}`, { sn: { clear: true, add: ['Name4'] } }));
  await backend.submit('', deleting(`uid=user.10,${PEOPLE}`));
  await backend.submit('', adding(`uid=user.10,${PEOPLE}`, person(10)));
  await backend.submit('', modifying(`uid=user.3,${PEOPLE}`, { sn: { clear: true, add: ['Name3'] } }));
  t.equal((await searchDns(backend, BASE, 'sub', '(sn=name3)')).length, 43);
  t.equal((await searchDns(backend, BASE, 'sub', '(mail=*@example.com)')).length, 300);
  t.same(await violations(engine), []);
});

t.test(
  'entries are loaded below any entry, whatever its name looks like and whoever came between',
  async (t) => {
    const store = new MemoryStore();
    const load = await beginLoad({
      store,
      baseDn: parseDn(BASE),
      schema,
      replica: REPLICA,
      clock: new TestClock(),
      generationId: 'g',
      initiator: '',
    });
    const put = (text: string, uuid = freshUuid()) => {
      const dn = parseDn(text);
      const rdn = must(schema.namedRdn(must(dn.rdns[0], 'an RDN')), 'a named RDN');
      const attributes = attributesOf({
        objectClass: ['top', 'organizationalUnit'],
        ou: ['x'],
        dc: ['example'],
      });
      return load.add({
        dn,
        rdn,
        uuid,
        attributes: new Map(attributes.map(({ key, name, values }) => [key, { name, values }])),
      });
    };
    put(BASE);
    const names = ['a', 'b\\, c', '\u00e9', 'x+dc=y'];
    for (const name of names) t.equal(put(`ou=${name},${BASE}`), undefined, name);
    for (let round = 0; round < 3; round++)
      for (const name of names) {
        const above = round === 1 ? `OU= ${name.toUpperCase()} ,DC=Example, dc=COM` : `ou=${name},${BASE}`;
        t.equal(put(`ou=${round},${above}`), undefined, above);
      }
    t.equal(put(`ou=deep,ou=2,ou=\u00c9,${BASE}`), undefined);
    t.equal(put(`ou=deep,ou=2,ou=\u00c9,${BASE}`), 'exists');
    t.equal(put(`ou=deep,ou=3,ou=\u00c9,${BASE}`), 'no-parent');
    const uuid = freshUuid();
    t.equal(put(`ou=once,${BASE}`, uuid), undefined);
    t.equal(put(`ou=twice,${BASE}`, uuid), 'uuid-exists');
    await load.finish();
    const engine = await openEngine({ store });
    t.same(await searchDns(engine.backend, `ou=2,ou=\u00e9,${BASE}`, 'one', '(ou=deep)'), [
      `ou=deep,ou=2,ou=\u00e9,${BASE}`,
    ]);
    t.same(await violations(engine), []);
  },
);

t.test('a load that was cut short is not served (reliability F46)', async (t) => {
  const store = new MemoryStore();
  await beginLoad({
    store,
    baseDn: parseDn(BASE),
    schema,
    replica: REPLICA,
    clock: new TestClock(),
    generationId: 'g',
    initiator: '',
  });
  await t.rejects(openEngine({ store }), { code: 'LOAD_UNFINISHED' } as never);
});

t.test(
  'a rebuild makes the rows of a changed configuration; one that was cut short is not served',
  async (t) => {
    const store = new MemoryStore();
    await loaded(store, 50);
    const indexes = {
      uid: { equality: true },
      sn: { equality: true, presence: true },
      objectClass: { equality: true },
    };
    store.faults.delay = async () => {
      if (store.batches > 0) store.faults.refuse = 'full';
    };
    store.batches = 0;
    await t.rejects(rebuildIndexes({ store, baseDn: parseDn(BASE), schema, indexes }));
    store.faults.delay = undefined;
    store.faults.refuse = undefined;
    await t.rejects(openEngine({ store, indexes }), { code: 'INDEX_REBUILD_NEEDED' } as never);
    const keys = new KeySpace(await domainNumber(store, must(schema.dnKey(parseDn(BASE)), 'a base DN')));
    const verdict = await verifyDomainRows({
      store,
      keys,
      schema,
      indexes: new IndexConfig(indexes, schema),
    });
    t.same(
      verdict.violations,
      ['A rebuild of the indexes did not end; run it again: polyarch index rebuild --dir DIR.'],
      'and rows that it did not make are no damage',
    );
    t.equal(await rebuildIndexes({ store, baseDn: parseDn(BASE), schema, indexes }), 52);
    const engine = await openEngine({ store, indexes });
    t.same(await violations(engine), []);
    t.equal((await searchDns(engine.backend, BASE, 'sub', '(sn=*)')).length, 50);
    await engine.backend.submit('', deleting(`uid=user.1,${PEOPLE}`));
    t.equal((await searchDns(engine.backend, BASE, 'sub', '(sn=*)')).length, 49);
    t.equal(
      (await searchDns(engine.backend, BASE, 'sub', '(mail=user.2@example.com)')).length,
      1,
      'unindexed',
    );
    t.same(await violations(engine), []);
  },
);

t.test(
  'a total update makes the target equal, numbers and histories included, and cut short it serves nothing',
  async (t) => {
    const store = new MemoryStore();
    await loaded(store, 120);
    const source = await openEngine({ store });
    await source.backend.submit('', modifying(`uid=user.3,${PEOPLE}`, { description: { add: ['x'] } }));
    await source.backend.submit('', deleting(`uid=user.4,${PEOPLE}`));
    const target = await openEngine({});
    await target.backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
    const snapshot = await source.backend.exportSnapshot();
    await source.backend.submit('', deleting(`uid=user.5,${PEOPLE}`));
    t.equal(snapshot.entryCount, 121);
    await target.backend.beginImport();
    t.ok(target.backend.importing);
    t.equal(target.backend.byDnText(BASE), undefined);
    await t.rejects(
      target.backend.submit('', () => []),
      /copy of all data/,
    );
    let slices = 0;
    for await (const images of snapshot.images()) {
      await target.backend.importImages(images);
      slices += 1;
      if (slices !== 2) continue;
      const cut = await openEngine({ store: target.store });
      t.ok(cut.backend.importing, 'a restart finds it unfinished');
      t.equal(cut.backend.byDnText(BASE), undefined);
    }
    await target.backend.finishImport(snapshot.generationId, snapshot.state);
    await snapshot.close();
    t.notOk(target.backend.importing);
    t.equal(target.backend.entryCount, 121);
    t.ok(target.backend.byDnText(`uid=user.5,${PEOPLE}`), 'the snapshot is older than the last delete');
    t.equal(target.backend.byDnText(`uid=user.4,${PEOPLE}`), undefined);
    t.equal(target.backend.state.toString(), snapshot.state.toString());
    const three = must(target.backend.byDnText(`uid=user.3,${PEOPLE}`), 'user.3');
    t.equal((await target.backend.history(three.uuid)).length, 1);
    t.same(await violations(target), []);
    await target.backend.submit('', adding(`uid=late,${PEOPLE}`, person(999)));
    t.same(await violations(target), []);
  },
);

t.test('images that end before their end make no domain, however orderly they ended', async (t) => {
  const store = new MemoryStore();
  await loaded(store, 20);
  const source = await openEngine({ store });
  const snapshot = await source.backend.exportSnapshot();
  const all: Uint8Array[] = [];
  for await (const images of snapshot.images()) all.push(...images);
  await snapshot.close();
  for (const count of [1, 12, all.length - 1]) {
    const { backend } = await openEngine({});
    await backend.beginImport();
    await backend.importImages(all.slice(0, count));
    await t.rejects(backend.finishImport(snapshot.generationId, snapshot.state), /ended after \d+ rows/);
    t.ok(backend.importing, 'it is served no more than before');
  }
});

const IMAGE_LIES: readonly (readonly [string, Uint8Array])[] = [
  ['empty', new Uint8Array(0)],
  ['a key cut short', Uint8Array.of(40, 1)],
  ['an unknown tag', Uint8Array.of(1, 0x7a, 1)],
  ['an entry that is none', Uint8Array.of(7, 0x65, 0, 0, 0, 0, 0, 16, 1, 2, 3)],
];

t.test('malformed images are refused (reliability F70)', async (t) => {
  for (const [what, image] of IMAGE_LIES) {
    const { backend } = await openEngine({});
    await backend.beginImport();
    await t.rejects(backend.importImages([image]), { name: 'StoreError' } as never, what);
  }
});

t.test('verify names what is broken', async (t) => {
  const store = new MemoryStore();
  await loaded(store, 20);
  const engine = await openEngine({ store, sink: new TestSink() });
  const { keys } = engine.backend.parts;
  const one = must(engine.backend.byDnText(`uid=user.1,${PEOPLE}`), 'user.1');
  const { id: parentId } = must(engine.backend.byDnText(PEOPLE), 'people');
  const uid = keys.indexValue('uid' as AttributeKey, INDEX_KIND.equality, utf8Encode('user.1'));
  const sn = keys.indexValue('sn' as AttributeKey, INDEX_KIND.equality, utf8Encode('nobody'));
  const gram = keys.indexValue('mail' as AttributeKey, INDEX_KIND.substring, gramKey(0x657861)); // exa
  const dictionary = await Dictionary.load(store, keys);
  const record = must(store.get(keys.entry(one.id)), 'the record');
  const looped = encodeRecord(decodeState(record, dictionary), one.id, isRdnInside(record), dictionary);
  const zero = new Uint8Array(3);
  const breaks: readonly (readonly [string, StoreOp, RegExp])[] = [
    ['a uuid row gone', { type: 'del', key: keys.uuid(one.uuid) }, /uuid rows/],
    ['an index row gone', { type: 'del', key: headKey(uid) }, /index of uid/],
    [
      'an index row too many',
      { type: 'put', key: postingKey(sn, POSTING.single, one.id), value: new Uint8Array(0) },
      /index of sn/,
    ],
    [
      'a wrong count',
      { type: 'put', key: keys.childCount(parentId), value: Uint8Array.of(7) },
      /counts 7 children/,
    ],
    ['an entry gone', { type: 'del', key: keys.entry(one.id) }, /uuid row|counts/],
    [
      'a damaged entry',
      { type: 'put', key: keys.entry(one.id), value: new Uint8Array(100) },
      /cannot be read/,
    ],
    ['a name row gone', { type: 'del', key: keys.name(parentId, 'uid=user.1') }, /has no row/],
    [
      'a history of nothing',
      { type: 'put', key: keys.history(one.id, must(engine.backend.state.newest(), 'a CSN')), value: zero },
      /cannot be read/,
    ],
    [
      'a uuid row of another entry',
      { type: 'put', key: keys.uuid(one.uuid), value: encodeIdRow(parentId) },
      /names number|not found by its uuid/,
    ],
    [
      'a name given to another entry',
      {
        type: 'put',
        key: keys.name(parentId, 'uid=user.1'),
        value: encodeClaims([{ csn: must(engine.backend.state.newest(), 'a CSN'), id: parentId }]),
      },
      /does not claim it/,
    ],
    [
      'a tombstone of the living',
      {
        type: 'put',
        key: keys.tombstone(must(engine.backend.state.newest(), 'a CSN'), one.id),
        value: new Uint8Array(0),
      },
      /not dead/,
    ],
    [
      'a posting taken away',
      { type: 'put', key: postingKey(gram, POSTING.single, one.id), value: Uint8Array.of(0x2d) },
      /of mail by substring/,
    ],
    ['an entry below itself', { type: 'put', key: keys.entry(one.id), value: looped }, /cannot be reached/],
    ['an entry hung elsewhere', { type: 'put', key: keys.entry(one.id), value: looped }, /not its parent/],
    ['wrong counters', { type: 'del', key: keys.meta('counters') }, /domain counts|still to be given/],
    [
      'a load mark',
      { type: 'put', key: keys.meta('loading'), value: utf8Encode('an import') },
      /did not end/,
    ],
  ];
  for (const [what, op, expected] of breaks) {
    const before = store.get(op.key);
    await store.batch([op], { sync: true });
    const found = await violations(engine);
    t.ok(
      found.some((sentence) => expected.test(sentence)),
      `${what}: ${found[0]}`,
    );
    await store.batch(
      [before === undefined ? { type: 'del', key: op.key } : { type: 'put', key: op.key, value: before }],
      { sync: true },
    );
    t.same(await violations(engine), []);
  }
  t.equal(readFacts(store, keys).loading, undefined);
});

t.test('verify: no row of a loaded domain can be missing or changed unseen', async (t) => {
  const store = new MemoryStore();
  await loaded(store, 6);
  const engine = await openEngine({ store, sink: new TestSink() });
  const { keys } = engine.backend.parts;
  let tried = 0;
  for (const tag of [TAG.entry, TAG.uuid, TAG.name, TAG.childCount, TAG.index]) {
    const rows = [];
    for await (const slice of store.scan(keys.tagRange(tag))) rows.push(...slice);
    for (let at = 0; at < rows.length; at += tag === TAG.index ? 7 : 1) {
      const { key, value } = must(rows[at], 'a row');
      const changed = value.slice();
      const end = changed.length - 1;
      changed[end] = (changed[end] as number) ^ 1;
      const ops: StoreOp[] = [{ type: 'del', key }];
      if (value.length > 0) ops.push({ type: 'put', key, value: changed });
      for (const op of ops) {
        await store.batch([op], { sync: false });
        if ((await violations(engine)).length === 0) t.fail(`${op.type} of ${latin1(key)}`);
        tried += 1;
      }
      await store.batch([{ type: 'put', key, value }], { sync: false });
    }
  }
  t.ok(tried > 80, `${tried} rows`);
  t.same(await violations(engine), []);
});
