/**
 * TableBuilder: one table in LevelDB's format (its doc/table_format.md), made in memory from rows in the order of their keys.
 *
 * Owns the octets: blocks of rows with what keys share left out and a restart point every 16 rows, a Bloom filter a block, the index of the blocks, the
 * footer. Blocks are compressed where that saves an eighth, as LevelDB does it. All rows have sequence number 0: older than anything that a database writes. Knows no file.
 */
import { assert } from '../../base/assert.js';
import { BloomFilters, FILTER_NAME } from './bloom-filters.js';
import { crc32c, maskedCrc } from './crc32c.js';
import { putFixed32, putVarint } from './level-numbers.js';
import { compress, mostCompressed } from './snappy.js';

/** Octets of rows after which a block ends: LevelDB's own measure. */
const BLOCK_BYTES = 4096;
/** Rows from one whole key to the next. */
const RESTART_ROWS = 16;
/** Octets behind a key: sequence number 0, and that it is a value. */
export const KEY_TRAILER = 8;
const TYPE_VALUE = 1;
/** Kind of block, checksum. */
const BLOCK_TRAILER = 5;
const NOT_COMPRESSED = 0;
const SNAPPY = 1;
const FOOTER_BYTES = 48;
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/** Most octets of three lengths before a row. */
const ROW_HEADER = 15;
/** Up to so many octets a loop is faster than a native copy. */
const LOOPED_BYTES = 48;

/** A table that is done. `smallest` and `largest`: keys as they stand in tables, with their trailers. */
export interface BuiltTable {
  readonly octets: Uint8Array<ArrayBuffer>;
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
}

/** See the file header. */
export class TableBuilder {
  #octets: Uint8Array<ArrayBuffer>;
  #at = 0;
  #blockStart = 0;
  /** Restart points of the block, from its start. */
  #restarts: number[] = [0];
  #rows = 0;
  /** The key before, without its trailer. */
  #key = new Uint8Array(256);
  #keyLength = 0;
  #smallest: Uint8Array | undefined;
  /** Last keys of the blocks and where these stand: the rows of the index. */
  readonly #index: { readonly key: Uint8Array; readonly value: Uint8Array }[] = [];
  readonly #filters = new BloomFilters();
  /** For blocks on their way. */
  #squeezed = new Uint8Array(mostCompressed(2 * BLOCK_BYTES));

  /** Builds in `octets`, which is left for a larger piece of memory when it is too short. */
  constructor(octets: Uint8Array<ArrayBuffer>) {
    this.#octets = octets;
  }

  /** Octets of the blocks so far. */
  get length(): number {
    return this.#at;
  }

