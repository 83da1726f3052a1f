/** Claims about join tokens: one new server, for a time, and the same one may ask again. */
import t from 'tap';
import { LIMITS } from '../../lib/base/limits.js';
import { formatToken, parseToken } from '../../lib/topology/join-token.js';
import {
  type BookedToken,
  book,
  markUsed,
  prune,
  redeem,
  type TokenBook,
} from '../../lib/topology/token-book.js';

const token = (id: string): BookedToken => ({
  id,
  digest: `digest-${id}`,
  madeMs: 0,
  expiresMs: 100,
  withAuthorityKey: true,
  used: undefined,
});

t.test('every pair of state and event of a token (table of token-book.ts)', async (t) => {
  const use = { key: 'key-1', name: 'server-3', id: 3, atMs: 20 };
  const open: TokenBook = [token('a'), token('b')];
  const used = markUsed(open, 'a', use);
  const kind = (tokens: TokenBook, id: string, digest: string, key: string, nowMs: number) =>
    redeem(tokens, id, digest, key, nowMs).kind;
  t.equal(kind(open, 'a', 'digest-a', 'key-1', 99), 'open');
  t.equal(kind(open, 'a', 'digest-a', 'key-1', 100), 'refused', 'expired');
  t.equal(kind(open, 'a', 'digest-b', 'key-1', 50), 'refused', 'a wrong secret');
  t.equal(kind(open, 'c', 'digest-a', 'key-1', 50), 'refused', 'unknown');
  t.equal(kind(used, 'a', 'digest-a', 'key-1', 50), 'repeated');
  t.equal(kind(used, 'a', 'digest-a', 'key-1', 500), 'repeated', 'the answer was lost until after the end');
  t.equal(kind(used, 'a', 'digest-a', 'key-2', 50), 'refused', 'another server');
  t.equal(kind(used, 'a', 'digest-b', 'key-1', 50), 'refused', 'a wrong secret');
  t.equal(kind(used, 'b', 'digest-b', 'key-2', 50), 'open', 'another token');
  t.same(prune(used, 99), used);
  t.same(prune(used, 100), []);
  const wrong = redeem(open, 'a', 'x', 'k', 1);
  const unknown = redeem(open, 'z', 'x', 'k', 1);
  t.same(wrong, unknown, 'a guess learns nothing');
});

t.test('a book holds a bounded number of tokens, and expired ones make room', async (t) => {
  let tokens: TokenBook = [];
  for (let n = 0; n < LIMITS.joinTokens; n++) tokens = book(tokens, token(String(n)), 0) ?? [];
  t.equal(tokens.length, LIMITS.joinTokens);
  t.equal(book(tokens, token('more'), 0), undefined);
  t.equal(book(tokens, token('more'), 100)?.length, 1);
});

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
