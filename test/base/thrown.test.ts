/** What was thrown: errors say their message and stay what they are; anything else is told as it prints, and wrapped. */
import t from 'tap';
import { asError, reasonOf } from '../../lib/base/thrown.js';

t.test('an error is told by its message and passed on as it is', async (t) => {
  const error = new RangeError('out of range', { cause: new Error('deeper') });
  t.equal(reasonOf(error), 'out of range');
  t.equal(asError(error), error);
});

t.test('what is no error is told as it prints, and wrapped', async (t) => {
  for (const [thrown, text] of [
    ['words', 'words'],
    [undefined, 'undefined'],
    [7, '7'],
  ] as const) {
    t.equal(reasonOf(thrown), text);
    t.equal(asError(thrown).message, text);
  }
});