  /** The next row; copied. Its key is greater than the one before: a table in any other order loses rows. */
  put(key: Uint8Array, value: Uint8Array): void {
    const { length } = key;
    this.#reserve(ROW_HEADER + length + KEY_TRAILER + value.length);
    const alike = this.#alike(key);
    this.#filters.add(key, length);
    let shared = alike;
    if (this.#rows === RESTART_ROWS) {
      this.#restarts.push(this.#at - this.#blockStart);
      this.#rows = 0;
    }
    if (this.#rows === 0) shared = 0;
    this.#header(shared, length - shared + KEY_TRAILER, value.length);
    this.#copy(key, shared);
    this.#trailer();
    this.#copy(value, 0);
    this.#remember(key, alike);
    this.#rows += 1;
    if (this.#at - this.#blockStart >= BLOCK_BYTES) this.#endBlock();
  }

  /** How many octets the key shares with the one before. */
  #alike(key: Uint8Array): number {
    const { length } = key;
    if (this.#smallest === undefined) {
      this.#smallest = withTrailer(key, length);
      return 0;
    }
    const before = this.#key;
    const most = Math.min(length, this.#keyLength);
    let alike = 0;
    while (alike < most && before[alike] === key[alike]) alike += 1;
    const rises = alike === most ? length > most : (key[alike] as number) > (before[alike] as number);
    assert(rises, 'rows of a table come in the order of their keys');
    return alike;
  }

  /** The table, at least one row of which was put. */
  finish(): BuiltTable {
    assert(this.#smallest !== undefined, 'a table has rows');
    const largest = withTrailer(this.#key, this.#keyLength);
    if (this.#at > this.#blockStart) this.#endBlock();
    const filter = this.#raw(this.#filters.finish());
    const meta = this.#block([{ key: FILTER_NAME, value: filter }]);
    const index = this.#block(this.#index);
    this.#reserve(FOOTER_BYTES);
    const footer = this.#octets.subarray(this.#at, this.#at + FOOTER_BYTES);
    footer.fill(0);
    footer.set(meta);
    footer.set(index, meta.length);
    footer.set(MAGIC, FOOTER_BYTES - MAGIC.length);
    this.#at += FOOTER_BYTES;
    return { octets: this.#octets.subarray(0, this.#at), smallest: this.#smallest, largest };
  }

  #remember(key: Uint8Array, shared: number): void {
    const { length } = key;
    let from = shared;
    if (length > this.#key.length) {
      this.#key = new Uint8Array(2 * length);
      from = 0;
    }
    const kept = this.#key;
    for (let i = from; i < length; i++) kept[i] = key[i] as number;
    this.#keyLength = length;
  }

  #header(shared: number, rest: number, value: number): void {
    const octets = this.#octets;
    if ((shared | rest | value) < 0x80) {
      octets[this.#at] = shared;
      octets[this.#at + 1] = rest;
      octets[this.#at + 2] = value;
      this.#at += 3;
      return;
    }
    this.#at = putVarint(octets, this.#at, shared);
    this.#at = putVarint(octets, this.#at, rest);
    this.#at = putVarint(octets, this.#at, value);
  }

  #copy(given: Uint8Array, from: number): void {
    const octets = this.#octets;
    const at = this.#at - from;
    const { length } = given;
    if (length - from > LOOPED_BYTES) octets.set(from === 0 ? given : given.subarray(from), this.#at);
    else for (let i = from; i < length; i++) octets[at + i] = given[i] as number;
    this.#at = at + length;
  }

  #trailer(): void {
    const octets = this.#octets;
    octets[this.#at] = TYPE_VALUE;
    for (let i = 1; i < KEY_TRAILER; i++) octets[this.#at + i] = 0;
    this.#at += KEY_TRAILER;
  }

  /** Ends the block of rows at hand and enters it in the index. */
  #endBlock(): void {
    const value = this.#sealed(this.#restarts, true);
    this.#index.push({ key: withTrailer(this.#key, this.#keyLength), value });
    this.#restarts = [0];
    this.#rows = 0;
    this.#filters.blockAt(this.#at);
  }

  /** A block of few rows, each of which has its whole key. Answers its handle. */
  #block(rows: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]): Uint8Array {
    const restarts: number[] = [];
    for (const { key, value } of rows) {
      this.#reserve(ROW_HEADER + key.length + value.length);
      restarts.push(this.#at - this.#blockStart);
      this.#header(0, key.length, value.length);
      this.#copy(key, 0);
      this.#copy(value, 0);
    }
    return this.#sealed(restarts, false);
  }

  /** A block of other octets. Answers its handle. */
  #raw(given: Uint8Array): Uint8Array {
    this.#reserve(given.length + BLOCK_TRAILER);
    this.#octets.set(given, this.#at);
    this.#at += given.length;
    return this.#checked(NOT_COMPRESSED);
  }

  /** Writes the restart points and what ends every block. */
  #sealed(restarts: readonly number[], compressed: boolean): Uint8Array {
    this.#reserve(4 * restarts.length + 4 + BLOCK_TRAILER);
    for (const restart of restarts) this.#fixed32(restart);
    this.#fixed32(restarts.length);
    return this.#checked(compressed && this.#squeeze() ? SNAPPY : NOT_COMPRESSED);
  }

  /** Compresses the block at hand in its place, where it becomes enough shorter. */
  #squeeze(): boolean {
    const start = this.#blockStart;
    const length = this.#at - start;
    const most = mostCompressed(length);
    if (this.#squeezed.length < most) this.#squeezed = new Uint8Array(2 * most);
    const made = compress(this.#octets, start, this.#at, this.#squeezed);
    if (made >= length - (length >>> 3)) return false;
    this.#octets.set(this.#squeezed.subarray(0, made), start);
    this.#at = start + made;
    return true;
  }

  /** Writes the kind of the block and its checksum; the next one begins behind them. Answers its handle: where it stands, and its octets. */
  #checked(kind: number): Uint8Array {
    const start = this.#blockStart;
    const length = this.#at - start;
    this.#octets[this.#at++] = kind;
    this.#fixed32(maskedCrc(crc32c(this.#octets, start, this.#at)));
    this.#blockStart = this.#at;
    const handle = new Uint8Array(20);
    return handle.subarray(0, putVarint(handle, putVarint(handle, 0, start), length));
  }

  #fixed32(value: number): void {
    putFixed32(this.#octets, this.#at, value);
    this.#at += 4;
  }

  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#octets.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#octets.length));
    larger.set(this.#octets.subarray(0, this.#at));
    this.#octets = larger;
  }
}

/** A key as it stands in tables. */
function withTrailer(key: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(length + KEY_TRAILER);
  whole.set(key.subarray(0, length));
  whole[length] = TYPE_VALUE;
  return whole;
}
