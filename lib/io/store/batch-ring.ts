/**
 * The numbers of the last batches, one row each in a ring, so that a batch missing from the middle of LevelDB's log is noticed.
 *
 * LevelDB drops what it cannot read of its log and goes on with what follows. A crash may cut the end of the log; then the numbers are
 * still contiguous. A number that is missing between two others was lost by damage. Slot n % SLOTS holds n (6 octets, big-endian), under the
 * prefix ff ff that no other row uses. The ring holds more batches than one log file does (16 MiB at 1 KiB or more each).
 */
import { carveBytes } from '../../base/bytes.js';
import type { StoreOp, StoreRange, StoreRow } from '../../port/ordered-store.js';

const SLOTS = 16_384;
const PREFIX = [0xff, 0xff, 0x62] as const;

export class BatchRing {
  readonly range: StoreRange = {
    gte: Uint8Array.from(PREFIX),
    lt: Uint8Array.from([PREFIX[0], PREFIX[1], PREFIX[2] + 1]),
  };
  #last = 0;
  #numbers: number[] = [];

  /** Takes rows found when the store was opened. */
  load(rows: readonly StoreRow[]): void {
    for (const { value } of rows) {
      let n = 0;
      for (const octet of value) n = n * 256 + octet;
      this.#numbers.push(n);
      if (n > this.#last) this.#last = n;
    }
  }

  clear(): void {
    this.#last = 0;
    this.#numbers = [];
  }

  /** What is wrong with the rows loaded, in a clause, or undefined. Frees them. */
  fault(): string | undefined {
    const numbers = this.#numbers;
    this.#numbers = [];
    const oldest = this.#last - Math.min(this.#last, SLOTS);
    const kept = numbers.filter((n) => n > oldest).length;
    const missing = this.#last - oldest - kept;
    return missing === 0
      ? undefined
      : `${missing} of the last ${this.#last - oldest} batches are missing from the middle of its log`;
  }

  /** The row that goes with the next batch. */
  next(): StoreOp & { readonly type: 'put' } {
    const n = this.#last + 1;
    const slot = n % SLOTS;
    const value = carveBytes(6);
    for (let i = 5, rest = n; i >= 0; i--, rest = Math.floor(rest / 256)) value[i] = rest % 256;
    const key = carveBytes(5);
    key.set([...PREFIX, slot >>> 8, slot & 0xff]);
    return { type: 'put', key, value };
  }

  /** The batch with the row of next() was written. */
  written(): void {
    this.#last += 1;
  }
}
