/** A sorted run into any store that holds its owner to the port's contract: keys rise, and stand nowhere else. Owns no claims. */
import { assert } from '../../lib/base/assert.js';
import { compareBytes } from '../../lib/base/bytes.js';
import type { OrderedStore, StoreOp } from '../../lib/port/ordered-store.js';
import type { SortedRun } from '../../lib/port/sorted-run.js';

export class MemoryRun implements SortedRun {
  readonly #store: OrderedStore;
  readonly #ops: (StoreOp & { readonly type: 'put' })[] = [];
  #ended = false;

  constructor(store: OrderedStore) {
    this.#store = store;
  }

  /** Rows that came. */
  get count(): number {
    return this.#ops.length;
  }

  /** The owner has awaited end(). */
  get ended(): boolean {
    return this.#ended;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const before = this.#ops.at(-1);
    assert(!this.#ended && (before === undefined || compareBytes(before.key, key) < 0), 'keys rise');
    this.#ops.push({ type: 'put', key, value });
  }

  get full(): boolean {
    return this.#ops.length % 1000 === 0;
  }

  async relieve(): Promise<void> {}

  async end(): Promise<void> {
    this.#ended = true;
    for (const { key } of this.#ops)
      assert(this.#store.get(key) === undefined, 'the key is in no other place');
    await this.#store.batch(this.#ops, { sync: false });
  }
}
