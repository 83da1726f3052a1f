/** What readers that began before a copy replaced the data are told while it comes and when it is there. */
import t from 'tap';
import { GuardedBackend } from '../../lib/app/domain/guarded-backend.js';
import type { Candidates, StoredEntry } from '../../lib/backend/backend.js';
import { DEFAULT_INDEXES, IndexConfig } from '../../lib/backend/index/index-config.js';
import type { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import { must } from '../../lib/base/assert.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import { compileFilter } from '../../lib/filter/compile-filter.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { StoreError } from '../../lib/port/ordered-store.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import {
  adding,
  deleting,
  type Engine,
  freshUuid,
  openEngine,
  schema,
  searchDns,
  violations,
} from './engine.js';

const BASE = 'dc=example,dc=com';
/** More than one slice of any way to find them. */
const PEOPLE = 520;
const REPLACED = { name: 'LdapError', result: 'unavailable' };

/** `first`: an attribute that no other domain names first, so that its numbers are other ones. */
async function domain(first: string, people: number): Promise<Engine> {
  const engine = await openEngine({});
  const { backend } = engine;
  await backend.startGeneration('g');
  await backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'], [first]: ['x'] }));
  const person = { objectClass: ['person', 'inetOrgPerson'], sn: ['x'] };
  const adds = Array.from({ length: people }, (_, i) =>
    backend.submit('', adding(`cn=${i},${BASE}`, { ...person, cn: [`${i}`], mail: [`${i}@x`] })),
  );
  await Promise.all(adds);
  return engine;
}

function searched(backend: StoreBackend, filter: string): Candidates {
  const base = must(backend.byDnText(BASE), 'the base');
  return backend.search({ base, scope: 'sub', filter: compileFilter(parseFilter(filter), schema) });
}

/** Every way to read entries, its first slice read. */
async function readers(backend: StoreBackend): Promise<(() => Promise<unknown>)[]> {
  const base = must(backend.byDnText(BASE), 'the base');
  const found = [searched(backend, '(objectClass=person)'), searched(backend, '(!(carLicense=*))')];
  const children = backend.children(base)[Symbol.asyncIterator]();
  for (const candidates of found) t.ok((await candidates.next())?.length);
  await children.next();
  const late = searched(backend, '(|(sn=x)(cn=1*))');
  return [...found, late, children].map((one) => async () => await one.next());
}

t.test(
  'searches that began before a copy replaced the data end with unavailable, and are neither short nor of two data sets',
  async (t) => {
    const { backend: source } = await domain('businessCategory', PEOPLE);
    const { backend } = await domain('description', PEOPLE);
    const [during, after] = [await readers(backend), await readers(backend)];
    await backend.beginImport();
    for (const next of during) await t.rejects(next(), REPLACED);
    await copied(source, backend);
    for (const next of after) await t.rejects(next(), REPLACED);
    t.equal((await searchDns(backend, BASE, 'sub', '(objectClass=person)')).length, PEOPLE);
  },
);

t.test('an entry that was read before is never decoded by what the copy calls its attributes', async (t) => {
  const { backend: source } = await domain('businessCategory', 3);
  const { backend } = await domain('description', 3);
  const read = (dn: string): StoredEntry => must(backend.byDnText(dn), dn);
  const [entry, decoded] = [read(`cn=2,${BASE}`), read(`cn=1,${BASE}`)];
  const [mail] = must(decoded.stored.get('mail' as AttributeKey), 'a mail address').values;
  await copied(source, backend, () => backend.beginImport());
  t.throws(() => entry.attribute('sn' as AttributeKey), REPLACED);
  t.throws(() => entry.stored, REPLACED);
  t.same(decoded.stored.get('mail' as AttributeKey)?.values, [mail], 'what was decoded stays');
  t.ok(read(BASE).attribute('businesscategory' as AttributeKey));
});

t.test(
  "an entry that was read before leads to none of the copy: its number is another one's there",
  async (t) => {
    const { backend: source } = await domain('businessCategory', 3);
    const { backend } = await domain('description', 3);
    const entry = must(backend.byDnText(BASE), 'the base');
    t.equal(backend.childCount(entry), 3);
    const filter = compileFilter(parseFilter('(cn=*)'), schema);
    const request = { base: entry, scope: 'sub', filter } as const;
    const sorted = { ...request, attribute: 'cn' as AttributeKey, rule: 'caseIgnoreOrderingMatch' } as const;
    const holds = async () => {
      t.throws(() => backend.childCount(entry), REPLACED);
      t.throws(() => backend.parent(entry), REPLACED);
      t.throws(() => backend.search(request), REPLACED);
      t.throws(() => backend.ordered({ ...sorted, reverse: false, others: [] }), REPLACED);
      await t.rejects(backend.explain(request), REPLACED);
      await t.rejects(backend.children(entry)[Symbol.asyncIterator]().next() as Promise<unknown>, REPLACED);
    };
    await backend.beginImport();
    await holds();
    await copied(source, backend);
    await holds();
    t.equal(backend.childCount(must(backend.byDnText(BASE), 'the base')), 3);
  },
);

