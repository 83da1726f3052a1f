/**
 * RowSums: two multisets of rows compared by order-independent sums, in memory that does not grow with them.
 *
 * Rows that are due and rows that are found are counted against each other in BUCKETS sums by the hash of their key; a bucket that does not come out
 * even holds a difference, and a second reading that looks at such buckets alone can name it. Rows that differ cancel out with a chance of 2^-32.
 * Owns the sums; what a row is and how it is told is the caller's.
 */
import { checksum32 } from './value-hash.js';

/** A power of two. */
const BUCKETS = 1024;

/** See the file header. */
export class RowSums {
  readonly #sums = new Int32Array(BUCKETS);
  readonly #counts = new Float64Array(BUCKETS);
  /** Rows that are due. */
  due = 0;
  /** Rows that were found. */
  found = 0;

  /** A row that is due. `bucket`: hash of what tells where it stands; `hash`: of the whole row. */
  expect(bucket: number, hash: number): void {
    this.due += 1;
    this.#add(bucket, hash, 1);
  }

  /** A row that was found; `times`: it stands for so many. */
  take(bucket: number, hash: number, times = 1): void {
    this.found += times;
    this.#add(bucket, hash, -times);
  }

  /** Rows of one bucket that were found, summed by the caller. */
  takeSum(bucket: number, sum: number, count: number): void {
    this.found += count;
    const at = bucket & (BUCKETS - 1);
    this.#sums[at] = ((this.#sums[at] as number) - sum) | 0;
    this.#counts[at] = (this.#counts[at] as number) - count;
  }

  #add(bucket: number, hash: number, times: number): void {
    const at = bucket & (BUCKETS - 1);
    this.#sums[at] = ((this.#sums[at] as number) + Math.imul(hash, times)) | 0;
    this.#counts[at] = (this.#counts[at] as number) + times;
  }

  /** Whether what is due and what was found are the same. */
  get even(): boolean {
    for (let at = 0; at < BUCKETS; at++) if (this.#uneven(at)) return false;
    return true;
  }

  #uneven(at: number): boolean {
    return this.#sums[at] !== 0 || this.#counts[at] !== 0;
  }

  /** The first `most` buckets that differ, to be asked with a row's bucket, and how many more there are. */
  differing(most: number): { readonly has: (bucket: number) => boolean; readonly more: number } {
    const chosen = new Uint8Array(BUCKETS);
    let count = 0;
    for (let at = 0; at < BUCKETS; at++) {
      if (!this.#uneven(at)) continue;
      count += 1;
      if (count <= most) chosen[at] = 1;
    }
    return { has: (bucket) => chosen[bucket & (BUCKETS - 1)] === 1, more: Math.max(0, count - most) };
  }
}

/** Hash of a row from its key and the rest. */
export function rowHash(keyHash: number, rest: Uint8Array): number {
  return Math.imul(keyHash ^ checksum32(rest, 0), 0x85ebca6b);
}
