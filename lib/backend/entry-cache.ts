/**
 * Live entries in memory, bounded in octets: records and encoded answers as bytes in an arena, large entries as objects.
 *
 * No object stands for an entry of usual size between two uses: 100,000 of them would keep the garbage collector busy. A record gets a stamp when
 * it is put; a form carries the stamp and the name epoch of the entry that it was made of, and serves no other. An item of the arena is a record
 * under twice the entry's number, its form under the odd number behind it.
 */
import type { EntryId, KeptForm } from './backend.js';
import { LargeEntries } from './large-entries.js';
import { OctetArena } from './octet-arena.js';
import type { FormKeeper, HeldEntry } from './stored-entry.js';

/** Longer records are large. */
const SMALL_BYTES = 4096;
/** Part of the memory that large entries may take. */
const LARGE_SHARE = 4;
/** Before a form, as words: number of the reader's key and whether it is a subentry, epoch. */
const FORM_HEADER = 8;
/** Longest form, header included. */
const FORM_BYTES = 4096;
const MOST_KEYS = 0xffff;

/** See the file header. */
export class EntryCache implements FormKeeper {
  readonly #arena: OctetArena;
  readonly #large: LargeEntries;
  readonly #cacheKeys = new Map<string, number>();
  #lastStamp = 0;
  /** Names that are made now are of this epoch. */
  epoch = 0;
  readonly #form = new Uint8Array(FORM_BYTES);
  readonly #head = new Uint32Array(this.#form.buffer, 0, 2);

  constructor(limitBytes: number) {
    const largeBytes = Math.floor(limitBytes / LARGE_SHARE);
    this.#large = new LargeEntries(largeBytes);
    this.#arena = new OctetArena(limitBytes - largeBytes);
  }

  /** Octets of memory taken. */
  get bytes(): number {
    return this.#arena.bytes + this.#large.bytes;
  }

  /** A large entry that is held. */
  large(id: EntryId): HeldEntry | undefined {
    return this.#large.size === 0 ? undefined : this.#large.get(id);
  }

  /** A copy of the record of an entry that is held; its stamp is `stamp` then. */
  record(id: EntryId): Uint8Array | undefined {
    const place = this.#arena.find(2 * id);
    if (place < 0) return undefined;
    this.stamp = this.#arena.tag(place);
    return this.#arena.get(place);
  }
  /** Of the record that record() gave or put() took last. */
  stamp = 0;

  /** Holds a record. False: it is large. */
  put(id: EntryId, record: Uint8Array): boolean {
    this.remove(id);
    if (record.length > SMALL_BYTES || record.length > this.#arena.longest) return false;
    this.#lastStamp = (this.#lastStamp + 1) >>> 0;
    this.stamp = this.#lastStamp;
    return this.#arena.put(2 * id, this.stamp, record);
  }

  putLarge(entry: HeldEntry): void {
    this.#large.put(entry);
  }

  remove(id: EntryId): void {
    this.#arena.remove(2 * id);
    if (this.#large.size > 0) this.#large.remove(id);
  }

  /** Names of entries with children changed: what forms say of names is void. */
  renamed(): void {
    this.epoch = (this.epoch + 1) >>> 0;
    this.#large.clear();
  }

  clear(): void {
    this.#arena.clear();
    this.#large.clear();
  }

  form(entry: HeldEntry, cacheKey: string): Uint8Array | undefined {
    const place = this.#formOf(entry);
    if (place < 0 || this.#arena.word(place, 0) >>> 1 !== this.#cacheKeys.get(cacheKey)) return undefined;
    return this.#arena.view(place, FORM_HEADER);
  }

  isSubentry(entry: HeldEntry): boolean | undefined {
    const place = this.#formOf(entry);
    return place < 0 ? undefined : (this.#arena.word(place, 0) & 1) === 1;
  }

  /** Place of the form of this very version, under the name that it has; negative where there is none. */
  #formOf({ id, stamp, epoch }: HeldEntry): number {
    const place = this.#arena.find(2 * id + 1);
    return place < 0 || this.#arena.tag(place) !== stamp || this.#arena.word(place, 1) !== epoch ? -1 : place;
  }

  keep({ id, stamp, epoch }: HeldEntry, { cacheKey, octets, subentry }: KeptForm): void {
    const place = this.#arena.find(2 * id);
    if (epoch !== this.epoch || place < 0 || this.#arena.tag(place) !== stamp) return;
    const key = this.#keyNumber(cacheKey);
    const length = FORM_HEADER + octets.length;
    if (key === undefined || length > FORM_BYTES) return;
    this.#head[0] = (key << 1) | (subentry ? 1 : 0);
    this.#head[1] = epoch;
    this.#form.set(octets, FORM_HEADER);
    this.#arena.put(2 * id + 1, stamp, this.#form.subarray(0, length));
  }

  #keyNumber(cacheKey: string): number | undefined {
    const known = this.#cacheKeys.get(cacheKey);
    if (known !== undefined || this.#cacheKeys.size >= MOST_KEYS) return known;
    this.#cacheKeys.set(cacheKey, this.#cacheKeys.size);
    return this.#cacheKeys.size - 1;
  }
}
