/**
 * Port: an ordered store of byte keys and byte values, sorted bytewise (LevelDB in production, memory in tests).
 *
 * Contract (test/contract/ordered-store): a batch is applied wholly or not; with `sync` it is on disk when the promise resolves;
 * batches become durable in the order in which they were given; a read that starts after a batch resolved sees it.
 */

export type StoreOp =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

export interface StoreRange {
  /** Inclusive lower bound. */
  readonly gte: Uint8Array;
  /** Exclusive upper bound. */
  readonly lt: Uint8Array;
  readonly reverse?: boolean;
  /** Most rows to give; unlimited when absent. */
  readonly limit?: number;
}

export interface StoreRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A frozen view. Must be closed. */
export interface StoreSnapshot {
  close(): Promise<void>;
}

export interface OrderedStore {
  /** The value, or undefined; may block for one disk read. */
  get(key: Uint8Array, snapshot?: StoreSnapshot): Uint8Array | undefined;
  /** Rows in slices of up to `sliceRows`; the loop may stop early. */
  scan(range: StoreRange, sliceRows?: number, snapshot?: StoreSnapshot): AsyncIterable<readonly StoreRow[]>;
  /** Keys alone, in slices. */
  scanKeys(
    range: StoreRange,
    sliceRows?: number,
    snapshot?: StoreSnapshot,
  ): AsyncIterable<readonly Uint8Array[]>;
  /** Rejects with a StoreError; then none of the batch is in force. */
  batch(ops: readonly StoreOp[], options: { readonly sync: boolean }): Promise<void>;
  snapshot(): StoreSnapshot;
  /** Approximate octets on disk of a range. */
  sizeBytes(range: StoreRange): Promise<number>;
  close(): Promise<void>;
}

/** `full`: no space; reads go on, writes may succeed later. `damaged`: the data cannot be trusted. `failed`: anything else. */
export type StoreFailure = 'full' | 'damaged' | 'failed' | 'closed';

/** A store's refusal, wrapped by the adapter. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly failure: StoreFailure;

  constructor(failure: StoreFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}
