/** Claims about the text of a join token. */
import t from 'tap';
import { formatToken, parseToken } from '../../lib/topology/join-token.js';

const WHOLE = {
  id: '0123456789abcdef',
  secret: 'ab'.repeat(32),
  addresses: ['127.0.0.1:8989', '[::1]:8989'],
  authority: Array.from({ length: 32 }, () => 'AB').join(':'),
  expiresMs: 1_700_000_000_000,
};

t.test('a token survives copying: blanks and line ends within do no harm', async (t) => {
  const text = formatToken(WHOLE);
  t.match(text, /^polyarch-join-[A-Za-z0-9_-]+$/);
  t.same(parseToken(text), WHOLE);
  t.same(parseToken(`  ${text.slice(0, 40)}\n${text.slice(40)}\r\n`), WHOLE);
});

t.test(
  'what is no token is told in a sentence, every cut and every changed character of one included',
  async (t) => {
    const text = formatToken(WHOLE);
    for (const bad of ['', 'x', 'polyarch-join-', 'polyarch-join-!!!', `polyarch-join-${'A'.repeat(9000)}`])
      t.type(parseToken(bad), 'string');
    for (let length = 0; length < text.length; length++) t.type(parseToken(text.slice(0, length)), 'string');
    for (let at = 0; at < text.length; at++) {
      // It may still be a token, of another secret; it must not throw.
      const parsed = parseToken(`${text.slice(0, at)}*${text.slice(at + 1)}`);
      t.type(parsed, 'string');
    }
  },
);
