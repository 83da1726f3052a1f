/**
 * The tree as readers see it: durable entries, from a bounded cache over the store. Told of every commit.
 */

import { StoreError } from '../port/ordered-store.js';
import type { EntryId } from './backend.js';
import type { Counters } from './counters.js';
import { EntryCache } from './entry-cache.js';
import { isAliveRecord } from './entry-record.js';
import { DnTexts, EntryTree, type TreeFacts } from './entry-tree.js';
import { LOST_AND_FOUND_ID } from './key-space.js';
import type { DurableRows } from './rows.js';
import type { HeldEntry } from './stored-entry.js';

/** Commits that may come between the reads of one row and of its parent's, one after another. */
const REREADS = 4;

export class DurableTree extends EntryTree {
  readonly #rows: DurableRows;
  readonly #cache: EntryCache;
  readonly #texts = new DnTexts();
  #epoch = 0;
  /** As of the last commit. */
  counters: Counters;

  constructor(facts: TreeFacts, rows: DurableRows, cacheBytes: number, counters: Counters) {
    super(facts, rows);
    this.#rows = rows;
    this.#cache = new EntryCache(cacheBytes);
    this.counters = counters;
  }

  get hasAliases(): boolean {
    return this.counters.aliases > 0;
  }

  get hasReferrals(): boolean {
    return this.counters.referrals > 0;
  }

  override byDnText(text: string): HeldEntry | undefined {
    const known = this.#texts.get(text, this);
    if (known !== undefined) return known;
    const entry = super.byDnText(text);
    if (entry !== undefined) this.#texts.put(text, entry);
    return entry;
  }

  byId(id: EntryId): HeldEntry | undefined {
    const cached = this.#cache.get(id);
    if (cached?.epoch === this.#epoch) return cached;
    try {
      if (cached !== undefined) return this.#refresh(cached);
      if (id === LOST_AND_FOUND_ID) return this.lostAndFound();
      const record = this.#rows.record(id);
      if (record === undefined || !isAliveRecord(record)) return undefined;
      return this.#keep(this.build(id, record));
    } catch (error) {
      const entry = this.#reread(id, error);
      return entry === undefined ? undefined : this.#keep(entry);
    }
  }

  /** byId() that does not keep what it had to read: for large results. */
  glance(id: EntryId): HeldEntry | undefined {
    const cached = this.#cache.get(id);
    if (cached !== undefined || id === LOST_AND_FOUND_ID) return this.byId(id);
    try {
      const record = this.#rows.record(id);
      return record === undefined || !isAliveRecord(record) ? undefined : this.build(id, record);
    } catch (error) {
      return this.#reread(id, error);
    }
  }

  /**
   * The entry once more, after its parent was not found. The store may hold a commit that this tree is not told of yet, and may have got it between
   * two reads: then the entry's own row tells of its new parent, or of its death, by now. Throws `error` when it does not: the store is damaged.
   */
  #reread(id: EntryId, error: unknown): HeldEntry | undefined {
    if (!(error instanceof StoreError) || id === LOST_AND_FOUND_ID) throw error;
    for (let reads = 0; reads < REREADS; reads++) {
      const record = this.#rows.record(id);
      if (record === undefined || !isAliveRecord(record)) return undefined;
      try {
        return this.build(id, record);
      } catch (again) {
        if (!(again instanceof StoreError)) throw again;
      }
    }
    throw error;
  }

  /** The entry of a row read earlier: from the cache when it is there, else named and not kept. Undefined for a dead one. */
  passing(id: EntryId, record: Uint8Array): HeldEntry | undefined {
    const cached = this.#cache.get(id);
    if (cached !== undefined) return cached.epoch === this.#epoch ? cached : this.#refresh(cached);
    if (!isAliveRecord(record)) return undefined;
    try {
      return this.build(id, record);
    } catch (error) {
      // The row is older than the tree: entry or parent may be gone by now.
      if (error instanceof StoreError) return this.glance(id);
      throw error;
    }
  }

  #refresh(entry: HeldEntry): HeldEntry {
    const refreshed = this.refreshed(entry);
    if (refreshed === entry) entry.epoch = this.#epoch;
    else this.#keep(refreshed);
    return refreshed;
  }

  #keep(entry: HeldEntry): HeldEntry {
    entry.epoch = this.#epoch;
    this.#cache.put(entry);
    return entry;
  }

  /** An entry was written; undefined: it died. Its name is checked again when it is next asked for. */
  written(id: EntryId, entry: HeldEntry | undefined): void {
    if (entry === undefined) {
      this.#cache.remove(id);
      return;
    }
    entry.shrink();
    entry.owner = this;
    entry.epoch = -1;
    this.#cache.put(entry);
  }

  /** Entries with children changed their names. */
  renamed(): void {
    this.#epoch += 1;
  }

  /** Forgets what it remembers. */
  clear(): void {
    this.#cache.clear();
    this.#rows.clear();
    this.#texts.clear();
    this.#epoch += 1;
  }

  get cachedEntries(): number {
    return this.#cache.size;
  }
}
