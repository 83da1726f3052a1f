/**
 * etag: a short text that is equal for entries of equal content and changes with it.
 *
 * Follows from the attributes and values alone, in whatever order an entry holds them: replicas with equal entries show equal etags, also where
 * an older change arrived later and the entryCSN stayed. Not cryptographic.
 */
import { utf8Encode } from '../base/bytes.js';
import type { Attributes } from '../entry/entry.js';
import { hash64 } from './value-hash.js';

const MIX = 0x9e3779b1;

/** 16 hexadecimal digits. */
export function etagOf(attributes: Attributes): Uint8Array {
  const name = new Uint8Array(8);
  const value = new Uint8Array(8);
  const names = new DataView(name.buffer);
  const values = new DataView(value.buffer);
  let a = attributes.size;
  let b = 0;
  for (const [key, attribute] of attributes) {
    hash64(utf8Encode(key), name, 0);
    const left = names.getUint32(0);
    const right = names.getUint32(4);
    for (const one of attribute.values) {
      hash64(one, value, 0);
      a = (a + mixed(values.getUint32(0), left)) >>> 0;
      b = (b + mixed(values.getUint32(4), right)) >>> 0;
    }
  }
  return utf8Encode(`${hex(a)}${hex(b)}`);
}

/** The value's hash, bound to the attribute's. */
function mixed(value: number, name: number): number {
  let x = Math.imul(value ^ name, MIX);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b) + name;
  return (x ^ (x >>> 13)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