t.test('while a copy comes nothing of it is shown, by whatever name it is asked for', async (t) => {
  const { backend: source } = await domain('businessCategory', 3);
  const { backend } = await domain('description', 3);
  const readsHeld = () => (backend.importing ? 'a copy comes' : undefined);
  const guarded = new GuardedBackend(backend, { readsHeld, writesHeld: readsHeld });
  const entry = must(guarded.byDnText(`cn=1,${BASE}`), 'a person');
  const [cn, one] = ['cn' as AttributeKey, utf8Encode('1')];
  const reads: Readonly<Record<string, () => unknown>> = {
    byId: () => guarded.byId(entry.id),
    byUuid: () => guarded.byUuid(entry.uuid),
    holders: () => guarded.holders(cn, one),
    holderCount: () => guarded.holderCount(cn, one),
    parent: () => guarded.parent(entry),
    childCount: () => guarded.childCount(entry),
    children: () => guarded.children(entry),
    lastName: () => guarded.lastName(entry.uuid),
    journal: () => guarded.journal(),
  };
  await backend.beginImport();
  const snapshot = await source.exportSnapshot();
  for await (const images of snapshot.images()) await backend.importImages(images);
  for (const [name, read] of Object.entries(reads)) t.throws(read, REPLACED, name);
  await backend.finishImport(snapshot.generationId, snapshot.state);
  await snapshot.close();
  t.equal(guarded.byUuid(entry.uuid), undefined);
  t.ok(guarded.byDnText(`cn=1,${BASE}`));
});

t.test(
  'what stood in lost+found of the data before names nothing of the copy: entries are added below it (seed mixed 51000344)',
  async (t) => {
    const { backend: source } = await orphaned('businessCategory');
    const { backend } = await orphaned('description');
    await copied(source, backend, () => backend.beginImport());
    const dn = `cn=child,cn=orphan,cn=lost\\+found,${BASE}`;
    await backend.submit('', adding(dn, { objectClass: ['person'], cn: ['child'], sn: ['x'] }));
    t.equal(backend.byDnText(dn)?.dnText, dn);
    t.equal((await searchDns(backend, BASE, 'sub', '(cn=lost+found)')).length, 1);
  },
);

t.test('a disk that refuses the copy before anything gave way leaves the domain as it was', async (t) => {
  const { backend: source } = await domain('businessCategory', 3);
  const { backend, store } = await domain('description', 3);
  const { faults } = store as MemoryStore;
  const readers = [searched(backend, '(objectClass=person)'), searched(backend, '(mail=1@x)')];
  const refusing = async (refused: () => Promise<void>) => {
    await t.rejects(refused(), /full/);
    faults.refuse = undefined;
    t.equal(backend.importing, false);
    t.equal(backend.generationId, 'g');
    for (const one of readers) t.ok(await one.next());
    await backend.submit('', adding(`cn=new,${BASE}`, { objectClass: ['person'], cn: ['new'], sn: ['x'] }));
    await backend.submit('', deleting(`cn=new,${BASE}`));
    t.equal((await searchDns(backend, BASE, 'sub', '(cn=*)')).length, 3);
    const wanted = new IndexConfig({ ...DEFAULT_INDEXES, carLicense: { presence: true } }, schema);
    await backend.parts.indexJobs.configure(wanted);
    await backend.parts.indexJobs.configure(new IndexConfig(DEFAULT_INDEXES, schema));
  };
  await refusing(() => {
    faults.refuse = 'full';
    return backend.beginImport();
  });
  readers.splice(0, 2, searched(backend, '(objectClass=person)'));
  await refusing(() =>
    backend.beginImport(() => Promise.reject(new StoreError('full', 'what is kept: the disk is full'))),
  );
  await copied(source, backend, () => backend.beginImport());
  t.equal((await searchDns(backend, BASE, 'sub', '(cn=*)')).length, 3);
  t.same(await violations({ backend, store }), []);
});

/** With an entry whose parent died before it came, and one that was added below that. */
async function orphaned(first: string): Promise<Engine> {
  const engine = await domain(first, 1);
  const { backend } = engine;
  const gone = `cn=gone,${BASE}`;
  const parent = freshUuid();
  const person = { objectClass: ['person'], sn: ['x'] };
  await backend.submit('', adding(gone, { ...person, cn: ['gone'] }, parent));
  const [add] = adding(`cn=orphan,${gone}`, { ...person, cn: ['orphan'] })(backend.parts.tree);
  await backend.submit('', deleting(gone));
  await backend.submit('', () => [must(add, 'an add')]);
  const below = `cn=orphan,cn=lost\\+found,${BASE}`;
  await backend.submit('', adding(`cn=known,${below}`, { ...person, cn: ['known'] }));
  return engine;
}

async function copied(
  source: StoreBackend,
  target: StoreBackend,
  begin: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await begin();
  const snapshot = await source.exportSnapshot();
  for await (const images of snapshot.images()) await target.importImages(images);
  await target.finishImport(snapshot.generationId, snapshot.state);
  await snapshot.close();
}
