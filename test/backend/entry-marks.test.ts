/** Marks of entries as bits, beside a plain Set. */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import { EntryMarks } from '../../lib/backend/memory/entry-marks.js';
import { SeededRandom } from '../sim/seeded-random.js';

const seed = Number(process.env.POLYARCH_SEED ?? 43);

t.test('marks are those of a Set, whatever the order of calls', async (t) => {
  const random = new SeededRandom(seed);
  const marks = new EntryMarks();
  const model = new Set<EntryId>();
  const idOf = (): EntryId => {
    const [a = 0, b = 0, c = 0] = random.bytes(3);
    const near = (a << 6) | (b >> 2);
    return (c < 8 ? 2 ** 40 + near : near) as EntryId;
  };
  for (let step = 0; step < 40_000; step++) {
    const id = idOf();
    const [action = 0, most = 0] = random.bytes(2);
    if (action < 150) {
      marks.add(id);
      model.add(id);
    } else if (action < 220) {
      if (marks.delete(id) !== model.delete(id)) t.fail(`seed ${seed}, step ${step}: delete(${id})`);
    } else if (action < 222) {
      const expected = Math.min(most, model.size);
      const taken = marks.takeSome(most);
      const sound = taken.every((one) => model.delete(one));
      if (!sound || taken.length !== expected) t.fail(`seed ${seed}, step ${step}: takeSome(${most})`);
    } else if (marks.has(id) !== model.has(id)) t.fail(`seed ${seed}, step ${step}: has(${id})`);
    if (marks.size !== model.size) t.fail(`seed ${seed}, step ${step}: size`);
  }
  t.same(
    marks.takeSome(1_000_000).sort((a, b) => a - b),
    [...model].sort((a, b) => a - b),
  );
  t.equal(marks.size, 0);
});

t.test('every bit of a page is a number of its own', async (t) => {
  const marks = new EntryMarks();
  const ids = Array.from({ length: 5000 }, (_, id) => id as EntryId);
  for (const id of ids) marks.add(id);
  for (const id of ids) marks.add(id);
  t.equal(marks.size, 5000);
  t.same(marks.takeSome(4096), ids.slice(0, 4096));
  t.same(marks.takeSome(4096), ids.slice(4096));
  t.notOk(marks.has(31 as EntryId));
  marks.add(31 as EntryId);
  marks.clear();
  t.same(marks.takeSome(1), []);
});

t.test('entries that are marked again and again keep none of the others waiting', async (t) => {
  const marks = new EntryMarks();
  const far = 1_000_000 as EntryId;
  const busy = Array.from({ length: 100 }, (_, id) => id as EntryId);
  for (const id of busy) marks.add(id);
  marks.add(far);
  let calls = 0;
  while (marks.has(far) && calls < 10) {
    marks.takeSome(32);
    for (const id of busy) marks.add(id);
    calls += 1;
  }
  t.ok(calls <= 2, `${calls} calls`);
});
