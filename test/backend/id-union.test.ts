/** Unions of lists of entry ids. */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import { IdUnion, sortedIds } from '../../lib/backend/index/id-union.js';
import { whole } from '../../lib/base/steps.js';

/** Ascending, from a table of multiples: lists share many of their ids. */
const list = (step: number, count: number): EntryId[] =>
  Array.from({ length: count }, (_, at) => (at * step) as EntryId);

t.test('a union holds each id once, ascending, whatever the order of the lists', async (t) => {
  t.same(whole(new IdUnion().sorted()), []);
  const union = new IdUnion();
  const seen = new Set<EntryId>();
  for (const step of [9, 2, 7, 2 ** 33, 5, 2]) {
    const ids = list(step, step > 9 ? 30 : 20_000);
    union.add(ids);
    for (const id of ids) seen.add(id);
  }
  t.same(
    whole(union.sorted()),
    [...seen].sort((a, b) => a - b),
  );
});

t.test('ids are sorted each once, few and many, near each other and far apart', async (t) => {
  for (const count of [0, 1, 100, 6000]) {
    for (const step of [1, 7, 50_021]) {
      const ids = list(step, count);
      t.same(sortedIds([...ids]), ids);
      t.same(sortedIds([...ids].reverse().concat(ids)), ids);
    }
  }
});

t.test('the end of a large union comes in steps, that of a small one at once', async (t) => {
  const stepsOf = (lists: readonly (readonly EntryId[])[]) => {
    const union = new IdUnion();
    for (const ids of lists) union.add(ids);
    return [...union.sorted()].length;
  };
  const ids = list(100, 3000);
  t.equal(stepsOf([ids]), 0);
  t.equal(stepsOf([ids, ids]), 5, 'numbers up to 300,000, 65,536 a step');
  t.equal(stepsOf(Array.from({ length: 1000 }, () => ids)), 5, 'as many where all lists are the same');
});

t.test('the clock is looked at after some thousand ids, and after a hundred empty lists', async (t) => {
  const looks = (lists: number, ids: readonly EntryId[]) => {
    const union = new IdUnion();
    return Array.from({ length: lists }, () => union.add(ids)).filter(Boolean).length;
  };
  t.equal(looks(10, list(1, 10_000)), 10);
  t.equal(looks(20, list(1, 2000)), 5);
  t.equal(looks(1280, []), 10);
});
