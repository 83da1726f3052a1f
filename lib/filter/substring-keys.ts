/**
 * Keys of a substring index: which keys a value has, and which keys an assertion can be looked up by. Pure octets; rows are the backend's.
 *
 * A value's substring normal form has three kinds of keys, told apart by the first octet:
 *   0 gram   three octets that stand together anywhere in it;
 *   1 start  its first ANCHOR_OCTETS octets (fewer when it is shorter);
 *   2 end    its last ANCHOR_OCTETS octets in reverse (fewer when it is shorter);
 *   3 long   nothing else: the value exceeds LIMITS.substringIndexedBytes and is a candidate of every assertion.
 *
 * Invariants: if a value matches an assertion, every key of lookupKeys() is a key of the value (or a prefix of one, where the lookup says
 * `prefix`), or the value has the long key. A key that is looked up without `prefix` is a prefix of no other key.
 */
import { latin1 } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { CommonKeys } from './keys-without-rows.js';

const GRAM = 0;
const START = 1;
const END = 2;
const LONG = 3;
const GRAM_OCTETS = 3;
const ANCHOR_OCTETS = 8;
/** More grams than this narrow a lookup little and cost a scan each. */
const LOOKUP_GRAMS = 4;

/** One lookup in a substring index. */
export interface SubstringLookup {
  readonly key: Uint8Array;
  /** True: every key that starts with `key`. False: exactly `key`. */
  readonly prefix: boolean;
}

/** The key that marks a value as too long to index; a lookup is the union of its keys' rows and of this key's. */
export const LONG_VALUE_KEY: Uint8Array = new Uint8Array([LONG]);

/** Index keys of a value, each once. `normal`: its form under the substring rule. */
export function substringKeys(normal: Uint8Array): Uint8Array[] {
  const length = normal.length;
  if (length > LIMITS.substringIndexedBytes) return [LONG_VALUE_KEY];
  const keys = [startKey(normal), endKey(normal)];
  if (length < GRAM_OCTETS) return keys;
  const seen = new Set<number>();
  for (let at = 0; at + GRAM_OCTETS <= length; at++) {
    const a = normal[at] as number;
    const b = normal[at + 1] as number;
    const c = normal[at + 2] as number;
    const code = (a << 16) | (b << 8) | c;
    if (seen.has(code)) continue;
    seen.add(code);
    keys.push(new Uint8Array([GRAM, a, b, c]));
  }
  return keys;
}

const scratchStart = new Uint8Array(ANCHOR_OCTETS + 1);
const scratchKey = new Uint8Array(GRAM_OCTETS + 1);
/** Longer values are rare: their grams are told apart by a set. */
const SHORT_OCTETS = 66;
const shortGrams = new Int32Array(SHORT_OCTETS);

/** CommonKeys.rowsOf() one after another, each once, for single writes. `take` must not keep the octets: the next key is written over them. */
export function eachDistinctKey(
  normal: Uint8Array,
  common: CommonKeys,
  take: (key: Uint8Array) => void,
): void {
  const { length } = normal;
  if (length > SHORT_OCTETS) {
    for (const key of common.rowsOf(normal)) take(key);
    return;
  }
  const size = Math.min(length, ANCHOR_OCTETS);
  const anchorKey = size === ANCHOR_OCTETS ? scratchStart : scratchStart.subarray(0, size + 1);
  anchorKey[0] = START;
  for (let i = 0; i < size; i++) anchorKey[i + 1] = normal[i] as number;
  if (!common.has(anchorKey)) take(anchorKey);
  anchorKey[0] = END;
  for (let i = 0; i < size; i++) anchorKey[i + 1] = normal[length - 1 - i] as number;
  if (!common.has(anchorKey)) take(anchorKey);
  if (length < GRAM_OCTETS) return;
  let count = 0;
  let code = ((normal[0] as number) << 8) | (normal[1] as number);
  for (let at = 2; at < length; at++) {
    code = ((code & 0xffff) << 8) | (normal[at] as number);
    if (common.hasGram(code)) continue;
    let known = 0;
    while (known < count && shortGrams[known] !== code) known += 1;
    if (known < count) continue;
    shortGrams[count++] = code;
    scratchKey[1] = code >>> 16;
    scratchKey[2] = code >>> 8;
    scratchKey[3] = code;
    take(scratchKey);
  }
}

/** Receives the keys of substringKeys() without an object for each. */
export interface SubstringKeySink {
  /** The first `length` octets of `octets`, which are written over by the next one. A gram may come more than once for one value. */
  key(octets: Uint8Array, length: number): void;
}

