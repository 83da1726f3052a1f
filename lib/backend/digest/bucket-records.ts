/** The records of the entries in one bucket, as their rows are: read in slices that one piece of work can go through. */
import { assert } from '../../base/assert.js';
import type { EntryUuid } from '../../change/change.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import { type KeySpace, readId } from '../rows/key-space.js';
import { BUCKETS } from './bucket-sums.js';

/** Records of one slice. */
const SLICE_ROWS = 64;
/** Octets of records after which a slice, or any other piece of work with records, ends. */
export const SLICE_OCTETS = 1 << 20;

export interface NumberedRecord {
  readonly id: EntryId;
  readonly record: Uint8Array;
}

/** By UUID, after `after` (from the first, when undefined). Rejects with a StoreError. */
export async function* recordsOfBucket(
  store: OrderedStore,
  keys: KeySpace,
  bucket: number,
  after: EntryUuid | undefined,
): AsyncGenerator<readonly NumberedRecord[], undefined> {
  assert(bucket >= 0 && bucket < BUCKETS, 'no such bucket');
  const hex = bucket.toString(16).padStart(4, '0');
  const least = keys.uuid(`${hex}0000-0000-0000-0000-000000000000` as EntryUuid);
  const greatest = keys.uuid(`${hex}ffff-ffff-ffff-ffff-ffffffffffff` as EntryUuid);
  const gte = after === undefined ? least : above(keys.uuid(after));
  for await (const rows of store.scan({ gte, lt: above(greatest) }, SLICE_ROWS)) {
    let slice: NumberedRecord[] = [];
    let octets = 0;
    for (const { value } of rows) {
      const id = readId(value, 0);
      const record = store.get(keys.entry(id));
      if (record === undefined) continue;
      slice.push({ id, record });
      octets += record.length;
      if (octets < SLICE_OCTETS) continue;
      yield slice;
      slice = [];
      octets = 0;
    }
    yield slice;
  }
  return undefined;
}

function above(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
