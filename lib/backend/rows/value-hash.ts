/**
 * A 64-bit hash of octets, for keys that must stay short. Not cryptographic: whoever reads by it checks what it finds.
 */
import type { Steps } from '../../base/steps.js';

/** Octets that one step goes through: a multiple of four. */
const STEP_BYTES = 1 << 20;

/** Writes 8 octets at `at`. Two lanes of multiply-xor with different constants, finished by avalanche. */
export function hash64(bytes: Uint8Array, out: Uint8Array, at: number): void {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < bytes.length; i++) {
    const octet = bytes[i] as number;
    a = Math.imul(a ^ octet, 0x01000193);
    b = Math.imul(b ^ octet, 0x5bd1e995);
    b ^= b >>> 15;
  }
  a = avalanche(a ^ bytes.length);
  b = avalanche(b ^ a);
  for (let i = 0; i < 4; i++) {
    out[at + i] = a >>> (24 - 8 * i);
    out[at + 4 + i] = b >>> (24 - 8 * i);
  }
}

function avalanche(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A 32-bit checksum of octets from `start` on: detects damage of a record. Four octets a step. */
export function checksum32(bytes: Uint8Array, start: number): number {
  const end = endOfWords(bytes, start);
  return checksumEnd(mixWords(checksumSeed(bytes), bytes, start, end), bytes, end);
}

/** checksum32() in steps. */
export function* checksumInSteps(bytes: Uint8Array, start: number): Steps<number> {
  const end = endOfWords(bytes, start);
  let h = checksumSeed(bytes);
  for (let at = start; at < end; at += STEP_BYTES) {
    h = mixWords(h, bytes, at, Math.min(end, at + STEP_BYTES));
    yield;
  }
  return checksumEnd(h, bytes, end);
}

const checksumSeed = (bytes: Uint8Array): number => 0x9e3779b9 ^ bytes.length;

/** Where the words of four octets that begin at `start` end. */
const endOfWords = (bytes: Uint8Array, start: number): number =>
  start + Math.max(0, (bytes.length - start) & ~3);

function mixWords(seed: number, bytes: Uint8Array, start: number, end: number): number {
  let h = seed;
  for (let i = start; i < end; i += 4) {
    const word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    h = Math.imul(h ^ word, 0x85ebca6b);
    h ^= h >>> 15;
  }
  return h;
}

function checksumEnd(mixed: number, bytes: Uint8Array, from: number): number {
  let h = mixed;
  for (let i = from; i < bytes.length; i++) h = Math.imul(h ^ (bytes[i] as number), 0x01000193);
  return avalanche(h);
}
