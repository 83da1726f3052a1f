/**
 * A 64-bit digest of one entry's state: equal states have equal digests, on every replica, whatever the order in which changes reached it.
 *
 * Owns what counts as the same state: every fact of EntryState, values as a set. History rows are not part of it: servers forget them at different
 * times, and nothing in an EntryState is ever trimmed (forget.ts). Not cryptographic: it finds faults, not forgers. Sums of digests modulo 2^64 stand for sets of entries.
 */
import type { Attribute, ValueSum } from '../entry/entry.js';
import { valueCount } from '../entry/value-index.js';
import type { EntryState } from './entry-state.js';

/** Two unsigned 32-bit halves. */
export interface StateDigest {
  readonly high: number;
  readonly low: number;
}

/** The digest of nothing: of an entry that is not alive. */
export const NO_DIGEST: StateDigest = { high: 0, low: 0 };

export function sameDigest(a: StateDigest, b: StateDigest): boolean {
  return a.high === b.high && a.low === b.low;
}

const HIGH_SEED = 0x811c9dc5;
const LOW_SEED = 0x9747b28c;
const HIGH_STEP = 0x85ebca6b;
const LOW_STEP = 0xc2b2ae35;

/** Two lanes of multiply-xor. One is used again and again: a digest makes no garbage. */
class Lanes {
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
    let { high, low } = this;
    for (let i = 0; i < whole; i += 4) {
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
    for (let i = whole; i < bytes.length; i++) this.word(bytes[i] as number);
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
const attributeLanes = new Lanes();
const entryLanes = new Lanes();

/** The digest of a state. Linear in its octets; many values (ManyValues) bring their sum. */
export function digestState(state: EntryState): StateDigest {
  const lanes = entryLanes;
  lanes.start();
  const { created, modified, preserved, place } = state;
  for (const text of [
    state.uuid,
    created.csn,
    created.by,
    modified.csn,
    modified.by,
    state.parent,
    state.parentCsn,
    state.rdnCsn,
    state.claimCsn,
    place.parent,
  ])
    lanes.text(text);
  for (const { key, name, value } of state.rdn.avas) {
    lanes.text(key);
    lanes.text(name);
    lanes.bytes(value);
  }
  if (state.rdnSince !== state.rdnCsn) lanes.text(state.rdnSince);
  lanes.word((place.conflict ? 1 : 0) | (state.merged ? 2 : 0));
  for (const { csn, kind } of state.life) {
    lanes.text(csn);
    lanes.word(kind === 'delete' ? 0 : 1);
  }
  const kept = [
    preserved.createTimestamp,
    preserved.creatorsName,
    preserved.modifyTimestamp,
    preserved.modifiersName,
  ];
  for (const text of kept) lanes.text(text ?? '');
  let high = 0;
  let low = 0;
  for (const [key, attribute] of state.attributes) {
    digestAttribute(key, attribute);
    high = (high + attributeLanes.high) | 0;
    low = (low + attributeLanes.low) | 0;
  }
  lanes.word(high);
  lanes.word(low);
  lanes.end();
  // Nothing is kept for the dead: no living entry may look like them.
  return { high: lanes.high, low: lanes.high === 0 && lanes.low === 0 ? 1 : lanes.low };
}

/** The sum over the values of an attribute. Their order says nothing, nor how they are kept. */
export function sumOfValues(attribute: Attribute): ValueSum {
  return attribute.many?.sum ?? addToSum({ high: 0, low: 0 }, attribute.values, 1);
}

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

/** Into attributeLanes. */
function digestAttribute(key: string, attribute: Attribute): void {
  const { high, low } = sumOfValues(attribute);
  attributeLanes.start();
  attributeLanes.text(key);
  attributeLanes.text(attribute.name);
  attributeLanes.word(valueCount(attribute));
  attributeLanes.word(high);
  attributeLanes.word(low);
  attributeLanes.end();
}
