/** The table of result codes. */
import t from 'tap';
import { RESULT_CODES, resultName } from '../../lib/base/result-code.js';

t.test('RFC 4511 appendix A: names and numbers are one to one', async (t) => {
  for (const [name, code] of Object.entries(RESULT_CODES)) t.equal(resultName(code), name);
  t.equal(new Set(Object.values(RESULT_CODES)).size, Object.keys(RESULT_CODES).length);
});

t.test('a number that nobody assigned has no name', async (t) => {
  for (const code of [-1, 9, 15, 22, 35, 100, 4097]) t.equal(resultName(code), undefined, String(code));
});
