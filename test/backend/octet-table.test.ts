/** Byte strings with numbers, beside a plain Map. */
import t from 'tap';
import { OctetTable } from '../../lib/backend/memory/octet-table.js';
import { utf8Encode } from '../../lib/base/bytes.js';

t.test('numbers count in the order of arrival, are found again, and end with clear()', async (t) => {
  const table = new OctetTable();
  for (let round = 0; round < 2; round++) {
    let wrong = 0;
    for (let i = 0; i < 20_000; i++) {
      const octets = utf8Encode(`${(i * 7919) % 15_000}`);
      const expected = i < 15_000 ? i : i - 15_000;
      if (table.find(octets) !== (i < 15_000 ? -1 : expected)) wrong += 1;
      if (table.value(octets, octets.length) !== expected) wrong += 1;
    }
    t.equal(wrong, 0);
    t.equal(table.count, 15_000);
    t.ok(table.capacity >= table.count);
    t.same([...table.octets(1)], [...utf8Encode('7919')]);
    t.equal(table.find(new Uint8Array(0)), -1, 'the empty string is one of its own');
    t.equal(table.value(utf8Encode('12'), 0), 15_000, 'and the length counts, not the octets behind it');
    table.clear();
    t.equal(table.count, 0);
    t.equal(table.find(utf8Encode('7919')), -1);
  }
});

t.test(
  'values that are known to be new are found, after those that were looked for and before',
  async (t) => {
    const table = new OctetTable();
    let wrong = 0;
    for (let i = 0; i < 5000; i++) {
      const octets = utf8Encode(`v${i}`);
      if ((i % 1000 < 900 ? table.add(octets) : table.value(octets, octets.length)) !== i) wrong += 1;
    }
    for (let i = 0; i < 5000; i++) if (table.find(utf8Encode(`v${i}`)) !== i) wrong += 1;
    t.equal(table.find(utf8Encode('v5000')), -1);
    t.equal(table.add(utf8Encode('v5000')), 5000);
    t.equal(table.find(utf8Encode('v5000')), 5000);
    t.equal(wrong, 0);
    table.clear();
    t.equal(table.find(utf8Encode('v1')), -1);
  },
);

t.test(
  'a value that was looked for and added is found at once, also when the table grew between, and pushes none out',
  async (t) => {
    for (let seed = 0; seed < 8; seed++) {
      const table = new OctetTable();
      const text = (i: number) => utf8Encode(`${seed} ${i}`);
      const lost: number[] = [];
      for (let i = 0; i <= 4096; i++) {
        const octets = text(i);
        if (table.find(octets) !== -1 || table.value(octets, octets.length) !== i) lost.push(i);
        if (table.find(text(i)) !== i) lost.push(i);
        if ((i & (i - 1)) === 0) for (let j = 0; j < i; j++) if (table.find(text(j)) !== j) lost.push(j);
      }
      t.same(lost, []);
    }
  },
);

t.test('the order is that of the octets, whatever strings begin or end alike', async (t) => {
  const table = new OctetTable();
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const given: Uint8Array[] = [new Uint8Array(0)];
  for (let i = 0; i < 3000; i++) {
    const octets = new Uint8Array(20 + random(12));
    // Few different octets, the least and the greatest among them, behind a long start that all share.
    for (let at = 16; at < octets.length; at++) octets[at] = [0, 1, 0x61, 0xff][random(4)] as number;
    given.push(octets.subarray(0, random(20) === 0 ? random(16) : octets.length));
  }
  for (const octets of given) table.value(octets, octets.length);
  const order = [...table.order()];
  t.equal(new Set(order).size, table.count, 'each value once');
  const texts = order.map((number) => Buffer.from(table.octets(number)).toString('latin1'));
  t.same(texts, [...texts].sort());
});
