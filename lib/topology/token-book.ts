/**
 * The tokens that a server has made, as a pure state machine: each is good for one new server, for a time.
 *
 * Only digests of secrets stand in the book. A token is bound to the key of the first server that shows it: the same server may ask again, when the answer was lost, and
 * is told the same; no other may. States of a token: open, used (by a key, with an answer), expired; what is done with it:
 *
 *             open            used, same key    used, other key   expired        unknown
 *   redeem    used            used (repeated)   refused           refused        refused
 *   revoke    gone            gone              gone              gone           refused
 *   prune     open            open until its end, then gone       gone
 */
import { LIMITS } from '../base/limits.js';

export interface BookedToken {
  readonly id: string;
  /** SHA-256 of the secret, hex. */
  readonly digest: string;
  readonly madeMs: number;
  readonly expiresMs: number;
  /** Whether the new server is given the key of the CA. */
  readonly withAuthorityKey: boolean;
  readonly used: TokenUse | undefined;
}

/** By whom a token was used. */
export interface TokenUse {
  /** SHA-256 of the new server's public key, hex. */
  readonly key: string;
  readonly name: string;
  readonly id: number;
  readonly atMs: number;
}

export type TokenBook = readonly BookedToken[];

export type Redeemed =
  | { readonly kind: 'open'; readonly token: BookedToken }
  /** The same server asks again. */
  | { readonly kind: 'repeated'; readonly token: BookedToken; readonly use: TokenUse }
  | { readonly kind: 'refused'; readonly sentence: string };

/** What showing a token comes to. */
export function redeem(book: TokenBook, id: string, digest: string, key: string, nowMs: number): Redeemed {
  const token = book.find((one) => one.id === id);
  // A wrong secret is told no more than a wrong id.
  if (token === undefined || token.digest !== digest)
    return { kind: 'refused', sentence: 'this server has made no such token, or has dropped it' };
  const { used } = token;
  if (used !== undefined && used.key === key) return { kind: 'repeated', token, use: used };
  if (used !== undefined)
    return {
      kind: 'refused',
      sentence: `the token was used by ${used.name} (id ${used.id}) at ${isoTime(used.atMs)}; make another one`,
    };
  if (nowMs >= token.expiresMs)
    return {
      kind: 'refused',
      sentence: `the token expired at ${isoTime(token.expiresMs)}; make another one`,
    };
  return { kind: 'open', token };
}

/** The book with a token more; undefined when it is full. */
export function book(tokens: TokenBook, token: BookedToken, nowMs: number): TokenBook | undefined {
  const kept = prune(tokens, nowMs);
  return kept.length >= LIMITS.joinTokens ? undefined : [...kept, token];
}

/** The book after a token was used. */
export function markUsed(tokens: TokenBook, id: string, use: TokenUse): TokenBook {
  return tokens.map((token) => (token.id === id ? { ...token, used: use } : token));
}

/** Without the tokens whose time is over. */
export function prune(tokens: TokenBook, nowMs: number): TokenBook {
  return tokens.filter(({ expiresMs }) => nowMs < expiresMs);
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
