/** Bytes by number in a bounded piece of memory, beside a plain Map. */
import t from 'tap';
import { OctetArena } from '../../lib/backend/memory/octet-arena.js';
import { SeededRandom } from '../sim/seeded-random.js';

const seed = Number(process.env.POLYARCH_SEED ?? 41);

const below = (random: SeededRandom, limit: number): number => {
  const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % limit;
};

t.test('what is held is what was put last; memory stays within the bound', async (t) => {
  for (const limit of [12_000, 100_000, 3_000_000]) {
    const random = new SeededRandom(seed);
    const arena = new OctetArena(limit);
    const model = new Map<number, Uint8Array>();
    const far = 2 ** 40;
    let found = 0;
    for (let step = 0; step < 20_000; step++) {
      const number = 1 + below(random, 2000);
      const key = number % 3 === 0 ? far + number : number;
      const action = below(random, 10);
      if (action < 5) {
        const item = random.bytes(below(random, Math.min(900, arena.longest)));
        if (!arena.put(key, item)) t.fail(`seed ${seed}: ${item.length} octets are not too long`);
        model.set(key, item);
      } else if (action === 5) {
        arena.remove(key);
        model.delete(key);
      } else {
        const place = arena.find(key);
        if (place < 0) continue;
        found += 1;
        const want = model.get(key);
        if (want === undefined || Buffer.compare(arena.get(place), want) !== 0)
          return t.fail(`seed ${seed}, limit ${limit}, step ${step}: another item`);
      }
      if (arena.bytes > Math.max(limit, 10_000)) return t.fail(`${arena.bytes} octets of ${limit}`);
    }
    t.ok(found > 40, `limit ${limit}: ${found} look-ups found something`);
    if (limit === 3_000_000) t.equal(arena.count, model.size, 'nothing is lost while there is room');
  }
});

t.test(
  'items written again and again, and new ones after others went, take little more than what is held',
  async (t) => {
    const random = new SeededRandom(seed);
    const arena = new OctetArena(8_000_000);
    const tableBytes = arena.bytes;
    const lengths = new Map<number, number>();
    let first = 0;
    const put = (key: number): void => {
      const length = 300 + below(random, 300);
      arena.put(key, new Uint8Array(length).fill(key));
      lengths.set(key, length);
    };
    for (let step = 0; step < 60_000; step++) {
      if (step < 1000) put(step + 1);
      else if (step % 3 > 0) put(first + 1 + below(random, 1000));
      else {
        arena.remove(++first);
        put(first + 1000);
      }
    }
    t.equal(arena.count, 1000);
    t.ok(arena.bytes - tableBytes < 1_100_000, `${arena.bytes - tableBytes} octets for some 500,000`);
    for (let key = first + 1; key <= first + 1000; key++) {
      const item = arena.get(arena.find(key));
      if (item.length !== lengths.get(key) || item.some((octet) => octet !== key % 256))
        return t.fail(`seed ${seed}: item ${key} is another`);
    }
  },
);

t.test('the table grows with what is held, and loses nothing as it grows', async (t) => {
  const arena = new OctetArena(64 << 20, 64);
  t.ok(arena.bytes < 10_000, 'empty');
  const item = new Uint8Array(8);
  const numbers = new Float64Array(item.buffer);
  const most = 200_000;
  for (let key = 1; key <= most; key++) {
    numbers[0] = key;
    arena.put(key, item);
    if (key === 1000) t.ok(arena.bytes < 1_100_000, 'one segment and a small table');
    if (key % 7 === 0) arena.remove(key);
  }
  t.equal(arena.count, most - Math.floor(most / 7));
  t.ok(arena.hasRoom);
  for (let key = 1; key <= most; key++) {
    const place = arena.find(key);
    if (key % 7 === 0 ? place >= 0 : new Float64Array(arena.get(place).slice().buffer)[0] !== key)
      return t.fail(`item ${key}`);
  }
});

t.test('number 0, that of what is above all entries, is never held, whatever was held before', async (t) => {
  const arena = new OctetArena(100_000);
  t.ok(arena.find(0) < 0, 'empty');
  for (let key = 1; key <= 40; key++) arena.put(key, new Uint8Array(300).fill(key));
  for (let key = 1; key <= 40; key++) arena.remove(key);
  t.ok(arena.find(0) < 0, 'places of the table were taken once');
  arena.clear();
  t.ok(arena.find(0) < 0);
});

t.test('what is asked for stays, what nobody asks for goes', async (t) => {
  const arena = new OctetArena(200_000);
  const item = new Uint8Array(400);
  for (let key = 1; key <= 5000; key++) {
    arena.put(key, item);
    arena.find(7);
  }
  t.ok(arena.find(7) >= 0, 'asked for all the time');
  t.ok(arena.find(5000) >= 0, 'put last');
  t.ok(arena.find(100) < 0, 'never asked for');
});

t.test(
  'what was read does not change when its place is used again; too long an item is refused',
  async (t) => {
    const arena = new OctetArena(20_000);
    arena.put(1, new Uint8Array(300).fill(1));
    const read = arena.get(arena.find(1));
    for (let key = 2; key < 500; key++) arena.put(key, new Uint8Array(300).fill(key));
    t.ok(arena.find(1) < 0);
    t.ok(read.every((octet) => octet === 1));
    t.equal(arena.put(1, new Uint8Array(arena.longest + 1)), false);
    arena.clear();
    t.equal(arena.count, 0);
  },
);
