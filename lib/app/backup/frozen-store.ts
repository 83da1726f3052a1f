/**
 * A store as it stood at one instant: reads go to a snapshot, writes are bugs. For what only reads and is written against a store.
 */
import { assert } from '../../base/assert.js';
import type { OrderedStore, StoreOp, StoreRange, StoreSnapshot } from '../../port/ordered-store.js';

export class FrozenStore implements OrderedStore {
  readonly #store: OrderedStore;
  readonly #snapshot: StoreSnapshot;

  /** Takes the snapshot: everything acknowledged before is in it. */
  constructor(store: OrderedStore) {
    this.#store = store;
    this.#snapshot = store.snapshot();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#store.get(key, this.#snapshot);
  }

  scan(range: StoreRange, sliceRows?: number) {
    return this.#store.scan(range, sliceRows, this.#snapshot);
  }

  scanKeys(range: StoreRange, sliceRows?: number) {
    return this.#store.scanKeys(range, sliceRows, this.#snapshot);
  }

  async batch(_ops: readonly StoreOp[]): Promise<void> {
    assert(false, 'a frozen store takes no writes');
  }

  snapshot(): StoreSnapshot {
    return { close: async () => {} };
  }

  sizeBytes(range: StoreRange): Promise<number> {
    return this.#store.sizeBytes(range);
  }

  /** Lets the snapshot go; the store stays open. */
  close(): Promise<void> {
    return this.#snapshot.close();
  }
}
