/**
 * StoreRun: a sorted run whose rows go to the ordered store itself, in batches, where there is no better place for them.
 *
 * One batch is on its way at a time.
 */
import type { OrderedStore, StoreOp } from '../../port/ordered-store.js';
import type { SortedRun } from '../../port/sorted-run.js';

/** See the file header. */
export class StoreRun implements SortedRun {
  readonly #store: Pick<OrderedStore, 'batch'>;
  readonly #batchRows: number;
  #ops: StoreOp[] = [];
  #writing: Promise<void> = Promise.resolve();

  /** `batchRows`: rows written at once. */
  constructor(store: Pick<OrderedStore, 'batch'>, batchRows: number) {
    this.#store = store;
    this.#batchRows = batchRows;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#ops.push({ type: 'put', key, value });
  }

  get full(): boolean {
    return this.#ops.length >= this.#batchRows;
  }

  async relieve(): Promise<void> {
    await this.#writing;
    const ops = this.#ops;
    this.#ops = [];
    if (ops.length === 0) return;
    this.#writing = this.#store.batch(ops, { sync: false });
    this.#writing.catch(() => undefined); // told by the next await
  }

  async end(): Promise<void> {
    await this.relieve();
    await this.#writing;
  }
}
