/**
 * HashedBits: one bit for many keys, found by the highest bits of a hash.
 *
 * Invariant: a bit once set stays, so `has` is never wrong of a hash that was added; of one that was not it may be.
 */
export class HashedBits {
  readonly #bits: Uint8Array;
  /** Bits of a hash that are not used. */
  readonly #shift: number;

  /** `bytes`: a power of two. */
  constructor(bytes: number) {
    this.#bits = new Uint8Array(bytes);
    this.#shift = 32 - Math.log2(bytes * 8);
  }

  add(hash: number): void {
    const bit = hash >>> this.#shift;
    this.#bits[bit >>> 3] = (this.#bits[bit >>> 3] as number) | (1 << (bit & 7));
  }

  has(hash: number): boolean {
    const bit = hash >>> this.#shift;
    return ((this.#bits[bit >>> 3] as number) & (1 << (bit & 7))) !== 0;
  }
}

/** Of a key: 32 bits. The highest are the best mixed. */
export function hashOf(key: Uint8Array): number {
  let h = 0x811c9dc5 ^ key.length;
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ (key[i] as number), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A second hash of a first: 32 bits, the highest the best mixed. */
export function hashAgain(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> 0;
}
