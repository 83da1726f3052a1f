/**
 * SharedNames: names that more than one live entry claims, or claimed: few, as only conflicts make them.
 *
 * Owns one bit for many names: `may` is never wrong of a name that is shared.
 */
import { CLAIM_BYTES } from '../rows/rows.js';
import { HashedBits, hashOf } from './hashed-bits.js';

/** Octets of the bits, a power of two. */
const BYTES = 2 ** 13;

export class SharedNames {
  readonly #bits = new HashedBits(BYTES);

  /** A name's row is there, or will be. */
  add(key: Uint8Array, row: Uint8Array): void {
    if (row.length > CLAIM_BYTES) this.#bits.add(hashOf(key));
  }

  /** False: no row of this name that was added had two claims. */
  may(key: Uint8Array): boolean {
    return this.#bits.has(hashOf(key));
  }
}
