/**
 * Binary records: a growing writer and a bounded reader, the primitives of every codec of ours (changes, entry records, frames).
 *
 * Forms: u8; u16 and u32 big-endian; varint (unsigned LEB128 up to 2^53-1, shortest form only); byte strings and UTF-8 text behind a
 * varint length. One value has one encoding, so equal values are equal bytes. The reader never reads past its end, never allocates by a
 * length that it has not checked against what is left, and fails with the error that its owner makes. Byte strings that it gives are
 * views of the input: copy what outlives it.
 */
import { assert } from './assert.js';
import { type Carver, carveBytes, emptyBytes, utf8Decode, utf8Encode, writeHex } from './bytes.js';
import { type Steps, whole } from './steps.js';

const MAX_VARINT_BYTES = 8;
/** Up to so many octets a loop is faster than a view and a native copy. */
const LOOPED_BYTES = 48;
/** Octets for which a writer does not grow: they are held as they are and copied once, at the end. */
const HELD_BYTES = 16_384;
/** Memory that a writer keeps for its next use. */
const RETAINED_BYTES = 1 << 20;
/** Octets that are copied in one step. */
const STEP_BYTES = 1 << 20;

/** Malformed input, where the owner of the reader names no error of its own. */
export class BinaryFormatError extends Error {
  override readonly name = 'BinaryFormatError';
}

/** Writes at the end of a buffer that grows. What is long and was given must not be written to before the writer is done. */
export class ByteWriter {
  readonly #capacity: number;
  #bytes: Uint8Array;
  #length = 0;
  /** What stands before `#bytes`, in pieces. */
  #pieces: Uint8Array[] = [];
  #before = 0;

  constructor(capacity = 256) {
    this.#capacity = capacity;
    this.#bytes = new Uint8Array(capacity);
  }

  /** Octets written so far. */
  get length(): number {
    return this.#before + this.#length;
  }

