/**
 * PlainReader: whole content records without anything unusual, read in one pass over their octets: what nearly all of a large file consists of.
 *
 * Plain is a record that stands whole in a chunk with the blank line behind it, has lines `name: value` or `name:: base64` with LF ends, no folded
 * line, no comment and no change. Everything else, every fault included, is left to the long way (ldif-reader.ts, parse-record.ts), which says what
 * a record means: a plain one means the same on both. Values are views of one copy of their record.
 */
import { Carver, fromBase64, latin1, utf8Decode } from '../base/bytes.js';
import type { RawValues } from '../entry/modification.js';
import type { LdifItem, LdifRecord } from './ldif-record.js';
import { nameHash, readName } from './parse-record.js';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const HASH = 0x23;
const DASH = 0x2d;
const COLON = 0x3a;
const LESS = 0x3c;

interface Gathered extends RawValues {
  readonly values: Uint8Array[];
}

/** An item whose source is made when it is asked for: only rejects show it. */
class PlainItem {
  readonly kind = 'record';
  readonly line: number;
  readonly record: LdifRecord;
  readonly #octets: Uint8Array;

  constructor(line: number, record: LdifRecord, octets: Uint8Array) {
    this.line = line;
    this.record = record;
    this.#octets = octets;
  }

  get source(): readonly Uint8Array[] {
    const lines: Uint8Array[] = [];
    for (let start = 0; start < this.#octets.length; ) {
      const end = this.#octets.indexOf(LF, start);
      lines.push(this.#octets.subarray(start, end));
      start = end + 1;
    }
    return lines;
  }
}

/** See the file header. */
export class PlainReader {
  readonly #maxLines: number;
  readonly #maxBytes: number;
  readonly #carver = new Carver();
  /** Names of the attributes of the record read last, in their order. */
  #names: readonly string[] = [];
  /** Of the record read last: lines, and where the next one starts. */
  lines = 0;
  end = 0;
  /** Of the record at hand: where its lines end. */
  #ends = new Uint32Array(256);
  /** Of the line at hand: its number, and where its value starts and ends. */
  #line = 0;
  #from = 0;
  #to = 0;

  /** Longest record; no line of one is longer. */
  constructor(maxLines: number, maxBytes: number) {
    this.#maxLines = maxLines;
    this.#maxBytes = maxBytes;
  }

  /** The record that starts at `start`, `line`th line of the file; undefined: it is not plain. Sets `lines` (its blank line included) and `end`. */
  read(chunk: Uint8Array, start: number, line: number): LdifItem | undefined {
    const length = this.#extent(chunk, start);
    if (length === 0) return undefined;
    const octets = this.#carver.carve(length);
    octets.set(chunk.subarray(start, start + length));
    this.#line = 0;
    const first = this.#field(octets, 0);
    if (first !== 'dn' && first?.toLowerCase() !== 'dn') return undefined;
    const dnValue = this.#value(octets);
    const dn = dnValue === undefined ? undefined : utf8Decode(dnValue);
    const attributes = dn === undefined ? undefined : this.#attributes(octets);
    if (dn === undefined || attributes === undefined) return undefined;
    this.end = start + length + 1;
    return new PlainItem(line, { kind: 'content', dn, attributes }, octets);
  }

  /** Octets of the record without its blank line; 0: not plain. Sets `lines`. */
  #extent(chunk: Uint8Array, start: number): number {
    const most = Math.min(chunk.length, start + this.#maxBytes);
    let lines = 0;
    for (let at = start; at < most; ) {
      const mark = chunk[at];
      if (mark === LF) {
        this.lines = lines + 1;
        return lines > this.#maxLines ? 0 : at - start;
      }
      if (mark === SPACE || mark === HASH || mark === DASH || mark === CR) return 0;
      const end = chunk.indexOf(LF, at);
      if (end < 0) return 0;
      if (lines === this.#ends.length) this.#ends = twice(this.#ends);
      this.#ends[lines] = end - start;
      at = end + 1;
      lines += 1;
    }
    return 0;
  }

  /** Attribute lines from the second line on; values of one attribute are gathered. */
  #attributes(octets: Uint8Array): RawValues[] | undefined {
    const list: Gathered[] = [];
    const before = this.#names;
    /** The names so far are those of the record before. */
    let alike = true;
    let last: Gathered | undefined;
    for (let at = this.#to + 1; at < octets.length; at = this.#to + 1) {
      const name = this.#field(octets, at);
      if (name === undefined) return undefined;
      const value = this.#value(octets);
      if (value === undefined) return undefined;
      if (last?.description === name) {
        last.values.push(value);
        continue;
      }
      // As in the record before, this name is none of those before it, nor reserved.
      const known: boolean = alike && before[list.length] === name;
      last = known ? undefined : find(list, name);
      if (last !== undefined) last.values.push(value);
      else {
        if (!known && (isReserved(name) || list.length === FEW)) return undefined;
        alike = known;
        last = { description: name, values: [value] };
        list.push(last);
      }
    }
    if (list.length === 0) return undefined;
    if (!alike || list.length !== before.length) this.#names = list.map(({ description }) => description);
    return list;
  }

  /** The name before the colon of the next line, which starts at `start`. Sets where its value stands, the mark after the colon included. */
  #field(octets: Uint8Array, start: number): string | undefined {
    let hash = 0;
    let at = start;
    for (; ; at++) {
      const c = octets[at] as number;
      if (c === COLON) break;
      if (c === LF) return undefined;
      hash = nameHash(hash, c);
    }
    const name = readName(octets, start, at - start, hash);
    this.#from = at + 1;
    this.#to = this.#ends[this.#line++] as number;
    return name;
  }

  /** The value of the line at hand; undefined: not plain. */
  #value(octets: Uint8Array): Uint8Array | undefined {
    const { buffer, byteOffset } = octets;
    let from = this.#from;
    const to = this.#to;
    const mark = octets[from];
    if (mark === LESS || octets[to - 1] === CR) return undefined;
    if (mark === COLON) from += 1;
    while (octets[from] === SPACE) from += 1;
    if (mark === COLON) return fromBase64(latin1(octets.subarray(from, to)).trimEnd());
    for (let i = from; i < to; i++) if (octets[i] === 0) return undefined;
    return new Uint8Array(buffer, byteOffset + from, to - from);
  }
}

function twice(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * words.length);
  larger.set(words);
  return larger;
}

/** Attributes of a record up to which its list is walked for each name. */
const FEW = 64;

function find(list: readonly Gathered[], name: string): Gathered | undefined {
  for (const one of list) if (one.description === name) return one;
  const lower = name.toLowerCase();
  for (const one of list)
    if (one.description.length === name.length && one.description.toLowerCase() === lower) return one;
  return undefined;
}

/** Names that begin something else than an attribute. */
function isReserved(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === 'dn' || lower === 'changetype' || lower === 'control';
}
