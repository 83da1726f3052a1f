/**
 * Fills the cache of entries after a start, so that the first searches find it as later ones do.
 *
 * Owns the walk alone: first which entries have others below them, then entries in the order of their numbers (neighbours in the store) until all are held or
 * there is no room. Then, unhurriedly, which rows are not there (sieved-store.ts). The store's threads read, and most of the event loop is left to others.
 */
import type { Clock } from '../../port/clock.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import { FIRST_ID, type KeySpace, TAG } from '../rows/key-space.js';
import type { DurableTree, PreloadStep } from '../tree/durable-tree.js';
import type { SievedTag } from './key-sieve.js';
import { SievedStore } from './sieved-store.js';

/** Rows read by the store's threads in one go and taken in a small part of a millisecond. */
const STEP_ENTRIES = 100;
/** What others have of the event loop between two steps, at least. */
const REST_MS = 1;
/** Rows that writes look for in vain. */
const SOUGHT: readonly SievedTag[] = [TAG.uuid, TAG.name, TAG.index];
/** While they are learnt, which nobody waits for. */
const LEARN_REST_MS = 4;
/** Beside more entries they are not learnt: half of the bits would be set, and to read the keys takes 13 us an entry. */
const MOST_ENTRIES = 2_000_000;

/** See the file header. One walk for each time the server runs. */
export class Preload {
  readonly #tree: DurableTree;
  readonly #store: SievedStore | undefined;
  readonly #keys: KeySpace;
  readonly #clock: Clock;
  #stopped = false;
  #walk: Promise<number> = Promise.resolve(0);

  constructor(
    parts: { readonly tree: DurableTree; readonly store: OrderedStore; readonly keys: KeySpace },
    clock: Clock,
  ) {
    this.#tree = parts.tree;
    this.#store = parts.store instanceof SievedStore ? parts.store : undefined;
    this.#keys = parts.keys;
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
    await this.#learn(TAG.childCount);
    for (let from: EntryId | undefined = FIRST_ID as EntryId; from !== undefined && !this.#stopped; ) {
      const step: PreloadStep = await this.#tree.preload(from, STEP_ENTRIES);
      count += step.looked;
      from = step.next;
      await this.#rest(REST_MS);
    }
    if (this.#tree.counters.entries <= MOST_ENTRIES) for (const tag of SOUGHT) await this.#learn(tag);
    return count;
  }

  async #learn(tag: SievedTag): Promise<void> {
    if (this.#stopped) return;
    await this.#store?.learn(this.#keys, tag, async () => {
      await this.#rest(LEARN_REST_MS);
      return !this.#stopped;
    });
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(ms, resolve));
  }
}
