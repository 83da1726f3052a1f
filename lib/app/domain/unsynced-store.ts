/**
 * The store under `durability: memory`: batches are written in order but not forced to disk, so an acknowledged write survives the process and not the machine.
 */
import type { OrderedStore, StoreOp, StoreRange, StoreSnapshot } from '../../port/ordered-store.js';

export class UnsyncedStore implements OrderedStore {
  readonly #store: OrderedStore;

  constructor(store: OrderedStore) {
    this.#store = store;
  }

  get(key: Uint8Array, snapshot?: StoreSnapshot): Uint8Array | undefined {
    return this.#store.get(key, snapshot);
  }

  scan(range: StoreRange, sliceRows?: number, snapshot?: StoreSnapshot) {
    return this.#store.scan(range, sliceRows, snapshot);
  }

  scanKeys(range: StoreRange, sliceRows?: number, snapshot?: StoreSnapshot) {
    return this.#store.scanKeys(range, sliceRows, snapshot);
  }

  batch(ops: readonly StoreOp[]): Promise<void> {
    return this.#store.batch(ops, { sync: false });
  }

  snapshot(): StoreSnapshot {
    return this.#store.snapshot();
  }

  sizeBytes(range: StoreRange): Promise<number> {
    return this.#store.sizeBytes(range);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
