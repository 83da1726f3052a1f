/**
 * etag: a short text that is equal for entries of equal content and changes with it.
 *
 * Follows from the attributes and values alone, in whatever order an entry holds them: replicas with equal entries show equal etags, also where
 * an older change arrived later and the entryCSN stayed. Not cryptographic.
 */
import { utf8Encode } from '../../base/bytes.js';
import { sumOfValues } from '../../conflict/state-digest.js';
import type { Attributes } from '../../entry/entry.js';
import { hash64 } from './value-hash.js';

const MIX = 0x9e3779b1;

/** 16 hexadecimal digits. */
export function etagOf(attributes: Attributes): Uint8Array {
  const name = new Uint8Array(8);
  const names = new DataView(name.buffer);
  let a = attributes.size;
  let b = 0;
  for (const [key, attribute] of attributes) {
    hash64(utf8Encode(key), name, 0);
    const { high, low } = sumOfValues(attribute);
    a = (a + mixed(high, names.getUint32(0))) >>> 0;
    b = (b + mixed(low, names.getUint32(4))) >>> 0;
  }
  return utf8Encode(`${hex(a)}${hex(b)}`);
}

/** The sum over the values, bound to the attribute's hash. */
function mixed(value: number, name: number): number {
  let x = Math.imul(value ^ name, MIX);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b) + name;
  return (x ^ (x >>> 13)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
