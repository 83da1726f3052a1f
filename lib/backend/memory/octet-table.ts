/**
 * OctetTable: a set of byte strings in flat arrays, each with a number: no object for a string.
 *
 * Owns the hash table and the octets, which stand one after another. Invariants: numbers count from 0 in the order of arrival; a string keeps its
 * number until clear().
 */

import { octetOrder } from './octet-order.js';

const FIRST_VALUES = 1024;
const FIRST_OCTETS = 16_384;

type Words = Uint32Array<ArrayBuffer>;

/** See the file header. */
export class OctetTable {
  #octets = new Uint8Array(FIRST_OCTETS);
  /** Of value v: where its octets start; where they end is where the next start. */
  #starts: Words = new Uint32Array(FIRST_VALUES + 1);
  #hashes: Words = new Uint32Array(FIRST_VALUES);
  /** Numbers plus one; at most half full. */
  #slots: Words = new Uint32Array(FIRST_VALUES * 2);
  #count = 0;
  /** Values that stand among the slots: those before this number. */
  #hashed = 0;
  /** What find() did not find, until something is added: who asks first and adds then pays for one look. */
  #missed: Uint8Array | undefined;
  #missedHash = 0;
  #missedSlot = 0;

  /** Values held. */
  get count(): number {
    return this.#count;
  }

  /** Values for which there is room before the table grows. */
  get capacity(): number {
    return this.#hashes.length;
  }

  /** Takes a value that is known to be new. It is hashed when somebody looks for one. Answers its number. */
  add(octets: Uint8Array): number {
    if (2 * (this.#count + 1) > this.#slots.length) this.#grow();
    return this.#put(octets, octets.length);
  }

  /** Number of the value of these octets, the first `length` of `octets`; a new one gets the next number. */
  value(octets: Uint8Array, length: number): number {
    if (this.#hashed < this.#count) this.#hashAdded();
    if (this.#missed === octets && length === octets.length)
      return this.#append(octets, length, this.#missedHash, this.#missedSlot);
    const hash = hashOf(octets, length);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = this.#slots[slot] as number;
      if (found === 0) return this.#append(octets, length, hash, slot);
      if (this.#hashes[found - 1] === hash && this.#equals(found - 1, octets, length)) return found - 1;
    }
  }

  /** Number of the value of these octets; -1: it is not held. */
  find(octets: Uint8Array): number {
    if (this.#hashed < this.#count) this.#hashAdded();
    const hash = hashOf(octets, octets.length);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = this.#slots[slot] as number;
      if (found === 0) {
        this.#missed = octets;
        this.#missedHash = hash;
        this.#missedSlot = slot;
        return -1;
      }
      if (this.#hashes[found - 1] === hash && this.#equals(found - 1, octets, octets.length))
        return found - 1;
    }
  }

  #equals(value: number, octets: Uint8Array, length: number): boolean {
    const start = this.#starts[value] as number;
    if ((this.#starts[value + 1] as number) - start !== length) return false;
    const all = this.#octets;
    for (let i = 0; i < length; i++) if (all[start + i] !== octets[i]) return false;
    return true;
  }

  #append(octets: Uint8Array, length: number, hash: number, slot: number): number {
    if (2 * (this.#count + 1) > this.#slots.length) {
      this.#grow();
      return this.value(octets, length);
    }
    const value = this.#put(octets, length);
    this.#hashes[value] = hash;
    this.#slots[slot] = value + 1;
    this.#hashed = this.#count;
    return value;
  }

  /** Puts octets behind the others. */
  #put(octets: Uint8Array, length: number): number {
    this.#missed = undefined;
    const value = this.#count++;
    const start = this.#starts[value] as number;
    const end = start + length;
    if (end > this.#octets.length) {
      const larger = new Uint8Array(Math.max(end, this.#octets.length * 2));
      larger.set(this.#octets.subarray(0, start));
      this.#octets = larger;
    }
    for (let i = 0; i < length; i++) this.#octets[start + i] = octets[i] as number;
    this.#starts[value + 1] = end;
    return value;
  }

  #hashAdded(): void {
    for (; this.#hashed < this.#count; this.#hashed++) {
      const octets = this.octets(this.#hashed);
      this.#hashes[this.#hashed] = hashOf(octets, octets.length);
      this.#enter(this.#hashed);
    }
  }

  #enter(value: number): void {
    const mask = this.#slots.length - 1;
    let slot = (this.#hashes[value] as number) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = value + 1;
  }

  /** Twice as many values. */
  #grow(): void {
    const values = this.#slots.length;
    // Its slot is another's now.
    this.#missed = undefined;
    this.#starts = grownWords(this.#starts, values + 1);
    this.#hashes = grownWords(this.#hashes, values);
    this.#slots = new Uint32Array(values * 2);
    for (let value = 0; value < this.#hashed; value++) this.#enter(value);
  }

  /** Hash of the octets of a value. */
  hash(value: number): number {
    return this.#hashes[value] as number;
  }

  /** Octets of a value: a view, void after the next value(). */
  octets(value: number): Uint8Array {
    return this.#octets.subarray(this.#starts[value], this.#starts[value + 1]);
  }

  /** The numbers of all values in the order of their octets. */
  order(): Words {
    return octetOrder({ octets: this.#octets, starts: this.#starts, count: this.#count });
  }

  /** Forgets everything; memory grown for it is given back. */
  clear(): void {
    this.#missed = undefined;
    this.#octets = new Uint8Array(FIRST_OCTETS);
    this.#starts = new Uint32Array(FIRST_VALUES + 1);
    this.#hashes = new Uint32Array(FIRST_VALUES);
    this.#slots = new Uint32Array(FIRST_VALUES * 2);
    this.#count = 0;
    this.#hashed = 0;
  }
}

/** FNV-1a, its high bits folded in. */
function hashOf(octets: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (octets[i] as number), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** The words in a longer array, zeroes behind them. */
export function grownWords(words: Words, length: number): Words {
  const larger = new Uint32Array(length);
  larger.set(words);
  return larger;
}
