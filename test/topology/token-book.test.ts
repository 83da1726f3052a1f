/** Claims about join tokens: one new server, for a time, and the same one may ask again. */
import t from 'tap';
import { LIMITS } from '../../lib/base/limits.js';
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
