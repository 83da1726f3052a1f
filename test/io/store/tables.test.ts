/** Tables written past LevelDB are read by it as its own: every row, however it is looked for, and whatever is written later. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { compareBytes, fromLatin1, latin1, utf8Encode } from '../../../lib/base/bytes.js';
import { adoptTables } from '../../../lib/io/store/adopt-tables.js';
import { crc32c } from '../../../lib/io/store/crc32c.js';
import { openLevelStore } from '../../../lib/io/store/level-store.js';
import { TableBuilder } from '../../../lib/io/store/table-builder.js';
import { TableRun, type WrittenTable } from '../../../lib/io/store/table-run.js';
import { isFree, readManifest, tablesAdded } from '../../../lib/io/store/version-edits.js';
import type { OrderedStore, StoreRow } from '../../../lib/port/ordered-store.js';
import { del, put, refused } from '../../contract/ordered-store.js';

const ALL = { gte: Uint8Array.of(0), lt: Uint8Array.of(0xff) };

t.test('CRC-32C of the octets of RFC 3720 appendix B.4', async (t) => {
  const of = (octet: (i: number) => number) =>
    crc32c(
      Uint8Array.from({ length: 32 }, (_, i) => octet(i)),
      0,
      32,
    );
  t.equal(
    of(() => 0),
    0x8a9136aa,
  );
  t.equal(
    of(() => 0xff),
    0x62a8ab43,
  );
  t.equal(
    of((i) => i),
    0x46dd794e,
  );
  t.equal(
    of((i) => 31 - i),
    0x113fdb5c,
  );
  t.equal(crc32c(utf8Encode('..123456789.'), 2, 11), 0xe3069283);
});

/** Rows in the order of their keys, of all lengths: none, longer than a block, longer than a length of one octet; keys that share much and nothing. */
function rows(count: number): StoreRow[] {
  const made: StoreRow[] = [];
  for (let n = 0; n < count; n++) {
    const key = `${n % 3 === 0 ? 'shared/and/longer/' : ''}${String(n * 7919).padStart(9, '0')}${'k'.repeat(n % 200 === 0 ? 500 : n % 11)}`;
    const length = n % 500 === 0 ? 9000 : n % 5 === 0 ? 0 : (n * 31) % 400;
    const value = new Uint8Array(length).fill(n % 97);
    // Most blocks become hardly shorter.
    for (let i = 0, x = n; i < length && n % 4 > 0; i++) {
      x = (Math.imul(x, 0x5bd1e995) + 12_345) | 0;
      value[i] = x >>> 24;
    }
    made.push({ key: fromLatin1(key), value });
  }
  return made.sort((a, b) => compareBytes(a.key, b.key));
}

async function written(
  folder: string,
  name: string,
  given: readonly StoreRow[],
): Promise<readonly WrittenTable[]> {
  const run = new TableRun(folder, name);
  for (const { key, value } of given) {
    run.put(key, value);
    if (run.full) await run.relieve();
  }
  await run.end();
  return run.tables;
}

async function scanned(store: OrderedStore): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const slice of store.scan(ALL)) for (const row of slice) found.push(textOf(row));
  return found;
}

const textOf = ({ key, value }: StoreRow) => `${latin1(key)} ${value.length} ${value[0]}`;

/** A closed database with these rows. */
async function database(t: Test, ...keys: readonly string[]): Promise<string> {
  const dir = join(t.testdir(), 'db');
  const store = await openLevelStore(dir);
  await store.batch(
    keys.map((key) => put(key, 'stored')),
    { sync: true },
  );
  await store.close();
  return dir;
}

t.test(
  'all rows are there, by scan and one by one; none that is not; the newest counts, also once all is compacted',
  async (t) => {
    const given = rows(30_000);
    const dir = await database(t, '#first', 'zlast');
    const tables = await written(dir, 'a', given);
    t.ok(tables.length > 1, `${tables.length} tables`);
    await adoptTables(dir, tables);
    const store = await openLevelStore(dir);
    const expected = ['#first 6 115', ...given.map(textOf), 'zlast 6 115'];
    t.same(await scanned(store), expected);
    t.ok(
      given.every(
        (row) => textOf({ key: row.key, value: store.get(row.key) ?? Uint8Array.of(1) }) === textOf(row),
      ),
    );
    t.ok(given.every(({ key }) => store.get(fromLatin1(`${latin1(key)}!`)) === undefined));
    const [one, two] = [given[100], given[20_000]].map((row) => latin1((row as StoreRow).key)) as [
      string,
      string,
    ];
    await store.batch([put(one, 'newer'), del(two)], { sync: true });
    await store.close();
    const again = await openLevelStore(dir);
    await again.compact({ gte: Uint8Array.of(0), lt: Uint8Array.of(0xff, 0xff, 0xff) });
    t.same(again.get(fromLatin1(one)), fromLatin1('newer'));
    t.equal(again.get(fromLatin1(two)), undefined);
    t.equal((await scanned(again)).length, expected.length - 1);
    await again.close();
  },
);

