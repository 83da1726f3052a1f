/**
 * BucketSums: digests of entries summed over 65,536 buckets by the first two octets of the UUID, modulo 2^64 each: what replicas exchange.
 *
 * Owns the sums alone; which entry has which digest is digest-table.ts.
 */
import { ByteWriter } from '../../base/binary.js';
import type { EntryUuid } from '../../change/change.js';
import type { StateDigest } from '../../conflict/state-digest.js';

const FAN_OUT = 256;
/** Buckets that there are. */
export const BUCKETS = FAN_OUT * FAN_OUT;

export class BucketSums {
  readonly #sums = new Uint32Array(2 * BUCKETS);

  clear(): void {
    this.#sums.fill(0);
  }

  /** Adds a digest to the sum of its bucket, or takes it away. */
  add(bucket: number, { high, low }: StateDigest, sign: 1 | -1): void {
    addTo(this.#sums, bucket, high, low, sign);
  }

  /** 256 sums of 8 octets: of the buckets of one first octet, or (undefined) of all first octets. */
  octets(first: number | undefined): Uint8Array {
    const out = new ByteWriter(FAN_OUT * 8);
    const sums = new Uint32Array(2);
    for (let i = 0; i < FAN_OUT; i++) {
      sums.fill(0);
      const from = first === undefined ? i * FAN_OUT : first * FAN_OUT + i;
      const end = first === undefined ? from + FAN_OUT : from + 1;
      for (let bucket = from; bucket < end; bucket++)
        addTo(sums, 0, this.#sums[2 * bucket] as number, this.#sums[2 * bucket + 1] as number, 1);
      out.u32(sums[0] as number);
      out.u32(sums[1] as number);
    }
    return out.finish();
  }
}

/** The bucket of an entry. */
export function bucketOf(uuid: EntryUuid): number {
  return Number.parseInt(uuid.slice(0, 4), 16);
}

/** Adds to the sum at `index`, or takes away, modulo 2^64. */
function addTo(sums: Uint32Array, index: number, high: number, low: number, sign: 1 | -1): void {
  const lowBefore = sums[2 * index + 1] as number;
  const lowNow = lowBefore + sign * low;
  const carry = lowNow > 0xffff_ffff ? 1 : lowNow < 0 ? -1 : 0;
  sums[2 * index + 1] = lowNow >>> 0;
  sums[2 * index] = ((sums[2 * index] as number) + sign * high + carry) >>> 0;
}
