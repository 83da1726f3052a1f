/**
 * Values as they stand in LevelDB, where none is empty: for each empty value that it is given to write, classic-level 3.0.0 keeps some 32 octets of memory
 * for ever (it makes a copy and frees only copies that are not empty). An add writes some 60 such rows, so a server would grow by 2 KiB with each.
 *
 * A value of n octets that are all MARK, none included, is stored as n + 1 of them; any other as it is. Databases written before have empty values: they read as such.
 */
import { emptyBytes } from '../../base/bytes.js';

/** Begins no value that a row of data format 2 has. */
const MARK = 0xff;
/** On memory outside V8's heap from the start, as native code will ask for it. */
const STORED_EMPTY = new Uint8Array(new ArrayBuffer(1)).fill(MARK);

/** What is written for a value. */
export function storedForm(value: Uint8Array): Uint8Array {
  if (value.length === 0) return STORED_EMPTY;
  if (value[0] !== MARK || !isMarks(value)) return value;
  return new Uint8Array(value.length + 1).fill(MARK);
}

/** The value for which this was written. */
export function readForm(stored: Uint8Array): Uint8Array {
  if (stored[0] !== MARK || !isMarks(stored)) return stored;
  return stored.length === 1 ? emptyBytes() : stored.subarray(1);
}

function isMarks(octets: Uint8Array): boolean {
  for (let i = 1; i < octets.length; i++) if (octets[i] !== MARK) return false;
  return true;
}
