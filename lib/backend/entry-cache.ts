/**
 * Live entries in memory, bounded in octets, and the DNs that clients write for them.
 *
 * Second-chance order: an entry used since the sweep last passed stays; one that holds decoded attributes gives those back first. Entries
 * that do not fit are decoded again from the store when asked for.
 */
import type { EntryId } from './backend.js';
import type { HeldEntry } from './stored-entry.js';

/** Entries looked at when memory grows by decoding. */
const GROWTH_STEPS = 4;

export class EntryCache {
  readonly #limitBytes: number;
  /** Place of an entry in the ring. */
  readonly #places = new Map<EntryId, number>();
  readonly #ring: (HeldEntry | undefined)[] = [];
  readonly #free: number[] = [];
  #hand = 0;
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get size(): number {
    return this.#places.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(id: EntryId): HeldEntry | undefined {
    const place = this.#places.get(id);
    if (place === undefined) return undefined;
    const entry = this.#ring[place] as HeldEntry;
    entry.used = true;
    return entry;
  }

  put(entry: HeldEntry): void {
    this.remove(entry.id);
    const place = this.#free.pop() ?? this.#ring.length;
    this.#ring[place] = entry;
    this.#places.set(entry.id, place);
    entry.holder = this;
    this.#bytes += entry.heldBytes;
    if (this.#bytes > this.#limitBytes) this.#sweep(this.#ring.length * 3);
  }

  remove(id: EntryId): void {
    const place = this.#places.get(id);
    if (place !== undefined) this.#drop(place, this.#ring[place] as HeldEntry);
  }

  #drop(place: number, entry: HeldEntry): void {
    this.#ring[place] = undefined;
    this.#free.push(place);
    this.#places.delete(entry.id);
    this.#bytes -= entry.heldBytes;
    entry.holder = undefined;
  }

  clear(): void {
    for (const entry of this.#ring) if (entry !== undefined) entry.holder = undefined;
    this.#ring.length = 0;
    this.#free.length = 0;
    this.#places.clear();
    this.#bytes = 0;
  }

  /** An entry that is held here decoded more of itself. */
  grew(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limitBytes) this.#sweep(GROWTH_STEPS);
  }

  /** Moves the hand over at most `steps` places until there is room. */
  #sweep(steps: number): void {
    for (let left = steps; left > 0 && this.#bytes > this.#limitBytes; left--) {
      if (this.#hand >= this.#ring.length) this.#hand = 0;
      const place = this.#hand++;
      const entry = this.#ring[place];
      if (entry === undefined) continue;
      if (entry.used) {
        entry.used = false;
        continue;
      }
      const before = entry.heldBytes;
      if (entry.shrink()) this.#bytes += entry.heldBytes - before;
      else this.#drop(place, entry);
    }
  }
}

/** A map that forgets its older half when it is full: two generations, found in either. */
export class HalfLifeMap<K, V> {
  readonly #half: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** `limit`: most items. */
  constructor(limit: number) {
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: K): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
