/** What is read before it is asked for, and what is read no more: rows of the store by the tag of their keys, counted. */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { Preload } from '../../lib/backend/memory/preload.js';
import { SievedStore } from '../../lib/backend/memory/sieved-store.js';
import { must } from '../../lib/base/assert.js';
import { adding, deleting, openEngine, renaming } from './engine.js';

const BASE = 'dc=example,dc=com';
const PEOPLE = 120;
const TAG_AT = 2;

/** Counts point reads by tag. */
class CountingStore extends MemoryStore {
  readonly reads = new Map<string, number>();

  override get(key: Uint8Array): Uint8Array | undefined {
    const tag = String.fromCharCode(key[TAG_AT] ?? 0);
    this.reads.set(tag, (this.reads.get(tag) ?? 0) + 1);
    return super.get(key);
  }

  /** Reads of a tag since the last call for it. */
  taken(tag: string): number {
    const count = this.reads.get(tag) ?? 0;
    this.reads.set(tag, 0);
    return count;
  }
}

const person = (i: number): string => `cn=p${i},${BASE}`;

async function filled() {
  const store = new CountingStore();
  const engine = await openEngine({ store });
  await engine.backend.submit('cn=admin', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  for (let i = 0; i < PEOPLE; i++) await engine.backend.submit('cn=admin', adding(person(i), personOf(i)));
  return store;
}

function personOf(i: number) {
  return { objectClass: ['person'], cn: [`p${i}`], sn: ['P'] };
}

t.test('after a preload no entry is read from the store, and what was deleted is not there', async (t) => {
  const store = await filled();
  const { backend: before } = await openEngine({ store });
  await before.submit('cn=admin', deleting(person(3)));
  const { backend, clock } = await openEngine({ store });
  const preload = new Preload(backend.parts, clock);
  t.equal(await preload.start(), PEOPLE + 1, 'it looks at every number once');
  for (const tag of ['e', 'n']) store.taken(tag);
  const found = Array.from({ length: PEOPLE }, (_, i) => backend.byDnText(person(i)) !== undefined);
  t.same(found.indexOf(false), 3, 'the deleted one');
  t.equal(found.filter(Boolean).length, PEOPLE - 1);
  t.equal(store.taken('e'), 0);
  t.ok(
    store.taken('n') <= 2,
    'names come with the entries: only those of the base and of the deleted one were looked for',
  );
});

t.test('a write during a preload is what readers see', async (t) => {
  const store = await filled();
  const { backend, clock } = await openEngine({ store });
  const preload = new Preload(backend.parts, clock);
  const walk = preload.start();
  await backend.submit('cn=admin', renaming(person(1), 'cn=other'));
  await backend.submit('cn=admin', renaming(person(PEOPLE - 1), 'cn=last'));
  await walk;
  t.equal(backend.byDnText(person(1)), undefined);
  t.ok(backend.byDnText(`cn=other,${BASE}`));
  t.ok(backend.byDnText(`cn=last,${BASE}`));
});

t.test('a preload ends when there is no room, and when it is stopped', async (t) => {
  const store = await filled();
  const { backend, clock } = await openEngine({ store, cacheBytes: 16_384 });
  const looked = await new Preload(backend.parts, clock).start();
  t.ok(looked > 10 && looked < PEOPLE, `${looked} entries fill the cache`);
  const { backend: other } = await openEngine({ store });
  const preload = new Preload(other.parts, clock);
  const walk = preload.start();
  await preload.stop();
  t.ok((await walk) < PEOPLE, 'stopped in the middle');
});

t.test('an add reads its name once and its number once', async (t) => {
  const store = await filled();
  const { backend } = await openEngine({ store });
  await backend.submit('cn=admin', adding(person(PEOPLE), personOf(PEOPLE)));
  for (const tag of ['u', 'n']) store.taken(tag);
  await backend.submit('cn=admin', adding(person(PEOPLE + 1), personOf(PEOPLE + 1)));
  t.equal(store.taken('n'), 1);
  t.equal(store.taken('u'), 1);
  t.ok(backend.byDnText(person(PEOPLE + 1)), 'a name that was not there a moment ago');
});

t.test('after a preload no row of children is read for a leaf; what was added since counts', async (t) => {
  const store = await filled();
  const { backend, clock } = await openEngine({ store: new SievedStore(store) });
  const walk = new Preload(backend.parts, clock).start();
  await backend.submit('cn=admin', adding(`cn=early,${person(1)}`, personOf(1)));
  await walk;
  await backend.submit('cn=admin', adding(`cn=late,${person(2)}`, personOf(2)));
  store.taken('c');
  const counts = Array.from({ length: PEOPLE }, (_, i) => {
    const entry = backend.byDnText(person(i));
    return entry === undefined ? -1 : backend.childCount(entry);
  });
  t.same(
    counts,
    counts.map((_, i) => (i === 1 || i === 2 ? 1 : 0)),
  );
  t.ok(store.taken('c') <= 3, 'bits that leaves share with a parent aside');
  await backend.submit('cn=admin', deleting(`cn=late,${person(2)}`));
  t.equal(backend.childCount(must(backend.byDnText(person(2)), 'it')), 0);
});

t.test('after a preload an add reads no row that is not there', async (t) => {
  const store = await filled();
  const { backend, clock } = await openEngine({ store: new SievedStore(store) });
  await new Preload(backend.parts, clock).start();
  for (const tag of ['u', 'n', 'i']) store.taken(tag);
  for (let i = 0; i < 10; i++)
    await backend.submit('cn=admin', adding(person(PEOPLE + i), personOf(PEOPLE + i)));
  t.same(
    ['u', 'n'].map((tag) => store.taken(tag)),
    [1, 1],
    'number and name of the base',
  );
  t.ok(store.taken('i') <= 4, 'heads that are there, of object class and surname, once each');
  t.ok(backend.byDnText(person(PEOPLE + 9)), 'what was added is found');
});

t.test(
  'which rows are not there is learnt beside a million entries, and not beside more than bits can tell of',
  async (t) => {
    const readsBeside = async (entries: number): Promise<number> => {
      const store = await filled();
      const { backend, clock } = await openEngine({ store: new SievedStore(store) });
      const { tree } = backend.parts;
      tree.counters = { ...tree.counters, entries };
      await new Preload(backend.parts, clock).start();
      store.taken('u');
      await backend.submit('cn=admin', adding(person(PEOPLE), personOf(PEOPLE)));
      return store.taken('u');
    };
    t.equal(await readsBeside(1_000_000), 1, 'of the base');
    t.equal(await readsBeside(10_000_000), 2, 'and the one that is not there');
  },
);

t.test(
  'digests of what was written read no row that memory holds, and a row that is another is found by the pass',
  async (t) => {
    const store = await filled();
    const { backend } = await openEngine({ store });
    const { digests, keys, tree } = backend.parts;
    while (!(await digests.step()));
    for (let i = PEOPLE; i < 2 * PEOPLE; i++)
      await backend.submit('cn=admin', adding(person(i), personOf(i)));
    const entryOf = (i: number) => must(backend.byDnText(person(i)), 'added');
    const sumsNow = () => digests.settled(() => digests.sums(undefined));
    store.taken('e');
    const sums = must(await sumsNow(), 'settled');
    t.equal(store.taken('e'), 0);
    digests.reset();
    while (!(await digests.step()));
    t.same(await sumsNow(), sums, 'as those of all rows');
    const [other, victim] = [entryOf(PEOPLE), entryOf(PEOPLE + 1)];
    await backend.submit('cn=admin', renaming(person(PEOPLE + 1), 'cn=victim'));
    await sumsNow();
    const value = must(store.get(keys.entry(other.id)), 'stored');
    await store.batch([{ type: 'put', key: keys.entry(victim.id), value }], { sync: false });
    t.ok(tree.heldRecord(victim.id), 'memory has it as it was written');
    while (!(await digests.step()));
    t.match(digests.status().damaged, [`entry number ${victim.id}`]);
  },
);

t.test('a preload that was stopped leaves all rows to be read', async (t) => {
  const store = await filled();
  const { backend, clock } = await openEngine({ store: new SievedStore(store) });
  const preload = new Preload(backend.parts, clock);
  const walk = preload.start();
  await preload.stop();
  await walk;
  store.taken('u');
  await backend.submit('cn=admin', adding(person(PEOPLE), personOf(PEOPLE)));
  t.equal(store.taken('u'), 2, 'of the base, and the one that is not there');
});

t.test('numbers are asked for anew when all rows were read again', async (t) => {
  const { backend } = await openEngine({ store: await filled() });
  const { commit, pending } = backend.parts;
  t.ok(pending.tree.byDnText(person(1)));
  t.ok(pending.rows.named);
  await commit.restart();
  t.equal(pending.rows.named, undefined);
});
