/** What was compressed is what LevelDB reads, whatever octets it is of (format_description.txt of google/snappy). */
import { join } from 'node:path';
import t from 'tap';
import { utf8Encode } from '../../../lib/base/bytes.js';
import { adoptTables } from '../../../lib/io/store/adopt-tables.js';
import { openLevelStore } from '../../../lib/io/store/level-store.js';
import { compress, mostCompressed } from '../../../lib/io/store/snappy.js';
import { TableRun } from '../../../lib/io/store/table-run.js';
import { SeededRandom } from '../../sim/seeded-random.js';

/** Decodes, and refuses what the format forbids. */
function decoded(octets: Uint8Array): Uint8Array {
  let at = 0;
  const next = () => octets[at++] as number;
  let length = 0;
  for (let shift = 0, octet = 0x80; octet >= 0x80; shift += 7) {
    octet = next();
    length += (octet & 0x7f) * 2 ** shift;
  }
  const out: number[] = [];
  while (at < octets.length) {
    const tag = next();
    const upper = tag >>> 2;
    if ((tag & 3) === 0) {
      const size = upper < 60 ? upper + 1 : upper === 60 ? next() + 1 : (next() | (next() << 8)) + 1;
      for (let i = 0; i < size; i++) out.push(next());
      continue;
    }
    const near = (tag & 3) === 1;
    const size = near ? (upper & 7) + 4 : upper + 1;
    const distance = near ? ((tag >>> 5) << 8) | next() : next() | (next() << 8);
    if (distance === 0 || distance > out.length) throw new Error(`a copy from ${distance} octets before`);
    for (let i = 0; i < size; i++) out.push(out[out.length - distance] as number);
  }
  if (out.length !== length) throw new Error(`${out.length} of ${length} octets`);
  return Uint8Array.from(out);
}

/** Octets of some kind: noise, runs of all lengths, and pieces of what came before from all distances. */
function sample(random: SeededRandom, length: number): Uint8Array {
  const below = (most: number) => Math.floor(random.next() * most);
  const octets = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const kind = below(3);
    const size = Math.min(length - at, 1 + below(below(8) === 0 ? 600 : 80));
    const distance = 1 + below(below(2) === 0 ? at : Math.min(at, 64));
    const noise = below(256);
    for (let i = 0; i < size; i++, at++)
      octets[at] =
        kind === 0 ? below(256) : kind === 1 && at >= distance ? (octets[at - distance] as number) : noise;
  }
  return octets;
}

function samples(): Uint8Array[] {
  const random = new SeededRandom(11);
  const lengths = [
    ...Array.from({ length: 70 }, (_, n) => n),
    ...Array.from({ length: 60 }, () => 100 + Math.floor(random.next() * 6000)),
  ];
  // Longer than what copies are looked for in, and at its ends.
  return [...lengths, 65_535, 65_536, 65_537, 65_545, 200_000].map((length) => sample(random, length));
}

t.test('all is as it was, in the room that was said, from any place', async (t) => {
  for (const given of samples()) {
    const before = new Uint8Array(given.length + 9).fill(7);
    before.set(given, 4);
    const to = new Uint8Array(mostCompressed(given.length) + 1);
    const made = compress(before, 4, 4 + given.length, to);
    t.ok(made < to.length, `${given.length} octets`);
    t.ok(Buffer.compare(decoded(to.subarray(0, made)), given) === 0);
  }
  const alike = new Uint8Array(4096).fill(1);
  t.ok(compress(alike, 0, 4096, new Uint8Array(mostCompressed(4096))) < 220, 'what repeats becomes short');
});

t.test('LevelDB reads it', async (t) => {
  const dir = join(t.testdir(), 'db');
  await (await openLevelStore(dir)).close();
  const given = samples().map((value, n) => ({
    key: utf8Encode(`row ${String(n).padStart(4, '0')}`),
    value,
  }));
  const run = new TableRun(dir, 'a');
  for (const { key, value } of given) run.put(key, value);
  await run.end();
  const [table] = run.tables;
  t.ok(
    (table?.bytes ?? 0) < 0.8 * given.reduce((sum, { value }) => sum + value.length, 0),
    'some blocks are compressed',
  );
  await adoptTables(dir, run.tables);
  const store = await openLevelStore(dir);
  for (const { key, value } of given) t.ok(Buffer.compare(store.get(key) ?? new Uint8Array(1), value) === 0);
  await store.close();
});