  /** Forgets what was written and keeps the memory, unless it is large. Views given by view() are then void. */
  reset(): void {
    this.#length = 0;
    if (this.#before > 0) this.#forgetPieces();
    if (this.#bytes.length > RETAINED_BYTES && this.#bytes.length > this.#capacity)
      this.#bytes = new Uint8Array(this.#capacity);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#bytes[this.#length++] = value >>> 8;
    this.#bytes[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#bytes[this.#length++] = value >>> 24;
    this.#bytes[this.#length++] = value >>> 16;
    this.#bytes[this.#length++] = value >>> 8;
    this.#bytes[this.#length++] = value;
  }

  /** An integer of 0..2^53-1. */
  varint(value: number): void {
    if (value < 0x80 && value >= 0 && Number.isInteger(value)) {
      this.#reserve(1);
      this.#bytes[this.#length++] = value;
      return;
    }
    assert(Number.isSafeInteger(value) && value >= 0, 'varint out of range');
    this.#reserve(MAX_VARINT_BYTES);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Octets as they are, without a length. */
  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length > HELD_BYTES && this.#length + length > this.#bytes.length) {
      this.#hold(bytes);
      return;
    }
    this.#reserve(length);
    if (length > LOOPED_BYTES) this.#bytes.set(bytes, this.#length);
    else for (let i = 0, at = this.#length; i < length; i++) this.#bytes[at + i] = bytes[i] as number;
    this.#length += length;
  }

  /** `count` octets that `text` writes in lower-case hex digits from its character `from` on. */
  hex(text: string, from: number, count: number): void {
    this.#reserve(count);
    assert(writeHex(this.#bytes, this.#length, text, from, count), 'malformed hex text');
    this.#length += count;
  }

  /** A length, then the octets. */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** A length in octets, then UTF-8. */
  text(text: string): void {
    if (text.length < 0x80 && this.#shortAscii(text)) return;
    this.bytes(utf8Encode(text));
  }

  /** A copy of what was written, from `carver` for what is kept: without one it is short-lived (see carveBytes()). */
  finish(carver?: Carver): Uint8Array {
    if (this.#before > 0) return whole(this.finishInSteps());
    const copy = carver === undefined ? carveBytes(this.#length) : carver.carve(this.#length);
    copy.set(this.#bytes.subarray(0, this.#length));
    return copy;
  }

  /** finish() in steps. The writer is reset by the first: others may use it meanwhile. */
  finishInSteps(): Steps<Uint8Array> {
    const total = this.length;
    const pieces = this.#pieces;
    if (this.#length > 0) pieces.push(this.#bytes.slice(0, this.#length));
    this.#forgetPieces();
    this.reset();
    return joined(pieces, total);
  }

  /** What was written, as a view of the writer's memory: valid until the next write or reset. */
  view(): Uint8Array {
    if (this.#before > 0) {
      this.#bytes = this.finish();
      this.#length = this.#bytes.length;
    }
    return this.#bytes.subarray(0, this.#length);
  }

  #hold(bytes: Uint8Array): void {
    if (this.#length > 0) this.#pieces.push(this.#bytes.slice(0, this.#length));
    this.#pieces.push(bytes);
    this.#before += this.#length + bytes.length;
    this.#length = 0;
  }

  #forgetPieces(): void {
    this.#pieces = [];
    this.#before = 0;
  }

  #shortAscii(text: string): boolean {
    this.#reserve(text.length + 1);
    const start = this.#length + 1;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      this.#bytes[start + i] = code;
    }
    this.#bytes[this.#length] = text.length;
    this.#length = start + text.length;
    return true;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** The pieces behind each other. */
function* joined(pieces: readonly Uint8Array[], total: number): Steps<Uint8Array> {
  const all = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; from += STEP_BYTES) {
      const part = piece.subarray(from, from + STEP_BYTES);
      all.set(part, at);
      at += part.length;
      if (part.length === STEP_BYTES) yield;
    }
  }
  return all;
}

/** Reads forward through one record. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #makeError: (reason: string) => Error;
  #at = 0;

  /** `makeError`: the error that malformed input throws; BinaryFormatError when absent. */
  constructor(
    bytes: Uint8Array,
    makeError: (reason: string) => Error = (reason) => new BinaryFormatError(reason),
  ) {
    this.#bytes = bytes;
    this.#makeError = makeError;
  }

  /** Octets read so far. */
  get offset(): number {
    return this.#at;
  }

  /** Octets left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Throws the owner's error. */
  fail(reason: string): never {
    throw this.#makeError(`${reason} at octet ${this.#at}`);
  }

  u8(): number {
    if (this.#at >= this.#bytes.length) this.fail('record cut short');
    return this.#bytes[this.#at++] as number;
  }

  u16(): number {
    return this.u8() * 0x100 + this.u8();
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  /** An integer of 0..`max`; fails on a longer form than needed. */
  varint(max: number = Number.MAX_SAFE_INTEGER): number {
    let byte = this.u8();
    let value = byte & 0x7f;
    let scale = 0x80;
    for (let i = 1; byte >= 0x80; i++) {
      if (i >= MAX_VARINT_BYTES) this.fail('number too long');
      byte = this.u8();
      if (byte === 0) this.fail('number not in its shortest form');
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
    }
    if (value > max) this.fail('number out of range');
    return value;
  }

  /** A count of items that take at least `itemBytes` octets each: more than what is left can hold is refused before anything is allocated. */
  count(max: number, itemBytes = 1): number {
    const count = this.varint(max);
    if (count * itemBytes > this.left) this.fail('count exceeds the record');
    return count;
  }

  /** `length` octets as they are: a view of the input. */
  raw(length: number): Uint8Array {
    if (length > this.left) this.fail('record cut short');
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** A length of at most `max`, then the octets: a view of the input. */
  bytes(max: number = Number.MAX_SAFE_INTEGER): Uint8Array {
    const length = this.varint(max);
    return length === 0 ? emptyBytes() : this.raw(length);
  }

  /** A length of at most `max` octets, then strict UTF-8. */
  text(max: number = Number.MAX_SAFE_INTEGER): string {
    const text = utf8Decode(this.bytes(max));
    return text === undefined ? this.fail('text is not UTF-8') : text;
  }

  /** Fails unless everything was read. */
  end(): void {
    if (this.left !== 0) this.fail('octets after the end');
  }
}
