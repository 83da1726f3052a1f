/** Every operator error says what to do. */
import t from 'tap';
import { OPERATOR_ERRORS } from '../../lib/base/operator-error.js';
import { ERROR_ADVICE } from '../../scripts/error-advice.js';

t.test('advice and codes are the same set, and each is a sentence', (t) => {
  t.same(Object.keys(ERROR_ADVICE).sort(), Object.keys(OPERATOR_ERRORS).sort());
  for (const advice of Object.values(ERROR_ADVICE)) t.match(advice, /\.$/);
  t.end();
});
