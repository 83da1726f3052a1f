/**
 * An edit of an attribute whose values stand in chunks: the chunks that differ afterwards, and what the record says of them. In steps.
 *
 * A few values change their chunks one by one; many go through every chunk once, so that a chunk is made once and not for each value. Both give the same values
 * and the same number of chunks. Writes nothing.
 */
import { emptyBytes } from '../../base/bytes.js';
import type { Steps } from '../../base/steps.js';
import type { ValueEdit, ValueSum } from '../../entry/entry.js';
import { type ValueKey, valueKey } from '../../entry/value-index.js';
import { addToSum } from '../../entry/value-sum.js';
import type { EqualityRule } from '../../schema/matching-rule.js';
import type { ManyHead } from './many-attribute.js';
import {
  chunkOf,
  findInChunk,
  type HashedValue,
  hashedValues,
  keyHash,
  makeChunk,
  partnerOf,
  sealChunk,
  withoutValue,
  withValue,
} from './value-chunks.js';

/** What is edited. */
export interface ChunkedValues {
  readonly head: ManyHead;
  readonly source: { readonly load: number };
  chunk(number: number): Uint8Array;
}

/** The chunks that differ (empty: gone) and what is said of all. */
export interface EditedChunks {
  readonly head: ManyHead;
  readonly chunks: ReadonlyMap<number, Uint8Array>;
  /** Generation and checksum stand in the chunks. */
  readonly sealed: boolean;
}

/** Values of an edit to a chunk from which on all chunks are gone through. */
const MANY_TO_A_CHUNK = 4;
/** Values whose hashes are made in one step; values that change their chunks in one step; chunks gone through in one. */
const STEP_HASHES = 2048;
const STEP_EDITS = 64;
const STEP_CHUNKS = 32;

/** How many chunks so many values stand in, where they stood in `size`. */
function sizeFor(count: number, size: number, load: number): number {
  let to = size;
  while (count > load * to) to += 1;
  while (to > 1 && 2 * count < load * (to - 1)) to -= 1;
  return to;
}

/** `base` after `edit`; undefined: no value is left. */
export function editChunks(base: ChunkedValues, edit: ValueEdit): Steps<EditedChunks | undefined> {
  const values = edit.gone.size + edit.come.size;
  return values > MANY_TO_A_CHUNK * base.head.chunks
    ? new WholeEdit(base).apply(edit)
    : new ChunkEdit(base).apply(edit);
}

/** Chunks made of hashed values, sealed: what one step after the other does with all of them. */
export function* makeChunks(
  values: readonly (readonly HashedValue[])[],
  generation: number,
): Steps<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for (const some of values) {
    const chunk = makeChunk(some);
    sealChunk(chunk, generation);
    chunks.push(chunk);
    if (chunks.length % STEP_CHUNKS === 0) yield;
  }
  return chunks;
}

/** A few values: the chunks concerned, and sums as they become. */
class ChunkEdit {
  readonly #base: ChunkedValues;
  readonly #chunks = new Map<number, Uint8Array>();
  #count: number;
  #size: number;
  #sum: ValueSum;

  constructor(base: ChunkedValues) {
    this.#base = base;
    this.#count = base.head.count;
    this.#size = base.head.chunks;
    this.#sum = base.head.sum;
  }

