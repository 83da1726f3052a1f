/**
 * Chunks: the many values of one attribute, spread over rows by the hash of what they compare by (docs/data-format.md).
 *
 * Owns the octets of a chunk and the arithmetic of linear hashing: which chunk a value stands in follows from its hash and the number of chunks alone,
 * so nothing lists them, and one chunk more or less moves the values of one other chunk. A chunk is never written to: each edit makes a new one.
 * Layout: checksum u32 | generation 6 | for each value: hash u32, length varint, octets. An empty chunk has no row.
 */
import { carveBytes, emptyBytes } from '../../base/bytes.js';
import type { ValueKey } from '../../entry/value-index.js';
import { StoreError } from '../../port/ordered-store.js';
import { readId, writeId } from './key-space.js';
import { checksum32 } from './value-hash.js';

const HEAD_BYTES = 10;
const HASH_BYTES = 4;

/** A value and the hash of its key. */
export interface HashedValue {
  readonly hash: number;
  readonly value: Uint8Array;
}

/** Where a value stands in a chunk: its entry from `start` to `end`, its octets from `valueAt`. */
export interface ValuePlace {
  readonly start: number;
  readonly valueAt: number;
  readonly end: number;
}

/** An unsigned 32-bit hash of what a value compares by. Part of the data format. */
export function keyHash(key: ValueKey): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ key.length, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** The largest power of two that is not above `count`, which is at least 1. */
function powerBelow(count: number): number {
  return 2 ** (31 - Math.clz32(count));
}

/** The chunk, of so many, that values of this hash stand in. */
export function chunkOf(hash: number, chunks: number): number {
  const power = powerBelow(chunks);
  const chunk = hash % (2 * power);
  return chunk < chunks ? chunk : hash % power;
}

/** The chunk that gives values to chunk number `chunks` when that one is added, and takes them back. */
export function partnerOf(chunks: number): number {
  return chunks - powerBelow(chunks);
}

/** A chunk of these values, not sealed; the empty one for none. */
export function makeChunk(values: readonly HashedValue[]): Uint8Array {
  if (values.length === 0) return emptyBytes();
  let length = HEAD_BYTES;
  for (const { value } of values) length += entryBytes(value);
  const chunk = carveBytes(length);
  let at = HEAD_BYTES;
  for (const { hash, value } of values) at = writeEntry(chunk, at, hash, value);
  return chunk;
}

function entryBytes(value: Uint8Array): number {
  let length = 1;
  for (let rest = value.length; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return HASH_BYTES + length + value.length;
}

function writeEntry(chunk: Uint8Array, at: number, hash: number, value: Uint8Array): number {
  chunk[at] = hash >>> 24;
  chunk[at + 1] = hash >>> 16;
  chunk[at + 2] = hash >>> 8;
  chunk[at + 3] = hash;
  let out = at + HASH_BYTES;
  let rest = value.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) chunk[out++] = (rest % 0x80) + 0x80;
  chunk[out++] = rest;
  chunk.set(value, out);
  return out + value.length;
}

/** Writes generation and checksum into a chunk that is not shared yet. */
export function sealChunk(chunk: Uint8Array, generation: number): void {
  if (chunk.length === 0) return;
  writeId(chunk, 4, generation);
  new DataView(chunk.buffer, chunk.byteOffset).setUint32(0, checksum32(chunk, 4));
}

/** A chunk as the store has it, checked. Throws StoreError damaged. */
export function checkChunk(chunk: Uint8Array): Uint8Array {
  if (chunk.length <= HEAD_BYTES) throw damaged('cut short');
  const sum = new DataView(chunk.buffer, chunk.byteOffset).getUint32(0);
  if (sum !== checksum32(chunk, 4)) throw damaged('checksum differs');
  return chunk;
}

function damaged(reason: string): StoreError {
  return new StoreError('damaged', `values of an entry: ${reason}`);
}

/** The generation of the attribute for which a chunk was written; 0 for the empty one. */
export function chunkGeneration(chunk: Uint8Array): number {
  return chunk.length === 0 ? 0 : readId(chunk, 4);
}

let valueStart = 0;
let entryEnd = 0;

/** Reads the entry at `at` into valueStart and entryEnd. Throws StoreError damaged. */
function readEntry(chunk: Uint8Array, at: number): void {
  let out = at + HASH_BYTES;
  let length = 0;
  let octet = 0x80;
  for (let scale = 1; octet >= 0x80 && out < chunk.length; scale *= 0x80) {
    octet = chunk[out++] as number;
    length += (octet & 0x7f) * scale;
  }
  valueStart = out;
  entryEnd = out + length;
  if (octet >= 0x80 || entryEnd > chunk.length) throw damaged('cut short');
}

function hashAt(chunk: Uint8Array, at: number): number {
  const high = ((chunk[at] as number) << 8) | (chunk[at + 1] as number);
  return ((high << 16) | ((chunk[at + 2] as number) << 8) | (chunk[at + 3] as number)) >>> 0;
}

/** The place of the value with this hash for which `isIt` holds; undefined for none. */
export function findInChunk(
  chunk: Uint8Array,
  hash: number,
  isIt: (value: Uint8Array) => boolean,
): ValuePlace | undefined {
  for (let at = HEAD_BYTES; at < chunk.length; ) {
    readEntry(chunk, at);
    const [valueAt, end] = [valueStart, entryEnd];
    if (hashAt(chunk, at) === hash && isIt(chunk.subarray(valueAt, end))) return { start: at, valueAt, end };
    at = end;
  }
  return undefined;
}

/** Appends the values of a chunk: views of it. */
export function valuesOfChunk(chunk: Uint8Array, into: Uint8Array[]): void {
  const { buffer, byteOffset } = chunk;
  for (let at = HEAD_BYTES; at < chunk.length; at = entryEnd) {
    readEntry(chunk, at);
    into.push(new Uint8Array(buffer, byteOffset + valueStart, entryEnd - valueStart));
  }
}

/** Values with their hashes: views. */
export function hashedValues(chunk: Uint8Array): HashedValue[] {
  const values: HashedValue[] = [];
  for (let at = HEAD_BYTES; at < chunk.length; at = entryEnd) {
    readEntry(chunk, at);
    values.push({ hash: hashAt(chunk, at), value: chunk.subarray(valueStart, entryEnd) });
  }
  return values;
}

/** Calls `visit` with where each value begins and its length, from the last to the first: how BER is written. */
export function visitBackwards(chunk: Uint8Array, visit: (at: number, length: number) => void): void {
  const places: number[] = [];
  for (let at = HEAD_BYTES; at < chunk.length; at = entryEnd) {
    readEntry(chunk, at);
    places.push(valueStart, entryEnd - valueStart);
  }
  for (let i = places.length - 2; i >= 0; i -= 2) visit(places[i] as number, places[i + 1] as number);
}

/** The chunk with one value more. */
export function withValue(chunk: Uint8Array, hash: number, value: Uint8Array): Uint8Array {
  if (chunk.length === 0) return makeChunk([{ hash, value }]);
  const longer = carveBytes(chunk.length + entryBytes(value));
  longer.set(chunk);
  writeEntry(longer, chunk.length, hash, value);
  return longer;
}

/** The chunk without the value at `place`. */
export function withoutValue(chunk: Uint8Array, { start, end }: ValuePlace): Uint8Array {
  if (start === HEAD_BYTES && end === chunk.length) return emptyBytes();
  const shorter = carveBytes(chunk.length - (end - start));
  shorter.set(chunk.subarray(0, start));
  shorter.set(chunk.subarray(end), start);
  return shorter;
}
