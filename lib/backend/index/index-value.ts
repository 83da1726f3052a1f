/** Normal values in the keys of index rows (key-space.ts): cut or hashed when they are long, escaped so that prefixes and order survive. */
import { carveBytes } from '../../base/bytes.js';
import { hash64 } from '../rows/value-hash.js';

/** Octets of a normal value in an index key; longer ones are cut and, for equality, told apart by a hash. */
export const INDEX_VALUE_BYTES = 64;
const INDEX_HEAD_BYTES = 48;

/** What a cut or hashed value looks like in an index key. */
export function boundedValue(equality: boolean, normal: Uint8Array): Uint8Array {
  if (normal.length <= INDEX_VALUE_BYTES) return normal;
  if (!equality) return normal.subarray(0, INDEX_VALUE_BYTES);
  const bounded = carveBytes(INDEX_HEAD_BYTES + 8);
  bounded.set(normal.subarray(0, INDEX_HEAD_BYTES));
  hash64(normal, bounded, INDEX_HEAD_BYTES);
  return bounded;
}

/** Whether an equality key tells this normal form from every other one; if not, a value found by the key is to be compared. */
export function isWholeInKey(normal: Uint8Array): boolean {
  // A form as long as a cut one may have the octets of one.
  return normal.length <= INDEX_VALUE_BYTES && normal.length !== INDEX_HEAD_BYTES + 8;
}

/** Length of `value` when escaped, its end mark included. */
export function escapedLength(value: Uint8Array): number {
  let length = value.length + 2;
  for (let i = 0; i < value.length; i++) if (value[i] === 0) length += 1;
  return length;
}

/** Writes `value` escaped; the end mark only when asked for. Answers the offset behind it. */
export function writeEscaped(bytes: Uint8Array, start: number, value: Uint8Array, end: boolean): number {
  let at = start;
  for (let i = 0; i < value.length; i++) {
    const octet = value[i] as number;
    bytes[at++] = octet;
    if (octet === 0) bytes[at++] = 0xff;
  }
  if (end) at += 2; // 00 00: fresh memory is zero
  return at;
}
