/**
 * SievedStore: a store that knows of many rows without a look that they are not there (key-sieve.ts), and of names that one entry alone claims them (shared-names.ts).
 *
 * Every batch of the process goes through it, so whatever is written (writes, replays, loads, copies, index builds) is known before it is there, and nothing has to be
 * learnt again when data are replaced. Owns the walk that learns what stood there before; what was not learnt is read as ever.
 */
import { eachInSteps, type Steps } from '../../base/steps.js';
import type { OrderedStore, StoreOp, StoreRange, StoreSnapshot } from '../../port/ordered-store.js';
import { valueLength } from '../index/posting-rows.js';
import { INDEX_KIND, type KeySpace, POSTING, prefixEnd, TAG } from '../rows/key-space.js';
import { KeySieve, type SievedTag } from './key-sieve.js';
import { SharedNames } from './shared-names.js';

/** Keys of a batch taken in one step. */
const STEP_KEYS = 2000;
/** Keys read by the store's threads in one go and taken in a small part of a millisecond. */
const KEYS_AT_ONCE = 500;

export class SievedStore implements OrderedStore {
  readonly #store: OrderedStore;
  /** How many of its rows are known of a batch that is to come. */
  readonly #expected = new WeakMap<readonly StoreOp[], number>();
  readonly #sieve = new KeySieve();
  readonly #shared = new SharedNames();

  constructor(store: OrderedStore) {
    this.#store = store;
  }

  get(key: Uint8Array, snapshot?: StoreSnapshot): Uint8Array | undefined {
    // A snapshot may hold what went before it was learnt.
    if (snapshot === undefined && this.#sieve.lacks(key)) return undefined;
    return this.#store.get(key, snapshot);
  }

  batch(ops: readonly StoreOp[], options: { readonly sync: boolean }): Promise<void> {
    for (let at = this.#expected.get(ops) ?? 0; at < ops.length; at++) this.#add(ops[at] as StoreOp);
    return this.#store.batch(ops, options);
  }

  /** Takes the keys of a batch that is long in steps; batch() of the same list then takes those alone that came behind them. */
  *expect(ops: readonly StoreOp[]): Steps<void> {
    const { length } = ops;
    yield* eachInSteps(ops, (op) => this.#add(op), STEP_KEYS);
    this.#expected.set(ops, length);
  }

  #add(op: StoreOp): void {
    if (op.type !== 'put') return;
    this.#sieve.add(op.key);
    if (op.key[2] === TAG.name) this.#shared.add(op.key, op.value);
  }

  /** True: the name's row, which the caller knows to be there, has one claim. */
  isSole(nameKey: Uint8Array): boolean {
    return this.#sieve.knows(nameKey) && !this.#shared.may(nameKey);
  }

  scan(range: StoreRange, sliceRows?: number, snapshot?: StoreSnapshot) {
    return this.#store.scan(range, sliceRows, snapshot);
  }

  scanKeys(range: StoreRange, sliceRows?: number, snapshot?: StoreSnapshot) {
    return this.#store.scanKeys(range, sliceRows, snapshot);
  }

  snapshot(): StoreSnapshot {
    return this.#store.snapshot();
  }

  sizeBytes(range: StoreRange): Promise<number> {
    return this.#store.sizeBytes(range);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /**
   * Reads a domain's rows of a kind. `rest` is awaited between two steps and answers whether to go on; false: nothing is learnt. Rejects with the StoreError
   * of a damaged block.
   */
  async learn(keys: KeySpace, tag: SievedTag, rest: () => Promise<boolean>): Promise<void> {
    const range = keys.tagRange(tag);
    const whole =
      tag === TAG.name ? await this.#learnNames(range, rest) : await this.#learnKeys(range, tag, rest);
    if (whole) this.#sieve.learn(range.gte);
  }

  async #learnNames(range: StoreRange, rest: () => Promise<boolean>): Promise<boolean> {
    for await (const slice of this.#store.scan(range, KEYS_AT_ONCE)) {
      for (const { key, value } of slice) {
        this.#sieve.add(key);
        this.#shared.add(key, value);
      }
      if (!(await rest())) return false;
    }
    return true;
  }

  async #learnKeys({ gte, lt }: StoreRange, tag: SievedTag, rest: () => Promise<boolean>): Promise<boolean> {
    let from: Uint8Array | undefined = gte;
    while (from !== undefined) {
      let jump: Uint8Array | undefined;
      for await (const slice of this.#store.scanKeys({ gte: from, lt }, KEYS_AT_ONCE)) {
        for (const key of slice) this.#sieve.add(key);
        if (!(await rest())) return false;
        jump = tag === TAG.index ? pastPostings(slice) : undefined;
        if (jump !== undefined) break;
      }
      from = jump;
    }
    return true;
  }
}

/** Where the next head may stand, when the keys come to rows of other kinds, or to the many rows of one value; undefined: right behind them. */
function pastPostings(slice: readonly Uint8Array[]): Uint8Array | undefined {
  const first = slice[0];
  const last = slice[slice.length - 1];
  if (first === undefined || last === undefined) return undefined;
  const kindAt = last.indexOf(0, 3) + 1;
  if (last[kindAt] !== INDEX_KIND.equality) return prefixEnd(last.subarray(0, kindAt + 1));
  const length = valueLength(last);
  if (last[length] === POSTING.head || first.length <= length) return undefined;
  for (let i = 0; i < length; i++) if (first[i] !== last[i]) return undefined;
  return prefixEnd(last.subarray(0, length));
}
