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
  readonly #entries = new Map<EntryId, HeldEntry>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(id: EntryId): HeldEntry | undefined {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.used = true;
    return entry;
  }

  put(entry: HeldEntry): void {
    this.remove(entry.id);
    entry.holder = this;
    this.#entries.set(entry.id, entry);
    this.#bytes += entry.heldBytes;
    if (this.#bytes > this.#limitBytes) this.#sweep(Number.POSITIVE_INFINITY);
  }

  remove(id: EntryId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#bytes -= entry.heldBytes;
    entry.holder = undefined;
  }

  clear(): void {
    for (const entry of this.#entries.values()) entry.holder = undefined;
    this.#entries.clear();
    this.#bytes = 0;
  }

  /** An entry that is held here decoded more of itself. */
  grew(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limitBytes) this.#sweep(GROWTH_STEPS);
  }

  #sweep(steps: number): void {
    let left = steps;
    for (const [id, entry] of this.#entries) {
      if (this.#bytes <= this.#limitBytes || left-- <= 0) return;
      this.#entries.delete(id);
      this.#bytes -= entry.heldBytes;
      const stays = entry.used || entry.shrink();
      entry.used = false;
      if (stays) {
        this.#entries.set(id, entry);
        this.#bytes += entry.heldBytes;
      } else entry.holder = undefined;
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
