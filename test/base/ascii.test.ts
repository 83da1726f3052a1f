/** Classes of ASCII characters. */
import t from 'tap';
import { hexDigit, isDigit, isHexDigit, isLetter } from '../../lib/base/ascii.js';

t.test('every code: letters, digits and hex digits are those of RFC 4512 section 1.4', async (t) => {
  const of = (is: (code: number) => boolean): string => {
    const codes = Array.from({ length: 0x3000 }, (_, code) => code).filter(is);
    return String.fromCharCode(...codes);
  };
  t.equal(of(isLetter), 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz');
  t.equal(of(isDigit), '0123456789');
  t.equal(of(isHexDigit), '0123456789ABCDEFabcdef');
  for (const digit of '0123456789ABCDEFabcdef')
    t.equal(hexDigit(digit.charCodeAt(0)), Number.parseInt(digit, 16));
});

t.test('the code behind the end of a text is none of them', async (t) => {
  for (const code of [-1, ''.charCodeAt(0)]) {
    t.notOk(isLetter(code) || isDigit(code) || isHexDigit(code));
    t.equal(hexDigit(code), -1);
  }
});
