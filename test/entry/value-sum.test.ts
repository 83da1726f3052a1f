/** Sums of values say nothing of their order, and what is taken away leaves no trace. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { addToSum } from '../../lib/entry/value-sum.js';

const NONE = { high: 0, low: 0 };
const of = (...texts: string[]) => texts.map(utf8Encode);

t.test('the order says nothing, each value counts', async (t) => {
  t.same(addToSum(NONE, of('a', 'b', 'c'), 1), addToSum(addToSum(NONE, of('c'), 1), of('b', 'a'), 1));
  t.notSame(addToSum(NONE, of('ab', 'c'), 1), addToSum(NONE, of('a', 'bc'), 1));
  t.notSame(addToSum(NONE, of('a'), 1), addToSum(NONE, of('a', 'a'), 1));
});

t.test('what goes again was never there', async (t) => {
  t.same(addToSum(addToSum(NONE, of('a', 'b'), 1), of('b'), -1), addToSum(NONE, of('a'), 1));
  t.same(addToSum(addToSum(NONE, of('x'), 1), of('x'), -1), NONE);
});
