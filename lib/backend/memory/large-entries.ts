/**
 * Large entries in memory, as objects with what was decoded of them: a group of many members is decoded once. Bounded in octets.
 *
 * Second-chance order: an entry used since the sweep last passed stays; one that holds decoded attributes gives those back first.
 */
import type { EntryId } from '../backend.js';
import type { HeldEntry } from '../rows/stored-entry.js';

/** Entries looked at when memory grows by decoding. */
const GROWTH_STEPS = 4;

export class LargeEntries {
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
