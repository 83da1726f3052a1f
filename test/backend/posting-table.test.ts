/** Values and their entries in flat arrays, beside a plain Map. */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import { PostingTable } from '../../lib/backend/index/posting-table.js';
import { latin1 } from '../../lib/base/bytes.js';

t.test('every value keeps its octets and its ids in order, each once; clear() forgets', async (t) => {
  const table = new PostingTable();
  for (let round = 0; round < 2; round++) {
    const model = new Map<string, number[]>();
    let sum = 7;
    const next = (below: number): number => {
      sum = (Math.imul(sum, 1_103_515_245) + 12_345) >>> 0;
      return (sum >>> 8) % below;
    };
    const base = 2 ** 33;
    for (let step = 0; step < 60_000; step++) {
      const id = (base + (step >> 2)) as EntryId;
      const octets = Uint8Array.from({ length: next(9) }, () => next(6));
      const text = latin1(octets);
      const added = table.add(table.value(Uint8Array.of(...octets, 99), octets.length), id);
      const ids = model.get(text);
      if (ids === undefined) model.set(text, [id]);
      else if (ids.at(-1) !== id) ids.push(id);
      else if (added) return t.fail('an id came twice');
    }
    t.equal(table.count, model.size);
    let wrong = 0;
    for (let value = 0; value < table.count; value++) {
      if (String(model.get(latin1(table.octets(value)))) !== String(table.ids(value))) wrong += 1;
    }
    t.equal(wrong, 0, 'octets and ids of all values');
    table.clear();
    t.equal(table.count, 0);
  }
});
