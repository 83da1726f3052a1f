/**
 * Octets to text, strictly UTF-8, with a bounded cache of short ASCII texts.
 *
 * A directory sees the same few attribute descriptions, OIDs and names in request after request. Answering the same string object
 * saves its allocation and lets later Map lookups reuse its hash. The cache has a fixed number of slots that newer texts overwrite, so hostile
 * input costs misses and never memory.
 */
import { asBuffer, utf8Decode } from '../base/bytes.js';

const SLOTS = 4096;
const MAX_INTERNED = 96;
const slots: string[] = new Array<string>(SLOTS).fill('');

/** The text of octets start..end of `bytes`, or undefined where they are not valid UTF-8. */
export function textOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  const length = end - start;
  if (length === 0) return '';
  if (length > MAX_INTERNED) return utf8Decode(bytes.subarray(start, end));
  let hash = length;
  let seen = 0;
  for (let i = start; i < end; i++) {
    const octet = bytes[i] as number;
    seen |= octet;
    hash = (Math.imul(hash, 31) + octet) | 0;
  }
  if (seen >= 0x80) return utf8Decode(bytes.subarray(start, end));
  const slot = (hash ^ (hash >>> 13)) & (SLOTS - 1);
  const known = slots[slot] as string;
  if (known.length === length && sameOctets(known, bytes, start)) return known;
  const text = asBuffer(bytes).toString('latin1', start, end);
  slots[slot] = text;
  return text;
}

function sameOctets(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
