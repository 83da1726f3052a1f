/**
 * SharedNames: names that more than one live entry claims, or claimed: few, as only conflicts make them.
 *
 * Owns one bit for many names. A bit once set stays: `may` is never wrong of a name that is shared.
 */
import { CLAIM_BYTES } from '../rows/rows.js';
import { hashOf } from './key-sieve.js';

/** Octets of the bits, a power of two. */
const BYTES = 2 ** 13;
const SHIFT = 32 - Math.log2(BYTES * 8);

export class SharedNames {
  readonly #bits = new Uint8Array(BYTES);

  /** A name's row is there, or will be. */
  add(key: Uint8Array, row: Uint8Array): void {
    if (row.length <= CLAIM_BYTES) return;
    const bit = hashOf(key) >>> SHIFT;
    this.#bits[bit >>> 3] = (this.#bits[bit >>> 3] as number) | (1 << (bit & 7));
  }

  /** False: no row of this name that was added had two claims. */
  may(key: Uint8Array): boolean {
    const bit = hashOf(key) >>> SHIFT;
    return ((this.#bits[bit >>> 3] as number) & (1 << (bit & 7))) !== 0;
  }
}
