/**
 * Live entries in memory, bounded in octets: records as bytes in an arena, large entries as objects.
 *
 * No object stands for an entry of usual size between two uses: 100,000 of them would keep the garbage collector busy. Who asks for one gets a copy of
 * its record, so what is evicted later does not change what was read.
 */
import type { EntryId } from '../backend.js';
import type { HeldEntry } from '../rows/stored-entry.js';
import { LargeEntries } from './large-entries.js';
import { OctetArena } from './octet-arena.js';

/** Longer records are large. */
export const SMALL_BYTES = 4096;
/** Part of the memory that large entries may take: one in so many. */
const LARGE_SHARE = 4;

/** See the file header. */
export class EntryCache {
  readonly #arena: OctetArena;
  readonly #large: LargeEntries;

  constructor(limitBytes: number) {
    const largeBytes = Math.floor(limitBytes / LARGE_SHARE);
    this.#large = new LargeEntries(largeBytes);
    this.#arena = new OctetArena(limitBytes - largeBytes);
  }

  /** Octets of memory taken. */
  get bytes(): number {
    return this.#arena.bytes + this.#large.bytes;
  }

  /** Entries held. */
  get size(): number {
    return this.#arena.count + this.#large.size;
  }

  /** A large entry that is held. */
  large(id: EntryId): HeldEntry | undefined {
    return this.#large.size === 0 ? undefined : this.#large.get(id);
  }

  /** A copy of the record of an entry that is held and not large. */
  record(id: EntryId): Uint8Array | undefined {
    const place = this.#arena.find(id);
    return place < 0 ? undefined : this.#arena.get(place);
  }

  /** Whether an entry more is held without letting go of another. */
  get hasRoom(): boolean {
    return this.#arena.hasRoom;
  }

  /** Whether an entry that is not large is held. */
  has(id: EntryId): boolean {
    return this.#arena.find(id) >= 0;
  }

  put(entry: HeldEntry): void {
    if (!this.write(entry.id, entry.record)) this.#large.put(entry);
  }

  /** Holds a new record of an entry in place of the old one. False: it is large. */
  write(id: EntryId, record: Uint8Array): boolean {
    if (record.length > SMALL_BYTES || !this.#arena.put(id, record)) {
      this.remove(id);
      return false;
    }
    if (this.#large.size > 0) this.#large.remove(id);
    return true;
  }

  remove(id: EntryId): void {
    this.#arena.remove(id);
    if (this.#large.size > 0) this.#large.remove(id);
  }

  /** Names of entries with children changed; records hold none. */
  dropNames(): void {
    this.#large.clear();
  }

  clear(): void {
    this.#arena.clear();
    this.#large.clear();
  }
}
