/**
 * PostingTable: the values of one index and the entries of each, gathered in flat arrays: no object for a value or a posting.
 *
 * Owns the hash table of values (their octets stand one after another) and the chained lists of entry numbers. Invariants: ids come in rising order
 * for each value; a value keeps its number until clear().
 */
import { assert } from '../base/assert.js';
import type { EntryId } from './backend.js';

const FIRST_VALUES = 1024;
const FIRST_OCTETS = 16_384;
/** Links in one piece: a power of two. Pieces are never copied, however long the lists grow. */
const LINK_BITS = 15;
const PIECE_LINKS = 2 ** LINK_BITS;
/** Ids are kept as differences to the first one. */
const MOST_IDS = 0xffff_fffe;

type Words = Uint32Array<ArrayBuffer>;

/** See the file header. */
export class PostingTable {
  #octets = new Uint8Array(FIRST_OCTETS);
  /** Of value v: where its octets start; where they end is where the next start. */
  #starts: Words = new Uint32Array(FIRST_VALUES + 1);
  #hashes: Words = new Uint32Array(FIRST_VALUES);
  /** First and last id of a value, plus one; 0: none. Those between stand in links. */
  #first: Words = new Uint32Array(FIRST_VALUES);
  #last: Words = new Uint32Array(FIRST_VALUES);
  /** First and last link of a value; 0: none. */
  #head: Words = new Uint32Array(FIRST_VALUES);
  #tail: Words = new Uint32Array(FIRST_VALUES);
  /** Hash table of values, plus one; at most half full. */
  #slots: Words = new Uint32Array(FIRST_VALUES * 2);
  #count = 0;
  /** Pairs of id and next link, from 1 on, in pieces. */
  #links: Words[] = [];
  #linkCount = 1;
  #base = 0;

  /** Values gathered. */
  get count(): number {
    return this.#count;
  }

  /** Number of the value of these octets, the first `length` of `octets`. */
  value(octets: Uint8Array, length: number): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (octets[i] as number), 0x01000193);
    hash = (hash ^ (hash >>> 15)) >>> 0;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = this.#slots[slot] as number;
      if (found === 0) return this.#append(octets, length, hash, slot);
      if (this.#hashes[found - 1] === hash && this.#equals(found - 1, octets, length)) return found - 1;
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
    this.#hashes[value] = hash;
    this.#slots[slot] = value + 1;
    return value;
  }

  /** Twice as many values. */
  #grow(): void {
    const values = this.#slots.length;
    this.#starts = copied(this.#starts, values + 1);
    this.#hashes = copied(this.#hashes, values);
    this.#first = copied(this.#first, values);
    this.#last = copied(this.#last, values);
    this.#head = copied(this.#head, values);
    this.#tail = copied(this.#tail, values);
    this.#slots = new Uint32Array(values * 2);
    const mask = this.#slots.length - 1;
    for (let value = 0; value < this.#count; value++) {
      let slot = (this.#hashes[value] as number) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = value + 1;
    }
  }

  /** Adds an id, not smaller than any before, to a value. False: it is there. */
  add(value: number, id: EntryId): boolean {
    if (this.#base === 0) this.#base = id;
    const place = id - this.#base + 1;
    assert(place > 0 && place <= MOST_IDS, 'ids come in rising order');
    const last = this.#last[value] as number;
    if (last === place) return false;
    this.#last[value] = place;
    if (last === 0) this.#first[value] = place;
    else this.#link(value, place);
    return true;
  }

  #link(value: number, place: number): void {
    const link = this.#linkCount++;
    if (link >>> LINK_BITS === this.#links.length) this.#links.push(new Uint32Array(2 * PIECE_LINKS));
    (this.#links[link >>> LINK_BITS] as Words)[2 * (link & (PIECE_LINKS - 1))] = place;
    const tail = this.#tail[value] as number;
    if (tail === 0) this.#head[value] = link;
    else (this.#links[tail >>> LINK_BITS] as Words)[2 * (tail & (PIECE_LINKS - 1)) + 1] = link;
    this.#tail[value] = link;
  }

  /** Hash of the octets of a value. */
  hash(value: number): number {
    return this.#hashes[value] as number;
  }

  /** Octets of a value: a view, void after the next value(). */
  octets(value: number): Uint8Array {
    return this.#octets.subarray(this.#starts[value], this.#starts[value + 1]);
  }

  /** Ids of a value, ascending. */
  ids(value: number): EntryId[] {
    const offset = this.#base - 1;
    const ids = [(offset + (this.#first[value] as number)) as EntryId];
    for (let link = this.#head[value] as number; link !== 0; ) {
      const piece = this.#links[link >>> LINK_BITS] as Words;
      const at = 2 * (link & (PIECE_LINKS - 1));
      ids.push((offset + (piece[at] as number)) as EntryId);
      link = piece[at + 1] as number;
    }
    return ids;
  }

  /** Forgets everything; memory grown for it is given back. */
  clear(): void {
    this.#octets = new Uint8Array(FIRST_OCTETS);
    this.#starts = new Uint32Array(FIRST_VALUES + 1);
    this.#hashes = new Uint32Array(FIRST_VALUES);
    this.#first = new Uint32Array(FIRST_VALUES);
    this.#last = new Uint32Array(FIRST_VALUES);
    this.#head = new Uint32Array(FIRST_VALUES);
    this.#tail = new Uint32Array(FIRST_VALUES);
    this.#slots = new Uint32Array(FIRST_VALUES * 2);
    this.#links = [];
    this.#count = 0;
    this.#linkCount = 1;
    this.#base = 0;
  }
}

function copied(words: Words, length: number): Words {
  const larger = new Uint32Array(length);
  larger.set(words);
  return larger;
}
