/**
 * Snappy, the compression of LevelDB's blocks (google/snappy, format_description.txt): a length, then literals and copies of what came before.
 *
 * Owns the encoder; LevelDB decodes. Greedy: of each four octets the place where their like stood last is tried, and where nothing is found the looks become rarer.
 */
import { putVarint } from './level-numbers.js';

/** Octets within which copies are looked for: a distance has two octets. */
const FRAGMENT_BYTES = 65_536;
/** Octets at the end of a fragment where no copy begins. */
const TAIL_BYTES = 15;
const HASH_BITS = 11;
const HASH_FACTOR = 0x1e35a7bd;
const LITERAL = 0;
const COPY_1 = 1;
const COPY_2 = 2;
/** Longest copy that one element holds, and the shortest one. */
const MOST_COPIED = 64;
const LEAST_COPIED = 4;
/** A copy shorter than this, from nearer than that, takes two octets. */
const SHORT_COPY = 12;
const NEAR_BYTES = 2048;
/** Literals up to this tell their length in the tag. */
const SHORT_LITERAL = 60;

/** Places in the fragment by hash; of one call at a time. */
const places = new Uint16Array(2 ** HASH_BITS);

/** Most octets that so many become. */
export function mostCompressed(length: number): number {
  return 32 + length + Math.ceil(length / 6);
}

/** Compresses the octets from `start` up to `end` into `to`, where there is room for mostCompressed(). Answers how many it makes. */
export function compress(from: Uint8Array, start: number, end: number, to: Uint8Array): number {
  let at = putVarint(to, 0, end - start);
  for (let place = start; place < end; place += FRAGMENT_BYTES)
    at = fragment(from, place, Math.min(end, place + FRAGMENT_BYTES), to, at);
  return at;
}

function fragment(from: Uint8Array, start: number, end: number, to: Uint8Array, begin: number): number {
  places.fill(0);
  let at = begin;
  let told = start;
  const last = end - TAIL_BYTES;
  let place = start + 1;
  let looks = 32;
  while (place < last) {
    const word = wordAt(from, place);
    const hash = Math.imul(word, HASH_FACTOR) >>> (32 - HASH_BITS);
    const like = start + (places[hash] as number);
    places[hash] = place - start;
    if (wordAt(from, like) !== word) {
      place += looks++ >>> 5;
      continue;
    }
    at = literal(from, told, place, to, at);
    told = place + LEAST_COPIED;
    const distance = place - like;
    while (told < end && from[told] === from[told - distance]) told += 1;
    at = copy(distance, told - place, to, at);
    place = told;
    looks = 32;
  }
  return literal(from, told, end, to, at);
}

function wordAt(octets: Uint8Array, at: number): number {
  return (
    (octets[at] as number) |
    ((octets[at + 1] as number) << 8) |
    ((octets[at + 2] as number) << 16) |
    ((octets[at + 3] as number) << 24)
  );
}

function literal(from: Uint8Array, start: number, end: number, to: Uint8Array, begin: number): number {
  const less = end - start - 1;
  if (less < 0) return begin;
  let at = begin;
  if (less < SHORT_LITERAL) to[at++] = (less << 2) | LITERAL;
  else {
    to[at++] = ((less < 256 ? SHORT_LITERAL : SHORT_LITERAL + 1) << 2) | LITERAL;
    to[at++] = less;
    if (less >= 256) to[at++] = less >>> 8;
  }
  // A loop is faster than a native copy of few.
  if (less < SHORT_LITERAL) for (let i = start; i < end; i++) to[at++] = from[i] as number;
  else {
    to.set(from.subarray(start, end), at);
    at += end - start;
  }
  return at;
}

function copy(distance: number, length: number, to: Uint8Array, begin: number): number {
  let at = begin;
  let left = length;
  while (left > 0) {
    // What is left over is long enough for an element of its own.
    const part = left <= MOST_COPIED ? left : Math.min(MOST_COPIED, left - LEAST_COPIED);
    if (part < SHORT_COPY && distance < NEAR_BYTES) {
      to[at++] = COPY_1 | ((part - LEAST_COPIED) << 2) | ((distance >>> 8) << 5);
      to[at++] = distance;
    } else {
      to[at++] = COPY_2 | ((part - 1) << 2);
      to[at++] = distance;
      to[at++] = distance >>> 8;
    }
    left -= part;
  }
  return at;
}
