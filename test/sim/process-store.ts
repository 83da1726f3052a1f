/**
 * A machine's disk as one process of it sees it: once the process is dead, nothing it still tries reaches the disk, and nothing comes back.
 */
import type { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import {
  type OrderedStore,
  StoreError,
  type StoreOp,
  type StoreRange,
  type StoreRow,
  type StoreSnapshot,
} from '../../lib/port/ordered-store.js';

export class ProcessStore implements OrderedStore {
  readonly #disk: MemoryStore;
  readonly #alive: () => boolean;

  constructor(disk: MemoryStore, alive: () => boolean) {
    this.#disk = disk;
    this.#alive = alive;
  }

  get(key: Uint8Array, snapshot?: StoreSnapshot): Uint8Array | undefined {
    this.#check();
    return this.#disk.get(key, snapshot);
  }

  async *scan(
    range: StoreRange,
    sliceRows?: number,
    snapshot?: StoreSnapshot,
  ): AsyncIterable<readonly StoreRow[]> {
    this.#check();
    for await (const rows of this.#disk.scan(range, sliceRows, snapshot)) {
      this.#check();
      yield rows;
    }
  }

  async *scanKeys(
    range: StoreRange,
    sliceRows?: number,
    snapshot?: StoreSnapshot,
  ): AsyncIterable<readonly Uint8Array[]> {
    this.#check();
    for await (const keys of this.#disk.scanKeys(range, sliceRows, snapshot)) {
      this.#check();
      yield keys;
    }
  }

  async batch(ops: readonly StoreOp[], options: { readonly sync: boolean }): Promise<void> {
    if (!this.#alive()) await never();
    try {
      await this.#disk.batch(ops, options);
    } finally {
      if (!this.#alive()) await never();
    }
  }

  snapshot(): StoreSnapshot {
    this.#check();
    return this.#disk.snapshot();
  }

  sizeBytes(range: StoreRange): Promise<number> {
    return this.#disk.sizeBytes(range);
  }

  async close(): Promise<void> {}

  #check(): void {
    if (!this.#alive()) throw new StoreError('closed', 'the process is dead');
  }
}

/** What a dead process waits for. One for each wait: what waits for a promise is held as long as that one is. */
function never(): Promise<never> {
  return new Promise(() => {});
}