  *apply(edit: ValueEdit): Steps<EditedChunks | undefined> {
    let edits = 0;
    for (const key of edit.gone.keys()) {
      this.#remove(key);
      if (++edits % STEP_EDITS === 0) yield;
    }
    for (const [key, value] of edit.come) {
      this.#add(key, value);
      if (++edits % STEP_EDITS === 0) yield;
    }
    if (this.#count === 0) return undefined;
    const size = sizeFor(this.#count, this.#size, this.#base.source.load);
    while (this.#size < size) this.#grow();
    while (this.#size > size) this.#shrink();
    const { rule, generation } = this.#base.head;
    const head = { rule, generation: generation + 1, count: this.#count, chunks: size, sum: this.#sum };
    return { head, chunks: this.#chunks, sealed: false };
  }

  #chunk(number: number): Uint8Array {
    const changed = this.#chunks.get(number);
    if (changed !== undefined) return changed;
    return number < this.#base.head.chunks ? this.#base.chunk(number) : emptyBytes();
  }

  #find(key: ValueKey) {
    const hash = keyHash(key);
    const number = chunkOf(hash, this.#size);
    const chunk = this.#chunk(number);
    const { rule } = this.#base.head;
    return {
      hash,
      number,
      chunk,
      place: findInChunk(chunk, hash, (value) => valueKey(value, rule) === key),
    };
  }

  #remove(key: ValueKey): void {
    const { number, chunk, place } = this.#find(key);
    if (place === undefined) return;
    this.#sum = addToSum(this.#sum, [chunk.subarray(place.valueAt, place.end)], -1);
    this.#chunks.set(number, withoutValue(chunk, place));
    this.#count -= 1;
  }

  #add(key: ValueKey, value: Uint8Array): void {
    const { hash, number, chunk, place } = this.#find(key);
    if (place !== undefined) return;
    this.#sum = addToSum(this.#sum, [value], 1);
    this.#chunks.set(number, withValue(chunk, hash, value));
    this.#count += 1;
  }

  /** One chunk more. */
  #grow(): void {
    const made = this.#size;
    const from = partnerOf(made);
    const stay: HashedValue[] = [];
    const go: HashedValue[] = [];
    for (const value of hashedValues(this.#chunk(from)))
      (chunkOf(value.hash, made + 1) === from ? stay : go).push(value);
    this.#chunks.set(from, makeChunk(stay));
    this.#chunks.set(made, makeChunk(go));
    this.#size += 1;
  }

  /** One chunk less. */
  #shrink(): void {
    const last = this.#size - 1;
    const to = partnerOf(last);
    const both = [...hashedValues(this.#chunk(to)), ...hashedValues(this.#chunk(last))];
    this.#chunks.set(to, makeChunk(both));
    this.#chunks.set(last, emptyBytes());
    this.#size = last;
  }
}

/** What an edit does to one chunk. */
interface ChunkChange {
  /** Keys by their hashes. */
  readonly gone: Map<number, ValueKey[]>;
  readonly come: { readonly hash: number; readonly key: ValueKey; readonly value: Uint8Array }[];
}

/** Many values: every chunk once. */
class WholeEdit {
  readonly #base: ChunkedValues;
  readonly #rule: EqualityRule;
  #count = 0;
  #sum: ValueSum;

  constructor(base: ChunkedValues) {
    this.#base = base;
    this.#rule = base.head.rule;
    this.#sum = base.head.sum;
  }

  *apply(edit: ValueEdit): Steps<EditedChunks | undefined> {
    const { head, source } = this.#base;
    const changes = yield* this.#sorted(edit);
    const lists: HashedValue[][] = [];
    for (let number = 0; number < head.chunks; number++) {
      const list = this.#changed(this.#base.chunk(number), changes.get(number));
      this.#count += list.length;
      lists.push(list);
      if (number % STEP_CHUNKS === STEP_CHUNKS - 1) yield;
    }
    if (this.#count === 0) return undefined;
    const chunks = sizeFor(this.#count, head.chunks, source.load);
    const generation = head.generation + 1;
    const made = yield* makeChunks(yield* spread(lists, chunks), generation);
    const all = new Map<number, Uint8Array>(made.entries());
    for (let number = chunks; number < head.chunks; number++) all.set(number, emptyBytes());
    return {
      head: { rule: this.#rule, generation, count: this.#count, chunks, sum: this.#sum },
      chunks: all,
      sealed: true,
    };
  }

  /** The edit by the chunks that it concerns. */
  *#sorted({ gone, come }: ValueEdit): Steps<ReadonlyMap<number, ChunkChange>> {
    const { chunks } = this.#base.head;
    const sorted = new Map<number, ChunkChange>();
    const at = (hash: number): ChunkChange => {
      const number = chunkOf(hash, chunks);
      let change = sorted.get(number);
      if (change === undefined) {
        change = { gone: new Map(), come: [] };
        sorted.set(number, change);
      }
      return change;
    };
    let hashes = 0;
    for (const key of gone.keys()) {
      const hash = keyHash(key);
      const { gone } = at(hash);
      gone.set(hash, [...(gone.get(hash) ?? []), key]);
      if (++hashes % STEP_HASHES === 0) yield;
    }
    for (const [key, value] of come) {
      const hash = keyHash(key);
      at(hash).come.push({ hash, key, value });
      if (++hashes % STEP_HASHES === 0) yield;
    }
    return sorted;
  }

  /** The values of a chunk afterwards. */
  #changed(chunk: Uint8Array, change: ChunkChange | undefined): HashedValue[] {
    const values = hashedValues(chunk);
    if (change === undefined) return values;
    const gone: Uint8Array[] = [];
    const left = values.filter(({ hash, value }) => {
      const keys = change.gone.get(hash);
      if (keys === undefined || !keys.includes(valueKey(value, this.#rule))) return true;
      gone.push(value);
      return false;
    });
    const come: Uint8Array[] = [];
    for (const { hash, key, value } of change.come) {
      if (left.some((other) => other.hash === hash && valueKey(other.value, this.#rule) === key)) continue;
      left.push({ hash, value });
      come.push(value);
    }
    this.#sum = addToSum(addToSum(this.#sum, gone, -1), come, 1);
    return left;
  }
}

/** Values over so many chunks. */
function* spread(lists: readonly (readonly HashedValue[])[], chunks: number): Steps<HashedValue[][]> {
  const to: HashedValue[][] = Array.from({ length: chunks }, () => []);
  let at = 0;
  for (const list of lists) {
    for (const value of list) (to[chunkOf(value.hash, chunks)] as HashedValue[]).push(value);
    if (++at % STEP_CHUNKS === 0) yield;
  }
  return to;
}
