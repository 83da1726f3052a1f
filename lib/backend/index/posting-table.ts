/**
 * PostingTable: the values of one index and the entries of each, gathered in flat arrays: no object for a value or a posting.
 *
 * Owns the postings: pairs of value and entry in the order in which they come. Before they are read they are sorted by value, by counting, in two
 * walks along the pairs: lists chained through memory cost a miss of the processor's caches for each posting. The values stand in an OctetTable.
 * Invariants: ids come in rising order; a value keeps its number until clear().
 */
import { assert, must } from '../../base/assert.js';
import type { EntryId } from '../backend.js';
import { grownWords, OctetTable } from '../memory/octet-table.js';

/** Pairs in one piece: a power of two. Pieces are never copied, however many there are. */
const PAIR_BITS = 15;
const PIECE_PAIRS = 2 ** PAIR_BITS;
/** Ids are kept as differences to the first one. */
const MOST_IDS = 0xffff_fffe;

type Words = Uint32Array<ArrayBuffer>;

/** See the file header. */
export class PostingTable {
  readonly #values = new OctetTable();
  /** Last id of a value, plus one; 0: none. */
  #last: Words = new Uint32Array(this.#values.capacity);
  /** Pairs of value and id, in pieces. */
  #pairs: Words[] = [];
  #pairCount = 0;
  #base = 0;
  /** After the last walk: ids by value, and where those of each end. */
  #sorted: { readonly ids: Words; readonly ends: Words } | undefined;

  /** Values gathered. */
  get count(): number {
    return this.#values.count;
  }

  /** Number of the value of these octets, the first `length` of `octets`. */
  value(octets: Uint8Array, length: number): number {
    const value = this.#values.value(octets, length);
    if (value >= this.#last.length) this.#last = grownWords(this.#last, this.#values.capacity);
    return value;
  }

  /** Adds an id, not smaller than any before, to a value. False: it is there. */
  add(value: number, id: EntryId): boolean {
    if (this.#base === 0) this.#base = id;
    const place = id - this.#base + 1;
    assert(place > 0 && place <= MOST_IDS, 'ids come in rising order');
    if (this.#last[value] === place) return false;
    this.#last[value] = place;
    const pair = this.#pairCount++;
    if (pair >>> PAIR_BITS === this.#pairs.length) this.#pairs.push(new Uint32Array(2 * PIECE_PAIRS));
    const piece = this.#pairs[pair >>> PAIR_BITS] as Words;
    const at = 2 * (pair & (PIECE_PAIRS - 1));
    piece[at] = value;
    piece[at + 1] = place;
    this.#sorted = undefined;
    return true;
  }

  /** Has the ids of each value at hand for ids(). Yields after each piece of the work, about a millisecond, for those who let others have a turn. Nothing may be added meanwhile. */
  *sorting(): Generator<void, void> {
    const ends = new Uint32Array(this.count);
    const count = (value: number) => {
      ends[value] = (ends[value] as number) + 1;
    };
    for (const piece of this.#pieces()) {
      eachPair(piece, count);
      yield;
    }
    let start = 0;
    for (let value = 0; value < ends.length; value++) {
      const ids = ends[value] as number;
      ends[value] = start;
      start += ids;
    }
    // A start moves along as its ids come in, and is the end at last.
    const ids = new Uint32Array(this.#pairCount);
    const enter = (value: number, place: number) => {
      const at = ends[value] as number;
      ids[at] = place;
      ends[value] = at + 1;
    };
    for (const piece of this.#pieces()) {
      eachPair(piece, enter);
      yield;
    }
    this.#sorted = { ids, ends };
  }

  /** The pieces as far as pairs stand in them. */
  *#pieces(): Generator<Words, void> {
    let left = this.#pairCount;
    for (const piece of this.#pairs) {
      yield piece.subarray(0, 2 * Math.min(left, PIECE_PAIRS));
      left -= PIECE_PAIRS;
    }
  }

  /** Hash of the octets of a value. */
  hash(value: number): number {
    return this.#values.hash(value);
  }

  /** Octets of a value: a view, void after the next value(). */
  octets(value: number): Uint8Array {
    return this.#values.octets(value);
  }

  /** The numbers of all values in the order of their octets. */
  order(): Words {
    return this.#values.order();
  }

  /** Ids of a value, ascending. */
  ids(value: number): EntryId[] {
    const { ids, start, end } = this.#place(value);
    const offset = this.#base - 1;
    const out: EntryId[] = [];
    for (let at = start; at < end; at++) out.push((offset + (ids[at] as number)) as EntryId);
    return out;
  }

  /** Number of ids of a value. */
  idCount(value: number): number {
    const { start, end } = this.#place(value);
    return end - start;
  }

  #place(value: number): { readonly ids: Words; readonly start: number; readonly end: number } {
    if (this.#sorted === undefined) for (const _ of this.sorting());
    const { ids, ends } = must(this.#sorted, 'they were just sorted');
    return { ids, start: value === 0 ? 0 : (ends[value - 1] as number), end: ends[value] as number };
  }

  /** Forgets everything; memory grown for it is given back. */
  clear(): void {
    this.#values.clear();
    this.#last = new Uint32Array(this.#values.capacity);
    this.#pairs = [];
    this.#pairCount = 0;
    this.#base = 0;
    this.#sorted = undefined;
  }
}

function eachPair(piece: Words, take: (value: number, place: number) => void): void {
  for (let at = 0; at < piece.length; at += 2) take(piece[at] as number, piece[at + 1] as number);
}
