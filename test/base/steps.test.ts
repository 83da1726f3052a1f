/** Work in steps: run at once or step by step, it answers the same. */
import t from 'tap';
import { areLong, eachInSteps, eachOctetsInSteps, type Steps, whole } from '../../lib/base/steps.js';

t.test('all values are visited in order, so many a step', async (t) => {
  for (const [count, steps] of [
    [0, 0],
    [2, 0],
    [3, 1],
    [7, 2],
  ] as const) {
    const seen: number[] = [];
    const work = eachInSteps(
      Array.from({ length: count }, (_, n) => n),
      (value, at) => {
        t.equal(value, at);
        seen.push(value);
      },
      3,
    );
    let yields = 0;
    while (work.next().done !== true) yields += 1;
    t.equal(seen.length, count);
    t.equal(yields, steps);
  }
});

t.test('whole() answers what the last step does, and throws what a step throws', async (t) => {
  function* sum(values: readonly number[]): Steps<number> {
    let all = 0;
    const add = (value: number): void => {
      all += value;
    };
    yield* eachInSteps(values, add, 2);
    if (all < 0) throw new Error('below zero');
    return all;
  }
  t.equal(whole(sum([1, 2, 3, 4, 5])), 15);
  t.throws(() => whole(sum([1, -4])), { message: 'below zero' });
});

/** Yields of the work. */
function yieldsOf(steps: Steps<unknown>): number {
  let yields = 0;
  while (steps.next().done !== true) yields += 1;
  return yields;
}

t.test('a step goes through so many octets: few long values, or many short ones', async (t) => {
  const stepsOf = (count: number, octets: number) => {
    const seen: number[] = [];
    const values = Array.from({ length: count }, () => new Uint8Array(octets));
    const yields = yieldsOf(eachOctetsInSteps(values, (_value, at) => void seen.push(at)));
    t.same(seen, [...values.keys()], 'each value once, in order');
    return yields;
  };
  t.equal(stepsOf(100, 0), 0);
  t.equal(stepsOf(256, 0), 1);
  t.equal(stepsOf(10, 65_536), 10, 'a long value has a step of its own');
  t.equal(stepsOf(8, 32_768), 4);
  t.equal(stepsOf(1, 1 << 20), 1);
});

t.test('values are long work by their number or by their octets, over all lists', async (t) => {
  const values = (count: number, octets: number) =>
    Array.from({ length: count }, () => new Uint8Array(octets));
  t.notOk(areLong([]));
  t.notOk(areLong([values(511, 10)]));
  t.ok(areLong([values(256, 10), values(256, 10)]));
  t.notOk(areLong([values(1, 200_000)]));
  t.ok(areLong([values(1, 200_000), values(2, 40_000)]));
  t.notOk(areLong([values(600, 10)], 1000), 'a caller has a number of its own');
});
