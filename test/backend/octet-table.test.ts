/** Byte strings with numbers, beside a plain Map. */
import t from 'tap';
import { OctetTable } from '../../lib/backend/octet-table.js';
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
