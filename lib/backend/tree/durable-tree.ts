/**
 * The tree as readers see it: durable entries, from a bounded cache over the store. Told of every commit.
 *
 * Entries that were asked for a moment ago (bases, parents) are at hand as objects, few and small; the others are made of the cache's bytes each time.
 */

import type { EntryUuid } from '../../change/change.js';
import type { EntryState } from '../../conflict/entry-state.js';
import { StoreError } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import { EntryCache, SMALL_BYTES } from '../memory/entry-cache.js';
import type { Counters } from '../rows/counters.js';
import { isAliveRecord, isInRows, isSound } from '../rows/entry-record.js';
import { LOST_AND_FOUND_ID, readId } from '../rows/key-space.js';
import type { DurableRows } from '../rows/rows.js';
import type { HeldEntry } from '../rows/stored-entry.js';
import { DnTexts } from './dn-texts.js';
import { EntryTree } from './entry-tree.js';
import type { TreeFacts } from './tree-facts.js';

/** Commits that may come between the reads of one row and of its parent's, one after another. */
const REREADS = 4;
/** Where the number stands in the key of an entry's row. */
const ENTRY_ID_AT = 3;
/** Entries at hand as objects: a power of two. */
const RECENT = 256;

/** What a step of preload() did. */
export interface PreloadStep {
  /** Rows that it looked at. */
  readonly looked: number;
  /** Where to go on; undefined: at the end, or there is no room. */
  readonly next: EntryId | undefined;
}

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
  /** Entries written since preload() began to read; undefined while it does not, or once all was forgotten. */
  #writtenSince: Set<EntryId> | undefined;

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

  /** The record as it was last written or read, where it is held and not large. */
  heldRecord(id: EntryId): Uint8Array | undefined {
    return this.#cache.record(id);
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

  /**
   * Has entries in the cache before anybody asks for them, from a number on; large ones and those that cannot be read wait until then. One call at a time.
   */
  async preload(from: EntryId, most: number): Promise<PreloadStep> {
    // What the scan saw of an entry that is written meanwhile is of before.
    const since = new Set<EntryId>();
    this.#writtenSince = since;
    let looked = 0;
    let next: EntryId | undefined;
    try {
      for await (const rows of this.#rows.entriesFrom(from, most)) {
        // All was forgotten meanwhile: the rows may be those of before.
        if (this.#writtenSince !== since) break;
        for (const { key, value } of rows) {
          if (!this.#cache.hasRoom) return { looked, next: undefined };
          const id = readId(key, ENTRY_ID_AT);
          looked += 1;
          next = (id + 1) as EntryId;
          if (since.has(id) || !isSound(value) || !isAliveRecord(value) || this.#cache.has(id)) continue;
          this.#cache.write(id, value);
          this.#nameAhead(id, value);
        }
      }
    } finally {
      this.#writtenSince = undefined;
    }
    return { looked, next };
  }

  /** Whoever asks for its name first finds it as those who ask again: a guess, which the entry proves. */
  #nameAhead(id: EntryId, record: Uint8Array): void {
    try {
      const entry = this.build(id, record);
      this.texts.put(entry.dnText, entry);
    } catch (error) {
      // Its parent was written meanwhile.
      if (!(error instanceof StoreError)) throw error;
    }
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
    this.#writtenSince?.add(id);
    const place = id & (RECENT - 1);
    if (this.#recent[place]?.id === id) this.#recent[place] = undefined;
    if (record !== undefined) this.#cache.write(id, record);
    else {
      // Its row stays, and is long to read.
      const large = this.#cache.large(id);
      if (large !== undefined) this.texts.forget(large.dnText);
      this.#cache.remove(id);
    }
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
    this.#writtenSince = undefined;
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
