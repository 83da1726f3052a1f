/**
 * Fills the cache of entries after a start, so that the first searches find it as later ones do.
 *
 * Owns the walk alone: first which entries have others below them, then entries in the order of their numbers (neighbours in the store) until all are held or
 * there is no room. The store's threads read, and most of the event loop is left to others.
 */
import type { Clock } from '../port/clock.js';
import type { EntryId } from './backend.js';
import type { DurableTree, PreloadStep } from './durable-tree.js';
import { FIRST_ID } from './key-space.js';

/** Rows read by the store's threads in one go and taken in a small part of a millisecond. */
const STEP_ENTRIES = 100;
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

  /** Begins. Resolves with the number of entries looked at; rejects with the StoreError of a damaged block. */
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
    let count = 0;
    await this.#tree.learnParents();
    for (let from: EntryId | undefined = FIRST_ID as EntryId; from !== undefined && !this.#stopped; ) {
      const step: PreloadStep = await this.#tree.preload(from, STEP_ENTRIES);
      count += step.looked;
      from = step.next;
      await this.#rest();
    }
    return count;
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(REST_MS, resolve));
  }
}
