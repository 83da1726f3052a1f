/**
 * Sums over the values of an attribute: the same for the same values, in whatever order they came and however they are kept.
 *
 * Owns the mixing of octets into two lanes, which state digests (conflict/state-digest.ts) use too. Part of the data format: rows hold such sums.
 */
import type { Steps } from '../base/steps.js';
import type { ValueSum } from './entry.js';

/** Octets that one step goes through: a multiple of four. */
const STEP_OCTETS = 1 << 20;
const HIGH_SEED = 0x811c9dc5;
const LOW_SEED = 0x9747b28c;
const HIGH_STEP = 0x85ebca6b;
const LOW_STEP = 0xc2b2ae35;

/** Two lanes of multiply-xor. One is used again and again: a digest makes no garbage. */
export class Lanes {
  high = 0;
  low = 0;

  start(): void {
    this.high = HIGH_SEED;
    this.low = LOW_SEED;
  }

  word(word: number): void {
    const high = Math.imul(this.high ^ word, HIGH_STEP);
    const low = Math.imul(this.low ^ word, LOW_STEP);
    this.high = high ^ (high >>> 15);
    this.low = low ^ (low >>> 13);
  }

  text(text: string): void {
    this.word(text.length);
    let { high, low } = this;
    // Two characters a step, in local variables: most of a digest is text.
    for (let i = 0; i < text.length; i += 2) {
      const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
      const word = text.charCodeAt(i) | (next << 16);
      high = Math.imul(high ^ word, HIGH_STEP);
      low = Math.imul(low ^ word, LOW_STEP);
      high ^= high >>> 15;
      low ^= low >>> 13;
    }
    this.high = high;
    this.low = low;
  }

  bytes(bytes: Uint8Array): void {
    this.word(bytes.length);
    const whole = bytes.length & ~3;
    this.words(bytes, 0, whole);
    this.rest(bytes, whole);
  }

  /** Octets from `from` to `to`, as words of four. */
  words(bytes: Uint8Array, from: number, to: number): void {
    let { high, low } = this;
    for (let i = from; i < to; i += 4) {
      const word =
        (bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24);
      high = Math.imul(high ^ word, HIGH_STEP);
      low = Math.imul(low ^ word, LOW_STEP);
      high ^= high >>> 15;
      low ^= low >>> 13;
    }
    this.high = high;
    this.low = low;
  }

  /** Octets from `from` on, each a word. */
  rest(bytes: Uint8Array, from: number): void {
    for (let i = from; i < bytes.length; i++) this.word(bytes[i] as number);
  }

  end(): void {
    this.high = avalanche(this.high);
    this.low = avalanche(this.low ^ this.high);
  }
}

function avalanche(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

const valueLanes = new Lanes();

/** The sum with these values more, or (-1) less. */
export function addToSum(sum: ValueSum, values: Iterable<Uint8Array>, sign: 1 | -1): ValueSum {
  let { high, low } = sum;
  for (const value of values) {
    valueLanes.start();
    valueLanes.bytes(value);
    valueLanes.end();
    high = (high + sign * valueLanes.high) | 0;
    low = (low + sign * valueLanes.low) | 0;
  }
  return { high, low };
}

/** addToSum() with values more, in steps: values of many octets take several, those of few share one. */
export function* sumInSteps(values: Iterable<Uint8Array>): Steps<ValueSum> {
  const lanes = new Lanes();
  let high = 0;
  let low = 0;
  let left = STEP_OCTETS;
  for (const value of values) {
    const whole = value.length & ~3;
    lanes.start();
    lanes.word(value.length);
    for (let at = 0; at < whole; ) {
      const end = Math.min(whole, at + left);
      lanes.words(value, at, end);
      left -= end - at;
      at = end;
      if (left > 0) continue;
      left = STEP_OCTETS;
      yield;
    }
    lanes.rest(value, whole);
    lanes.end();
    high = (high + lanes.high) | 0;
    low = (low + lanes.low) | 0;
  }
  return { high, low };
}