t.test('tables of a load that was cut are no rows, and leave the database as it was', async (t) => {
  const dir = await database(t, 'a');
  await written(dir, 'a', rows(10));
  const store = await openLevelStore(dir);
  t.same(await scanned(store), ['a 6 115']);
  await store.close();
});

t.test(
  'tables beside those of a second load, and beside wide ones of the database, find a level',
  async (t) => {
    const dir = await database(t, 'a', 'z');
    const given = rows(200);
    await adoptTables(dir, await written(dir, 'a', given.slice(0, 50)));
    await adoptTables(dir, await written(dir, 'b', given.slice(100)));
    // Keys between those: their tables would stand across.
    await adoptTables(dir, [
      ...(await written(dir, 'c', [{ key: fromLatin1('!'), value: fromLatin1('1') }])),
      ...(await written(dir, 'd', given.slice(50, 100))),
    ]);
    const store = await openLevelStore(dir);
    t.equal((await scanned(store)).length, 203);
    await store.close();
  },
);

t.test(
  'the list of tables is read as LevelDB writes it, records longer than its blocks included',
  async (t) => {
    const dir = await database(t, 'a');
    const name = readdirSync(dir).find((one) => one.startsWith('MANIFEST')) as string;
    const manifest = readFileSync(join(dir, name));
    const { tables, nextFile } = readManifest(manifest);
    t.same(tables, []);
    t.ok(nextFile > 2);
    const many = Array.from({ length: 2000 }, (_, n) => {
      const { smallest, largest } = table(`${String(n).padStart(5, '0')}a`, `${String(n).padStart(5, '0')}b`);
      return { level: 2, number: nextFile + n, bytes: 1000 + n, smallest, largest };
    });
    let octets = new Uint8Array(manifest);
    for (const part of [many.slice(0, 1999), many.slice(1999)])
      octets = Buffer.concat([octets, tablesAdded({ tables: part, nextFile: 9999 }, octets.length)]);
    t.same(readManifest(octets), { tables: many, nextFile: 9999 });
    t.notOk(isFree(many, 2, ...span('00007a1', '00009')));
    t.ok(isFree(many, 1, ...span('00007a1', '00009')));
    t.ok(isFree(many, 2, ...span('00007b1', '00007c')));
    octets[40] = (octets[40] as number) ^ 1;
    t.throws(() => readManifest(octets), refused('damaged'));
    writeFileSync(join(dir, name), octets);
    await t.rejects(adoptTables(dir, await written(dir, 'a', rows(1))), refused('damaged'));
  },
);

t.test('rows in any other order, and tables that overlap, are refused: rows would be lost', async (t) => {
  for (const keys of [['b', 'a'], ['a', 'a'], ['ab', 'a'], ['\xff', '\x7f'], Array(17).fill('a')])
    t.throws(() => table(...keys), /in the order of their keys/, keys.join());
  t.doesNotThrow(() => table('', '\x00', 'a', 'a\x00', 'a\x00\x00', 'aa', '\xff', '\xff\xff'));
  const dir = await database(t, '#');
  const given = rows(100);
  const overlapping = [
    ...(await written(dir, 'a', given.slice(0, 50))),
    ...(await written(dir, 'b', given.slice(49))),
  ];
  await t.rejects(adoptTables(dir, overlapping), /one range of keys each/);
  const [one, two] = [
    [{ key: fromLatin1('a'), value: fromLatin1('1') }],
    [{ key: fromLatin1('a\x00'), value: fromLatin1('2') }],
  ] as const;
  await adoptTables(dir, [...(await written(dir, 'c', two)), ...(await written(dir, 'd', one))]);
  const store = await openLevelStore(dir);
  t.same(await scanned(store), ['# 6 115', 'a 1 49', 'a\x00 1 50']);
  await store.close();
});

t.test(
  'the empty key, the greatest, and keys that begin alike are found, in blocks of few rows',
  async (t) => {
    const dir = await database(t, '#');
    const keys = [
      '',
      '\x00',
      '\x00\x00',
      ...Array.from({ length: 40 }, (_, n) => 'k'.repeat(n + 1)),
      '\xfe'.repeat(300),
    ];
    const given = keys.map((key, n) => ({ key: fromLatin1(key), value: new Uint8Array(n * 300).fill(n) }));
    await adoptTables(dir, await written(dir, 'a', given));
    const store = await openLevelStore(dir);
    t.same(
      await scanned(store),
      [...given.slice(1, 3), { key: fromLatin1('#'), value: fromLatin1('stored') }, ...given.slice(3)].map(
        textOf,
      ),
    );
    t.ok(given.every(({ key, value }) => store.get(key)?.length === value.length));
    await store.close();
  },
);

function table(...keys: readonly string[]) {
  const builder = new TableBuilder(new Uint8Array(10));
  for (const key of keys) builder.put(fromLatin1(key), fromLatin1('v'));
  return builder.finish();
}

function span(from: string, to: string): [Uint8Array, Uint8Array] {
  const { smallest, largest } = table(from, to);
  return [smallest, largest];
}
