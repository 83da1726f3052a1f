/**
 * ParentBits: which entries may have others below them, in one bit each, so that for a leaf, which most entries are, no row is looked for.
 *
 * Numbers share bits, and a bit once set stays: `mayHave` is wrong on the safe side only. It knows nothing until all rows were read (complete).
 */
import type { EntryId } from './backend.js';

/** A power of two. */
const BITS = 20;
const HASH = 0x9e3779b1;

export class ParentBits {
  readonly #bits = new Uint8Array(2 ** (BITS - 3));
  /** Every entry with a row of children was added. */
  complete = false;

  /** The entry has others below it, or had. */
  add(id: EntryId): void {
    const bit = bitOf(id);
    this.#bits[bit >>> 3] = (this.#bits[bit >>> 3] as number) | (1 << (bit & 7));
  }

  /** False: it has none. */
  mayHave(id: EntryId): boolean {
    if (!this.complete) return true;
    const bit = bitOf(id);
    return ((this.#bits[bit >>> 3] as number) & (1 << (bit & 7))) !== 0;
  }

  /** All rows may be others. */
  clear(): void {
    this.complete = false;
  }
}

function bitOf(id: EntryId): number {
  const high = Math.floor(id / 0x1_0000_0000);
  return Math.imul((id >>> 0) ^ Math.imul(high, HASH), HASH) >>> (32 - BITS);
}
