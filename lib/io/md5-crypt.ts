/**
 * MD5-based crypt(3), `$1$salt$hash`: weak, and still found in directories that were filled before 2010. Checked at bind, never made.
 *
 * Source: the algorithm of FreeBSD's crypt(3): 1000 rounds, salts of up to 8 octets.
 */
import { createHash } from 'node:crypto';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ROUNDS = 1000;
const PREFIX = Buffer.from('$1$');
/** Which digest octets make each group of four characters, most significant first. */
const GROUPS: readonly (readonly [number, number, number])[] = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
];

/** The `$1$salt$hash` text of a password; `salt`: up to 8 characters without `$`. */
export function md5Crypt(password: Uint8Array, salt: string): string {
  const saltOctets = Buffer.from(salt, 'latin1');
  const inner = md5(password, saltOctets, password);
  const first: Uint8Array[] = [password, PREFIX, saltOctets];
  for (let left = password.length; left > 0; left -= 16) first.push(inner.subarray(0, Math.min(16, left)));
  for (let bits = password.length; bits > 0; bits >>= 1) {
    first.push(bits & 1 ? Uint8Array.of(0) : password.subarray(0, 1));
  }
  let digest = md5(...first);
  for (let round = 0; round < ROUNDS; round++) {
    const odd = round % 2 === 1;
    const parts: Uint8Array[] = [odd ? password : digest];
    if (round % 3 !== 0) parts.push(saltOctets);
    if (round % 7 !== 0) parts.push(password);
    parts.push(odd ? digest : password);
    digest = md5(...parts);
  }
  return `$1$${salt}$${encode(digest)}`;
}

function md5(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function encode(digest: Uint8Array): string {
  const octet = (index: number): number => digest[index] as number;
  let text = '';
  for (const [high, middle, low] of GROUPS) {
    text += characters((octet(high) << 16) | (octet(middle) << 8) | octet(low), 4);
  }
  return text + characters(octet(11), 2);
}

/** Six bits a character, least significant first. */
function characters(value: number, count: number): string {
  let text = '';
  for (let i = 0, rest = value; i < count; i++, rest >>= 6) text += ALPHABET[rest & 63];
  return text;
}
