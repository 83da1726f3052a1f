/** Index rows and tables of entries made in a thread of their own are those made here, however fast values and rows come and however long they are. */
import { join } from 'node:path';
import t from 'tap';
import { IndexThread } from '../../lib/app/data/index-thread.js';
import type { EntryId } from '../../lib/backend/backend.js';
import { type PostingSink, PostingTables } from '../../lib/backend/index/posting-tables.js';
import { StoreRun } from '../../lib/backend/load/store-run.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { type DomainNumber, INDEX_KIND, KeySpace, TAG } from '../../lib/backend/rows/key-space.js';
import { toHex, utf8Encode } from '../../lib/base/bytes.js';
import { adoptTables } from '../../lib/io/store/adopt-tables.js';
import { openLevelStore } from '../../lib/io/store/level-store.js';
import type { OrderedStore } from '../../lib/port/ordered-store.js';
import type { SortedRun } from '../../lib/port/sorted-run.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';

const CN = 'cn' as AttributeKey;
const INDEXES = [
  { attribute: CN, kind: INDEX_KIND.equality },
  { attribute: CN, kind: INDEX_KIND.substring },
];
const keys = new KeySpace(1 as DomainNumber);

/** All rows of a store that `fill` filled, as text. */
async function rowsAfter(fill: (store: MemoryStore) => Promise<void>): Promise<readonly string[]> {
  const store = new MemoryStore();
  await fill(store);
  return await rowsOf(store);
}

async function rowsOf(store: OrderedStore): Promise<readonly string[]> {
  const rows: string[] = [];
  for await (const slice of store.scan(keys.tagRange(TAG.index)))
    for (const { key, value } of slice) rows.push(`${toHex(key)} ${toHex(value)}`);
  return rows;
}

/** Values of some 6 MiB, more than is on its way to the thread at once, two of them longer than a piece. */
function give(sink: PostingSink): void {
  const long = new Uint8Array(300_000).fill(0x61);
  for (let id = 1; id <= 3000; id++) {
    const text = utf8Encode(`${'entry '.repeat(180)}${id % 1000}`);
    for (const index of INDEXES.keys()) {
      sink.put(index, id as EntryId, text);
      if (id === 2000) sink.put(index, id as EntryId, long);
    }
  }
}

t.test('a thread that cannot keep up gets what it has no room for as copies', async (t) => {
  const here = await rowsAfter(async (store) => {
    const tables = new PostingTables(store, keys, INDEXES);
    give(tables);
    await tables.write(3000);
  });
  const there = await rowsAfter(async (store) => {
    const thread = new IndexThread(store);
    // Without a turn in between no piece comes back.
    const sink = thread.sink(keys)(INDEXES);
    give(sink);
    t.ok(sink.full, 'so that whoever can wait waits');
    await sink.relieve();
    t.notOk(sink.full);
    await sink.write(3000);
    await thread.close();
  });
  t.ok(here.length > 1000, `${here.length} rows`);
  t.equal(there.length, here.length);
  t.ok(there.every((row, at) => row === here[at]));

  const dir = join(t.testdir(), 'db');
  const store = await openLevelStore(dir);
  const thread = new IndexThread(store, dir);
  const sink = thread.sink(keys)(INDEXES);
  give(sink);
  await sink.write(3000);
  await thread.close();
  await store.close();
  await adoptTables(dir, thread.tables);
  const again = await openLevelStore(dir);
  const tabled = await rowsOf(again);
  await again.close();
  t.ok(tabled.length === here.length && tabled.every((row, at) => row === here[at]), 'and as tables');
});

t.test('what fits into one piece is made here', async (t) => {
  const store = new MemoryStore();
  const thread = new IndexThread(store);
  const sink = thread.sink(keys)(INDEXES);
  sink.put(0, 1 as EntryId, utf8Encode('ann'));
  await sink.write(3000);
  await thread.close();
  t.ok(store.get(keys.head(CN, utf8Encode('ann'))));
});

/** Rows of `count` entries, some 1 KiB each, the last one longer than a piece. */
function giveEntries(run: SortedRun, count: number): void {
  for (let id = 1; id <= count; id++)
    run.put(keys.entry(id as EntryId), new Uint8Array(id === count ? 300_000 : 1000).fill(id));
}

async function entriesOf(store: OrderedStore): Promise<readonly string[]> {
  const rows: string[] = [];
  for await (const slice of store.scan(keys.tagRange(TAG.entry)))
    for (const { key, value } of slice)
      rows.push(`${toHex(key)} ${value.length} ${value[0]} ${value.at(-1)}`);
  return rows;
}

t.test(
  'rows of entries become tables in the thread, beside the postings, in the order in which they came',
  async (t) => {
    const expected = new MemoryStore();
    const plain = new StoreRun(expected, 100);
    giveEntries(plain, 6000);
    await plain.end();

    const dir = join(t.testdir(), 'db');
    const store = await openLevelStore(dir);
    const thread = new IndexThread(store, dir);
    const sink = thread.sink(keys)(INDEXES);
    const run = thread.run(() => {
      throw new Error('so many are not made here');
    });
    giveEntries(run, 6000);
    t.ok(run.full, 'so that whoever can wait waits');
    t.ok(sink.full, 'with whatever it brings');
    await run.relieve();
    t.notOk(run.full);
    sink.put(0, 1 as EntryId, utf8Encode('ann'));
    await Promise.all([run.end(), sink.write(1)]);
    await thread.close();
    await store.close();
    await adoptTables(dir, thread.tables);
    const again = await openLevelStore(dir);
    const [found, head] = [await entriesOf(again), again.get(keys.head(CN, utf8Encode('ann')))];
    await again.close();
    t.equal(found.length, 6000);
    t.same(found, await entriesOf(expected));
    t.ok(head, 'and the one value');
  },
);

t.test('few rows of entries are made here', async (t) => {
  const store = new MemoryStore();
  const thread = new IndexThread(store);
  thread.sink(keys)(INDEXES);
  const run = thread.run(() => new StoreRun(store, 100));
  run.put(keys.entry(1 as EntryId), Uint8Array.of(1));
  run.put(keys.entry(2 as EntryId), Uint8Array.of(2));
  t.same(await entriesOf(store), []);
  await run.end();
  await thread.close();
  t.equal((await entriesOf(store)).length, 2);
});
