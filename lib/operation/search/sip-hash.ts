/**
 * SipHash-2-4 with a 64-bit tag (Aumasson and Bernstein, 2012): a keyed hash for short-lived tokens of this process.
 *
 * Pure arithmetic on 32-bit halves, because the engine may not reach for the platform's crypto. Not for passwords and not for anything that
 * outlives the process.
 */
import { assert } from '../../base/assert.js';

export const SIP_KEY_BYTES = 16;
export const SIP_TAG_BYTES = 8;

/** State: v0..v3, each as low and high half. */
type State = Int32Array;

/** The tag of `message` under a key of 16 octets. */
export function sipHash(key: Uint8Array, message: Uint8Array): Uint8Array {
  assert(key.length === SIP_KEY_BYTES, 'SipHash key length');
  const k0l = word(key, 0);
  const k0h = word(key, 4);
  const k1l = word(key, 8);
  const k1h = word(key, 12);
  const v = Int32Array.of(
    k0l ^ 0x70736575,
    k0h ^ 0x736f6d65,
    k1l ^ 0x6e646f6d,
    k1h ^ 0x646f7261,
    k0l ^ 0x6e657261,
    k0h ^ 0x6c796765,
    k1l ^ 0x79746573,
    k1h ^ 0x74656462,
  );
  const whole = message.length - (message.length % 8);
  for (let at = 0; at < whole; at += 8) absorb(v, word(message, at), word(message, at + 4));
  const last = new Uint8Array(8);
  last.set(message.subarray(whole));
  last[7] = message.length & 0xff;
  absorb(v, word(last, 0), word(last, 4));
  v[4] = at(v, 4) ^ 0xff;
  for (let i = 0; i < 4; i++) round(v);
  const tag = new Uint8Array(SIP_TAG_BYTES);
  put(tag, 0, at(v, 0) ^ at(v, 2) ^ at(v, 4) ^ at(v, 6));
  put(tag, 4, at(v, 1) ^ at(v, 3) ^ at(v, 5) ^ at(v, 7));
  return tag;
}

function absorb(v: State, low: number, high: number): void {
  v[6] = at(v, 6) ^ low;
  v[7] = at(v, 7) ^ high;
  round(v);
  round(v);
  v[0] = at(v, 0) ^ low;
  v[1] = at(v, 1) ^ high;
}

function round(v: State): void {
  add(v, 0, 2);
  rotate(v, 2, 13);
  xor(v, 2, 0);
  rotate(v, 0, 32);
  add(v, 4, 6);
  rotate(v, 6, 16);
  xor(v, 6, 4);
  add(v, 0, 6);
  rotate(v, 6, 21);
  xor(v, 6, 0);
  add(v, 4, 2);
  rotate(v, 2, 17);
  xor(v, 2, 4);
  rotate(v, 4, 32);
}

function add(v: State, a: number, b: number): void {
  const low = (at(v, a) >>> 0) + (at(v, b) >>> 0);
  v[a + 1] = at(v, a + 1) + at(v, b + 1) + (low > 0xffffffff ? 1 : 0);
  v[a] = low;
}

function xor(v: State, a: number, b: number): void {
  v[a] = at(v, a) ^ at(v, b);
  v[a + 1] = at(v, a + 1) ^ at(v, b + 1);
}

function rotate(v: State, a: number, bits: number): void {
  const low = at(v, a);
  const high = at(v, a + 1);
  if (bits === 32) {
    v[a] = high;
    v[a + 1] = low;
    return;
  }
  v[a] = (low << bits) | (high >>> (32 - bits));
  v[a + 1] = (high << bits) | (low >>> (32 - bits));
}

function at(v: State, index: number): number {
  return v[index] as number;
}

function word(bytes: Uint8Array, offset: number): number {
  const octet = (i: number): number => bytes[offset + i] as number;
  return octet(0) | (octet(1) << 8) | (octet(2) << 16) | (octet(3) << 24);
}

function put(bytes: Uint8Array, offset: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[offset + i] = (value >>> (8 * i)) & 0xff;
}
