/**
 * IndexSums: what the indexes must hold, worked out from entries, against what their rows hold (row-sums.ts). No object for a posting.
 *
 * Owns how a posting is hashed, from the entry's side and from the row's key alike, and that an entry counts once for a value that it has twice.
 */
import type { CommonKeys } from '../../filter/keys-without-rows.js';
import { eachSubstringKey, type SubstringKeySink } from '../../filter/substring-keys.js';
import type { EntryId } from '../backend.js';
import { INDEX_KIND } from '../rows/key-space.js';
import { RowSums } from '../rows/row-sums.js';
import { boundedValue } from './index-value.js';
import type { CommonFound, IndexToFill, PostingSink } from './posting-tables.js';

const FIRST_SLOTS = 256;
const NONE_COMMON: CommonFound = new Map();

/** Which entries' numbers an index must hold for a value. */
export interface IndexSum extends IndexToFill {
  readonly sums: RowSums;
  /** Keys that must have no rows, where there are any. */
  readonly common: CommonKeys | undefined;
}

export class IndexSums implements PostingSink, SubstringKeySink {
  readonly indexes: readonly IndexSum[];
  readonly full = false;
  /** Values of one entry in one index: a hash table whose slots are void once the turn is another. */
  #slots = new Float64Array(FIRST_SLOTS);
  #turns = new Uint32Array(FIRST_SLOTS);
  #turn = 0;
  #used = 0;
  #index = -1;
  #id = -1;

  /** `commonOf`: the common keys of an index; undefined: none. */
  constructor(
    indexes: readonly IndexToFill[],
    commonOf: (index: IndexToFill) => CommonKeys | undefined = () => undefined,
  ) {
    this.indexes = indexes.map((index) => ({ ...index, sums: new RowSums(), common: commonOf(index) }));
  }

  put(index: number, id: EntryId, normal: Uint8Array): void {
    if (index !== this.#index || id !== this.#id) {
      this.#index = index;
      this.#id = id;
      this.#used = 0;
      this.#turn = (this.#turn + 1) >>> 0;
      if (this.#turn === 0) this.#turns.fill(0xffff_ffff);
    }
    const { kind } = this.indexes[index] as IndexSum;
    if (kind === INDEX_KIND.substring) {
      eachSubstringKey(normal, this);
      return;
    }
    const value = boundedValue(kind === INDEX_KIND.equality, normal);
    this.key(value, value.length);
  }

  /** SubstringKeySink, for the value at hand. */
  key(octets: Uint8Array, length: number): void {
    const { common, sums } = this.indexes[this.#index] as IndexSum;
    if (common?.has(octets.subarray(0, length)) === true) return;
    let a = FIRST_LANE;
    let b = SECOND_LANE;
    for (let i = 0; i < length; i++) {
      const octet = octets[i] as number;
      a = Math.imul(a ^ octet, 0x01000193);
      b = Math.imul(b ^ octet, 0x5bd1e995);
      b ^= b >>> 15;
    }
    const hash = finish(a, length);
    if (!this.#isNew((b >>> 0) * 0x20_0000 + (hash >>> 11))) return;
    sums.expect(hash, postingHash(hash, this.#id));
  }

  #isNew(value: number): boolean {
    const mask = this.#slots.length - 1;
    let slot = value & mask;
    for (; this.#turns[slot] === this.#turn; slot = (slot + 1) & mask) {
      if (this.#slots[slot] === value) return false;
    }
    this.#slots[slot] = value;
    this.#turns[slot] = this.#turn;
    this.#used += 1;
    if (this.#used * 2 > this.#slots.length) this.#grow();
    return true;
  }

  #grow(): void {
    const [slots, turns] = [this.#slots, this.#turns];
    this.#slots = new Float64Array(2 * slots.length);
    this.#turns = new Uint32Array(2 * slots.length).fill(this.#turn ^ 1);
    this.#used = 0;
    for (let i = 0; i < slots.length; i++) {
      if (turns[i] === this.#turn) this.#isNew(slots[i] as number);
    }
  }

  async relieve(): Promise<void> {}

  async write(): Promise<CommonFound> {
    return NONE_COMMON;
  }
}

const FIRST_LANE = 0x811c9dc5 | 0;
const SECOND_LANE = 0x9747b28c | 0;

function finish(lane: number, length: number): number {
  const x = Math.imul(lane ^ length ^ (lane >>> 16), 0x85ebca6b);
  return (x ^ (x >>> 13)) >>> 0;
}

/** Hash of the value in an index row's key, which stands escaped from `start` to its end mark at `end`. */
export function indexedValueHash(key: Uint8Array, start: number, end: number): number {
  let lane = FIRST_LANE;
  let length = 0;
  for (let at = start; at < end; at++) {
    const octet = key[at] as number;
    lane = Math.imul(lane ^ octet, 0x01000193);
    length += 1;
    if (octet === 0) at += 1;
  }
  return finish(lane, length);
}

/** Hash of an entry's number standing under a value. */
export function postingHash(valueHash: number, id: number): number {
  let x = Math.imul(valueHash ^ Math.imul(id, 0x9e3779b1), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0xc2b2ae35);
  return x ^ (x >>> 13);
}