const scratch = new Uint8Array(ANCHOR_OCTETS + 1);
const scratchGram = gramKey(0);

/** substringKeys() for bulk loads. */
export function eachSubstringKey(normal: Uint8Array, sink: SubstringKeySink): void {
  const { length } = normal;
  if (length > LIMITS.substringIndexedBytes) {
    sink.key(LONG_VALUE_KEY, LONG_VALUE_KEY.length);
    return;
  }
  const size = Math.min(length, ANCHOR_OCTETS);
  scratch[0] = START;
  for (let i = 0; i < size; i++) scratch[i + 1] = normal[i] as number;
  sink.key(scratch, size + 1);
  scratch[0] = END;
  for (let i = 0; i < size; i++) scratch[i + 1] = normal[length - 1 - i] as number;
  sink.key(scratch, size + 1);
  if (length < GRAM_OCTETS) return;
  let code = ((normal[0] as number) << 8) | (normal[1] as number);
  for (let at = 2; at < length; at++) {
    code = ((code & 0xffff) << 8) | (normal[at] as number);
    scratchGram[1] = code >>> 16;
    scratchGram[2] = code >>> 8;
    scratchGram[3] = code;
    sink.key(scratchGram, scratchGram.length);
  }
}

/** The key of a gram: its three octets as one number. */
export function gramKey(code: number): Uint8Array {
  return Uint8Array.of(GRAM, code >>> 16, code >>> 8, code);
}

/** The three octets of a gram's key as one number; undefined: it is no gram's. */
export function gramCode(key: Uint8Array): number | undefined {
  if (key[0] !== GRAM || key.length !== GRAM_OCTETS + 1) return undefined;
  return ((key[1] as number) << 16) | ((key[2] as number) << 8) | (key[3] as number);
}

/**
 * Lookups to intersect for an assertion in normal form, the most selective first; at most two anchors and four grams. Empty when its parts
 * are too short to be looked up.
 */
export function lookupKeys(
  initial: Uint8Array | undefined,
  any: readonly Uint8Array[],
  final: Uint8Array | undefined,
): SubstringLookup[] {
  const lookups: SubstringLookup[] = [];
  if (initial !== undefined && initial.length > 0) lookups.push(anchor(startKey(initial), initial));
  if (final !== undefined && final.length > 0) lookups.push(anchor(endKey(final), final));
  const grams = new Map<string, SubstringLookup>();
  const longestFirst = [...any].sort((a, b) => b.length - a.length);
  for (const part of longestFirst) addGrams(part, 0, grams);
  // What an anchor leaves out of a long part still narrows.
  if (initial !== undefined) addGrams(initial, ANCHOR_OCTETS, grams);
  if (final !== undefined) addGrams(final.subarray(0, Math.max(0, final.length - ANCHOR_OCTETS)), 0, grams);
  lookups.push(...grams.values());
  return lookups.sort((a, b) => b.key.length - a.key.length);
}

/** Adds grams of `part` that overlap little, from its octet `from` on, while there is room. What only values can hold that are not cut up tells nothing more. */
function addGrams(part: Uint8Array, from: number, grams: Map<string, SubstringLookup>): void {
  const last = Math.min(part.length, LIMITS.substringIndexedBytes) - GRAM_OCTETS;
  for (let at = from; at <= last; at = at + GRAM_OCTETS <= last || at === last ? at + GRAM_OCTETS : last) {
    if (grams.size >= LOOKUP_GRAMS) return;
    const key = new Uint8Array(GRAM_OCTETS + 1);
    key[0] = GRAM;
    key.set(part.subarray(at, at + GRAM_OCTETS), 1);
    grams.set(latin1(key), { key, prefix: false });
  }
}

function anchor(key: Uint8Array, part: Uint8Array): SubstringLookup {
  return { key, prefix: part.length < ANCHOR_OCTETS };
}

function startKey(octets: Uint8Array): Uint8Array {
  const size = Math.min(octets.length, ANCHOR_OCTETS);
  const key = new Uint8Array(size + 1);
  key[0] = START;
  key.set(octets.subarray(0, size), 1);
  return key;
}

function endKey(octets: Uint8Array): Uint8Array {
  const size = Math.min(octets.length, ANCHOR_OCTETS);
  const key = new Uint8Array(size + 1);
  key[0] = END;
  for (let i = 0; i < size; i++) key[i + 1] = octets[octets.length - 1 - i] as number;
  return key;
}
