/**
 * The Bloom filters of one table, as LevelDB's own policy makes them (util/bloom.cc, table/filter_block.cc): what tells a look for a row that is not there
 * so without a read.
 *
 * A filter holds the keys of the blocks that begin within 2 KiB of the table; most hold one block, and every second or more none.
 */
import { utf8Encode } from '../../base/bytes.js';

/** Key of the filters in the table's own index. */
export const FILTER_NAME = utf8Encode('filter.leveldb.BuiltinBloomFilter2');

const BASE_BITS = 11;
const BITS_PER_KEY = 10;
/** Bits set for each key: ten times ln 2, rounded down. */
const PROBES = 6;
const LEAST_BITS = 64;
const SEED = 0xbc9f1d34;

/** See the file header. */
export class BloomFilters {
  /** Hashes of the keys of the filter at hand. */
  #hashes = new Uint32Array(1024);
  #count = 0;
  #octets = new Uint8Array(16_384);
  #length = 0;
  readonly #offsets: number[] = [];

  /** A key of the block at hand, the first `length` of these octets. */
  add(key: Uint8Array, length: number): void {
    if (this.#count === this.#hashes.length) {
      const larger = new Uint32Array(2 * this.#count);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#count++] = hashOf(key, length);
  }

  /** The next block begins at `offset` of the table. */
  blockAt(offset: number): void {
    const number = Math.floor(offset / 2 ** BASE_BITS);
    while (this.#offsets.length < number) this.#filter();
  }

  /** All filters; none is added later. */
  finish(): Uint8Array {
    if (this.#count > 0) this.#filter();
    const start = this.#length;
    this.#reserve(4 * this.#offsets.length + 5);
    const view = new DataView(this.#octets.buffer);
    let at = start;
    for (const offset of this.#offsets) {
      view.setUint32(at, offset, true);
      at += 4;
    }
    view.setUint32(at, start, true);
    this.#octets[at + 4] = BASE_BITS;
    return this.#octets.subarray(0, at + 5);
  }

  #filter(): void {
    this.#offsets.push(this.#length);
    const count = this.#count;
    if (count === 0) return;
    const bytes = (Math.max(LEAST_BITS, count * BITS_PER_KEY) + 7) >>> 3;
    this.#reserve(bytes + 1);
    const octets = this.#octets;
    const start = this.#length;
    const bits = bytes * 8;
    for (let i = 0; i < count; i++) {
      let hash = this.#hashes[i] as number;
      const delta = (hash >>> 17) | (hash << 15);
      for (let probe = 0; probe < PROBES; probe++) {
        const bit = hash % bits;
        octets[start + (bit >>> 3)] = (octets[start + (bit >>> 3)] as number) | (1 << (bit & 7));
        hash = (hash + delta) >>> 0;
      }
    }
    octets[start + bytes] = PROBES;
    this.#length = start + bytes + 1;
    this.#count = 0;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#octets.length) return;
    const larger = new Uint8Array(2 * this.#octets.length + more);
    larger.set(this.#octets.subarray(0, this.#length));
    this.#octets = larger;
  }
}

/** LevelDB's hash of a key (util/hash.cc). */
function hashOf(key: Uint8Array, length: number): number {
  const factor = 0xc6a4a793;
  let hash = SEED ^ Math.imul(length, factor);
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const word =
      (key[at] as number) |
      ((key[at + 1] as number) << 8) |
      ((key[at + 2] as number) << 16) |
      ((key[at + 3] as number) << 24);
    hash = Math.imul(hash + word, factor);
    hash ^= hash >>> 16;
  }
  if (at < length) {
    let rest = 0;
    for (let i = length - 1; i >= at; i--) rest = (rest << 8) | (key[i] as number);
    hash = Math.imul(hash + rest, factor);
    hash ^= hash >>> 24;
  }
  return hash >>> 0;
}
