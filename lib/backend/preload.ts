/**
 * Fills the cache of entries after a start, so that the first searches find it as later ones do.
 *
 * Owns the walk alone: entries in the order of their numbers (neighbours in the store) until all are held or there is no room. It reads as a client's search
 * would, so it needs no order with writes, and leaves most of the event loop to others.
 */
import type { Clock } from '../port/clock.js';
import type { EntryId } from './backend.js';
import type { DurableTree } from './durable-tree.js';
import { FIRST_ID } from './key-space.js';

/** Entries read one after another: well below a millisecond. */
const STEP_ENTRIES = 50;
/** What others have of the event loop between two steps, at least. */
const REST_MS = 1;

/** See the file header. One walk for each time the server runs. */
export class Preload {
  readonly #tree: DurableTree;
  readonly #clock: Clock;
  #stopped = false;
  #walk: Promise<number> = Promise.resolve(0);

  constructor(tree: DurableTree, clock: Clock) {
    this.#tree = tree;
    this.#clock = clock;
  }

  /** Begins. Resolves with the number of entries looked at; rejects with the StoreError of a damaged row's block. */
  start(): Promise<number> {
    this.#walk = this.#run();
    return this.#walk;
  }

  /** Resolves when nothing is read any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#walk.catch(() => undefined);
  }

  async #run(): Promise<number> {
    let id = FIRST_ID as number;
    while (!this.#stopped && id < this.#tree.counters.nextId && this.#tree.preload(id as EntryId)) {
      id += 1;
      if (id % STEP_ENTRIES === 0) await this.#rest();
    }
    return id - FIRST_ID;
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(REST_MS, resolve));
  }
}
