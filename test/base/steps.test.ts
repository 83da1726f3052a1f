/** Work in steps: run at once or step by step, it answers the same. */
import t from 'tap';
import { eachInSteps, type Steps, whole } from '../../lib/base/steps.js';

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
