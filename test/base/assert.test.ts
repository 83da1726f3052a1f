/** Assertions. */
import t from 'tap';
import { AssertionError, assert, must, unreachable } from '../../lib/base/assert.js';

t.test('a broken invariant is our bug, named', async (t) => {
  t.doesNotThrow(() => assert(1, 'fine'));
  for (const broken of [false, 0, '', null, undefined]) {
    t.throws(() => assert(broken, 'broken'), new AssertionError('broken'));
  }
});

t.test('must() gives what is there and refuses only null and undefined', async (t) => {
  for (const value of [0, '', false, {}]) t.equal(must(value, 'there'), value);
  t.throws(() => must(null, 'gone'), new AssertionError('gone'));
  t.throws(() => must(undefined, 'gone'), new AssertionError('gone'));
});

t.test('unreachable() names what arrived', async (t) => {
  t.throws(() => unreachable('surprise' as never), new AssertionError('unreachable: surprise'));
});
