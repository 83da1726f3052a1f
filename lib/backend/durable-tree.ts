/**
 * The tree as readers see it: durable entries, from a bounded cache over the store. Told of every commit.
 *
 * Entries that were asked for a moment ago (bases, parents) are at hand as objects, few and small; the others are made of the cache's bytes each time.
 */

import type { EntryUuid } from '../change/change.js';
import type { EntryState } from '../conflict/entry-state.js';
import { StoreError } from '../port/ordered-store.js';
import type { EntryId } from './backend.js';
import type { Counters } from './counters.js';
import { DnTexts } from './dn-texts.js';
import { EntryCache, SMALL_BYTES } from './entry-cache.js';
import { isAliveRecord, isInRows } from './entry-record.js';
import { EntryTree } from './entry-tree.js';
import { LOST_AND_FOUND_ID } from './key-space.js';
import type { DurableRows } from './rows.js';
import type { HeldEntry } from './stored-entry.js';
import type { TreeFacts } from './tree-facts.js';

/** Commits that may come between the reads of one row and of its parent's, one after another. */
const REREADS = 4;
/** Entries at hand as objects: a power of two. */
const RECENT = 256;

export class DurableTree extends EntryTree {
  readonly #rows: DurableRows;
  readonly #cache: EntryCache;
  /** Texts that clients wrote, for every view of the domain: what they lead to is looked at in the view itself. */
  readonly texts = new DnTexts();
  /** By the last bits of the number; none is large. */
  readonly #recent: (HeldEntry | undefined)[] = new Array(RECENT).fill(undefined);
  /** As of the last commit. */
  counters: Counters;
  /** Commits that it was told of. */
  commits = 0;

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
    const known = this.texts.get(text, this);
    if (known !== undefined) return known;
    const entry = super.byDnText(text);
    if (entry !== undefined) this.texts.put(text, entry);
    return entry;
  }

  byId(id: EntryId): HeldEntry | undefined {
    const recent = this.#recent[id & (RECENT - 1)];
    if (recent !== undefined && recent.id === id) return recent;
    try {
      if (id === LOST_AND_FOUND_ID) return this.lostAndFound();
      const cached = this.#cached(id);
      if (cached !== undefined) {
        return this.#recall(cached);
      }
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
    try {
      if (id === LOST_AND_FOUND_ID) return this.lostAndFound();
      const cached = this.#cached(id);
      if (cached !== undefined) return cached;
      const record = this.#rows.record(id);
      return record === undefined || !isAliveRecord(record) ? undefined : this.build(id, record);
    } catch (error) {
      return this.#reread(id, error);
    }
  }

  /** Has an entry in the cache before anybody asks for it; large ones wait until then. False: there is no room. */
  preload(id: EntryId): boolean {
    if (!this.#cache.hasRoom) return false;
    if (this.#cache.has(id)) return true;
    const record = this.#rows.record(id);
    if (record !== undefined && isAliveRecord(record)) this.#cache.write(id, record);
    return true;
  }

  /** The entry, if the cache holds it. */
  #cached(id: EntryId): HeldEntry | undefined {
    const record = this.#cache.record(id);
    return record === undefined ? this.#cache.large(id) : this.build(id, record);
  }

  /** Has the entry at hand for those who ask next, if it is not large. */
  #recall(entry: HeldEntry): HeldEntry {
    if (entry.record.length <= SMALL_BYTES) this.#recent[entry.id & (RECENT - 1)] = entry;
    return entry;
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
    try {
      const cached = this.#cached(id);
      if (cached !== undefined) return cached;
      // Values in rows are those of now.
      if (isInRows(record)) return this.glance(id);
      return isAliveRecord(record) ? this.build(id, record) : undefined;
    } catch (error) {
      // The row is older than the tree: entry or parent may be gone by now.
      if (error instanceof StoreError) return this.glance(id);
      throw error;
    }
  }

  #keep(entry: HeldEntry): HeldEntry {
    this.#cache.put(entry);
    return this.#recall(entry);
  }

  /** An entry was written; undefined: it died. */
  written(id: EntryId, record: Uint8Array | undefined): void {
    const place = id & (RECENT - 1);
    if (this.#recent[place]?.id === id) this.#recent[place] = undefined;
    if (record === undefined) this.#cache.remove(id);
    else this.#cache.write(id, record);
  }

  /**
   * What a record that was written says: a large entry is held as the writer knows it, so that the next change of a group of many members does not
   * decode and compare them all.
   */
  decoded(id: EntryId, record: Uint8Array, state: EntryState): void {
    if (record.length > SMALL_BYTES) this.#cache.put(this.build(id, record, state));
  }

  /** A dead entry was dropped from the store with all that told of it. */
  buried(id: EntryId, uuid: EntryUuid): void {
    this.written(id, undefined);
    this.#rows.buried(id, uuid);
  }

  /** Entries with children changed their names. */
  renamed(): void {
    this.#recent.fill(undefined);
    this.#cache.dropNames();
  }

  /** Forgets what it remembers. */
  clear(): void {
    this.#recent.fill(undefined);
    this.#cache.clear();
    this.#rows.clear();
    this.texts.clear();
  }

  /** Octets of memory that entries and their encoded answers take. */
  get cachedBytes(): number {
    return this.#cache.bytes;
  }
}
