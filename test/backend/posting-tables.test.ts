/** However often what has gathered is written in between, the rows say the same. */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import { decodeHead, PostingReader } from '../../lib/backend/index/posting-rows.js';
import { type BuilderBounds, PostingTables } from '../../lib/backend/index/posting-tables.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import {
  type DomainNumber,
  headKey,
  INDEX_KIND,
  KeySpace,
  prefixRange,
} from '../../lib/backend/rows/key-space.js';
import { must } from '../../lib/base/assert.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import { substringKeys } from '../../lib/filter/substring-keys.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { MemoryRun } from './memory-run.js';

const ENTRIES = 3000;
const CN = 'cn' as AttributeKey;
const INDEXES = [
  { attribute: CN, kind: INDEX_KIND.equality },
  { attribute: CN, kind: INDEX_KIND.substring },
];
const nameOf = (id: number) => utf8Encode(id % 7 === 0 ? 'common' : `name ${id % 1000}`);

async function filled(bounds: BuilderBounds, toRun = false) {
  const store = new MemoryStore();
  const run = toRun ? new MemoryRun(store) : undefined;
  const keys = new KeySpace(1 as DomainNumber);
  const tables = new PostingTables(store, keys, INDEXES, {
    ...bounds,
    ...(run === undefined ? {} : { run }),
  });
  for (let id = 1; id <= ENTRIES; id++) {
    for (const index of INDEXES.keys()) tables.put(index, id as EntryId, nameOf(id));
    if (tables.full) await tables.relieve();
  }
  await tables.write(ENTRIES);
  const read = async (value: Uint8Array): Promise<readonly EntryId[]> => {
    const reader = new PostingReader();
    for await (const rows of store.scan(prefixRange(value))) reader.take(rows);
    return reader.finish();
  };
  return {
    run,
    equality: async (normal: Uint8Array) => {
      const value = keys.indexValue(CN, INDEX_KIND.equality, normal);
      const head = decodeHead(must(store.get(headKey(value)), 'a head'));
      return head === 'many' ? read(value) : head;
    },
    substring: (key: Uint8Array) => read(keys.indexValue(CN, INDEX_KIND.substring, key)),
  };
}

t.test('rounds of any size', async (t) => {
  const whole = await filled({ postings: 1e9, values: 1e9, batchRows: 1000, batchIds: 1e9 });
  for (const [postings, values, toRun] of [
    [2000, 1e9, false],
    [1e9, 300, false],
    [700, 400, false],
    [2000, 1e9, true],
    [700, 400, true],
    [1e9, 1e9, true],
  ] as const) {
    let pauses = 0;
    const pause = async () => {
      pauses += 1;
    };
    const bounds = { postings, values, batchRows: 100, batchIds: 500 };
    // Rows of a run are to come in order, which takes turns that are too long beside others.
    const parts = await filled(toRun ? bounds : { ...bounds, pause }, toRun);
    let compared = 0;
    for (let id = 1; id <= 1000; id += 13) {
      const name = nameOf(id);
      const ids = [...(await parts.equality(name))].sort((a, b) => a - b);
      if (String(ids) !== String(await whole.equality(name))) t.fail(`equality of ${id}`);
      for (const key of substringKeys(name).slice(0, 4))
        if (String(await parts.substring(key)) !== String(await whole.substring(key)))
          t.fail(`parts of ${id}`);
      compared += 1;
    }
    t.ok(compared > 70, `${postings} postings, ${values} values`);
    t.ok(toRun || pauses > 2, 'others have their turn');
    if (toRun) t.match(parts.run, { ended: true, count: Number }, 'rows of the last round went to the run');
  }
});

t.test('long values that share a row share their entries', async (t) => {
  const store = new MemoryStore();
  const keys = new KeySpace(1 as DomainNumber);
  const tables = new PostingTables(store, keys, [{ attribute: CN, kind: INDEX_KIND.ordering }]);
  const long = (end: string) => utf8Encode(`${'x'.repeat(80)}${end}`);
  // One entry has both, then each has another entry: their blocks would begin with the same number.
  for (const [id, ends] of [
    [16, ['a', 'b']],
    [17, ['a']],
    [18, ['b']],
  ] as const) {
    for (const end of ends) tables.put(0, id as EntryId, long(end));
  }
  await tables.write(ENTRIES);
  const reader = new PostingReader();
  for await (const rows of store.scan(prefixRange(keys.indexValue(CN, INDEX_KIND.ordering, long('a')))))
    reader.take(rows);
  t.same(reader.finish(), [16, 17, 18]);
});

t.test('common keys get no rows, be it known before or after some of theirs were written', async (t) => {
  const keys = new KeySpace(1 as DomainNumber);
  const index = { attribute: CN, kind: INDEX_KIND.substring, commonFrom: 800 };
  const count = 1000;
  const rowsIn = async (postings: number, entries: number, toRun: boolean) => {
    const store = new MemoryStore();
    const run = toRun ? new MemoryRun(store) : undefined;
    const bounds = { postings, values: 1e9, batchRows: 100, batchIds: 1e9 };
    const tables = new PostingTables(store, keys, [index], run === undefined ? bounds : { ...bounds, run });
    let rounds = 1;
    for (let id = 1; id <= count; id++) {
      // `abc` of nearly all, `xyz` of the last half, `abd` of few.
      const text = `${id === 77 ? 'abd' : 'abc'}${id % 100}${id > count / 2 ? 'xyz' : ''}`;
      tables.put(0, id as EntryId, utf8Encode(text));
      if (!tables.full) continue;
      await tables.relieve();
      rounds += 1;
    }
    const common = (await tables.write(entries)).get(0) ?? [];
    const rows: string[] = [];
    for await (const slice of store.scan(keys.index(CN, INDEX_KIND.substring)))
      for (const { key } of slice) rows.push(Buffer.from(key).toString('latin1'));
    return { rounds, common: common.map((key) => Buffer.from(key).toString()), rows };
  };
  const has = (rows: readonly string[], gram: string) => rows.some((row) => row.includes(`\0\xff${gram}`));
  for (const [postings, toRun] of [
    [1e9, false],
    [1e9, true],
    [5200, false],
    [5200, true],
  ] as const) {
    const { rounds, common, rows } = await rowsIn(postings, count, toRun);
    t.equal(rounds > 1, postings < 1e9, `${rounds} rounds`);
    t.same(common, ['\0abc'], `in ${rounds} rounds`);
    t.notOk(has(rows, 'abc'));
    t.ok(has(rows, 'abd') && has(rows, 'xyz'));
  }
  for (const postings of [1e9, 5200]) {
    const { common, rows } = await rowsIn(postings, 5 * count, false);
    t.same(common, [], 'a fifth of all entries is no quarter');
    t.ok(has(rows, 'abc'), 'and has its rows');
  }
});
