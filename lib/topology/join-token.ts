/**
 * The text that lets one new server join: where to ask, whom to trust, and a secret.
 *
 * Owns the form. The server that made a token keeps a digest of the secret (token-book.ts); the text itself is shown once and logged nowhere.
 */
import { isHexDigit } from '../base/ascii.js';
import { fromBase64, toBase64, utf8Decode, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import { parseAddress } from './address.js';

export interface JoinToken {
  /** Names the token in lists and logs; no secret. */
  readonly id: string;
  /** Hexadecimal digits. */
  readonly secret: string;
  /** Replication addresses of the server that made it, best first. */
  readonly addresses: readonly string[];
  /** SHA-256 of the topology CA's certificate, hex with colons. */
  readonly authority: string;
  readonly expiresMs: number;
}

const HEAD = 'polyarch-join-';
const MAX_ADDRESSES = 8;

/** One word that survives copying by hand. */
export function formatToken(token: JoinToken): string {
  const { id, secret, addresses, authority, expiresMs } = token;
  const text = JSON.stringify([1, id, secret, addresses, authority.replaceAll(':', ''), expiresMs]);
  return HEAD + toBase64(utf8Encode(text)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The inverse of formatToken(), or a sentence that says what is wrong. Blanks around and line ends within do no harm. */
export function parseToken(text: string): JoinToken | string {
  if (text.length > LIMITS.joinTokenBytes) return 'the token is too long';
  const joined = text.split(/\s+/).join('');
  if (!joined.startsWith(HEAD))
    return `that is no token: one begins with ${HEAD}, and polyarch token create makes it`;
  const body = joined.slice(HEAD.length).replaceAll('-', '+').replaceAll('_', '/');
  const bytes = fromBase64(body + '='.repeat((4 - (body.length % 4)) % 4));
  const json = bytes === undefined ? undefined : utf8Decode(bytes);
  return (json === undefined ? undefined : readBody(json)) ?? 'the token is damaged: copy all of it';
}

function readBody(json: string): JoinToken | string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const [form, id, secret, addresses, authority, expiresMs] = value as unknown[];
  if (form !== 1) return 'the token is of another version of this program';
  if (typeof id !== 'string' || !isHex(id, 16) || typeof secret !== 'string' || !isHex(secret, 64))
    return undefined;
  if (typeof authority !== 'string' || !isHex(authority, 64)) return undefined;
  if (typeof expiresMs !== 'number' || !Number.isSafeInteger(expiresMs)) return undefined;
  if (!Array.isArray(addresses) || addresses.length === 0 || addresses.length > MAX_ADDRESSES)
    return undefined;
  const places: string[] = [];
  for (const address of addresses as unknown[]) {
    if (typeof address !== 'string' || parseAddress(address) === undefined) return undefined;
    places.push(address);
  }
  const pairs: string[] = [];
  for (let at = 0; at < authority.length; at += 2) pairs.push(authority.slice(at, at + 2).toUpperCase());
  return { id, secret, addresses: places, authority: pairs.join(':'), expiresMs };
}

function isHex(text: string, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (!isHexDigit(text.charCodeAt(i))) return false;
  return true;
}
