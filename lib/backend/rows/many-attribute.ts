/**
 * ManyAttribute: an attribute whose values stand in rows of their own (value-chunks.ts), as one state of its entry has it.
 *
 * An image never changes, whoever holds it and whatever is written meanwhile: before a newer image writes a chunk, its predecessor keeps the old one.
 * What an image has not kept is as the newest image has it, pending or durable. An image that changed() made keeps its own chunks until value-rows.ts
 * adopts it: most are made for a check and thrown away.
 */
import { emptyBytes } from '../../base/bytes.js';
import { type Steps, whole } from '../../base/steps.js';
import type { Attribute, ManyValues, ValueEdit, ValueSum } from '../../entry/entry.js';
import { type ValueKey, valueKey } from '../../entry/value-index.js';
import { StoreError } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EqualityRule } from '../../schema/matching-rule.js';
import type { EntryId, ReadAhead } from '../backend.js';
import { type EditedChunks, editChunks } from './chunk-edit.js';
import { chunkOf, findInChunk, keyHash, sealChunk, valuesOfChunk } from './value-chunks.js';

/** Which attribute of which entry. */
export interface ManyPlace {
  readonly id: EntryId;
  readonly key: AttributeKey;
  readonly name: string;
  /** The dictionary's number of key and name. */
  readonly number: number;
}

/** What a record says of an attribute whose values stand in rows. */
export interface ManyHead {
  readonly rule: EqualityRule;
  /** Rises with each change of the values, here alone: replicas do not compare it. */
  readonly generation: number;
  readonly count: number;
  readonly chunks: number;
  readonly sum: ValueSum;
}

/** Where chunks are read. */
export interface ChunkSource {
  /** The newest chunk, decided or durable; the empty one for no row. */
  chunk(place: ManyPlace, number: number): Uint8Array;
  /** Values to a chunk, on average. */
  readonly load: number;
  /** An image remembers one more chunk, of so many octets. */
  remembered(image: ManyAttribute, bytes: number): void;
}

/** Chunks read in one step when all are: some thousand values. */
const STEP_CHUNKS = 50;

/** See the file header. */
export class ManyAttribute implements Attribute, ManyValues {
  readonly place: ManyPlace;
  readonly head: ManyHead;
  readonly source: ChunkSource;
  /** Chunks that differ from the newest ones; of an image that is not adopted, from its base. */
  readonly #own = new Map<number, Uint8Array>();
  /** Chunks that were asked for by value and are likely to be asked for again: those of an image never change. The source bounds them. */
  readonly #remembered = new Map<number, Uint8Array>();
  #base: ManyAttribute | undefined;
  #next: ManyAttribute | undefined;
  #edit: (ValueEdit & { readonly from: Attribute }) | undefined;
  /** Its own chunks carry generation and checksum. */
  #sealed = false;
  #orphaned = false;
  #values: WeakRef<readonly Uint8Array[]> | undefined;
  /** All values, while somebody sends them. */
  #loaded: readonly Uint8Array[] | undefined;
  #loads = 0;

  constructor(source: ChunkSource, place: ManyPlace, head: ManyHead) {
    this.source = source;
    this.place = place;
    this.head = head;
  }

  get many(): ManyValues {
    return this;
  }

  get name(): string {
    return this.place.name;
  }

  get count(): number {
    return this.head.count;
  }

  get rule(): string {
    return this.head.rule.name;
  }

  get sum(): ValueSum {
    return this.head.sum;
  }

  /** Kept as long as somebody holds them; else read again. */
  get values(): readonly Uint8Array[] {
    const known = this.#loaded ?? this.#values?.deref();
    if (known !== undefined) return known;
    const values: Uint8Array[] = [];
    this.readInto(values, 0, this.head.chunks);
    this.#values = new WeakRef(values);
    return values;
  }

  /** Appends the values of `count` chunks from `from` on. Throws StoreError damaged when that was all and some are missing. */
  readInto(values: Uint8Array[], from: number, count: number): void {
    const { chunks } = this.head;
    for (let i = from; i < chunks && i < from + count; i++) valuesOfChunk(this.#read(i), values);
    if (from + count >= chunks && values.length !== this.count)
      throw new StoreError('damaged', `entry ${this.place.id} has ${values.length} of ${this.count} values`);
  }

  /** All values are at hand from now on, as these. */
  hold(values: readonly Uint8Array[]): void {
    this.#loaded = values;
    this.#loads += 1;
  }

  /** One hold() less. */
  release(): void {
    this.#loads -= 1;
    if (this.#loads === 0) this.#loaded = undefined;
  }

  /** The values, where hold() has them. */
  get held(): readonly Uint8Array[] | undefined {
    return this.#loaded;
  }

  /** One of its chunks. A request that names many values comes back to each chunk. */
  chunk(number: number): Uint8Array {
    const known = this.#remembered.get(number);
    if (known !== undefined) return known;
    const chunk = this.#read(number);
    if (this.#base !== undefined || this.#own.has(number)) return chunk;
    this.#remembered.set(number, chunk);
    this.source.remembered(this, chunk.length);
    return chunk;
  }

  /** Lets go of what can be read again. */
  forget(): void {
    this.#remembered.clear();
  }

  #read(number: number): Uint8Array {
    if (this.#next !== undefined) this.#catchUp();
    const own = this.#own.get(number);
    if (own !== undefined) return own;
    if (this.#base !== undefined)
      return number < this.#base.head.chunks ? this.#base.chunk(number) : emptyBytes();
    if (this.#orphaned) throw new StoreError('failed', 'the entry was replaced while its values were read');
    return this.source.chunk(this.place, number);
  }

  /** Keeps what newer images replaced and this one had not kept. */
  #catchUp(): void {
    let next = this.#next;
    while (next !== undefined) {
      for (const [number, chunk] of next.#own) {
        if (number < this.head.chunks && !this.#own.has(number)) this.#own.set(number, chunk);
      }
      if (next.#orphaned) this.#orphaned = true;
      this.#next = next;
      next = next.#next;
    }
  }

  find(key: ValueKey): Uint8Array | undefined {
    const hash = keyHash(key);
    const chunk = this.chunk(chunkOf(hash, this.head.chunks));
    const found = findInChunk(chunk, hash, (value) => valueKey(value, this.head.rule) === key);
    return found === undefined ? undefined : chunk.subarray(found.valueAt, found.end);
  }

  changed(edit: ValueEdit): ManyAttribute | undefined {
    return whole(this.changedInSteps(edit));
  }

  /** changed() in steps. */
  *changedInSteps(edit: ValueEdit): Steps<ManyAttribute | undefined> {
    const edited = yield* editChunks(this, edit);
    if (edited === undefined) return undefined;
    const made = new ManyAttribute(this.source, this.place, edited.head);
    made.#base = this;
    made.#edit = { ...edit, from: this };
    made.#take(edited);
    return made;
  }

  *valuesInSteps(): Steps<readonly Uint8Array[]> {
    const known = this.#loaded ?? this.#values?.deref();
    if (known !== undefined) return known;
    const values: Uint8Array[] = [];
    for (let chunk = 0; chunk < this.head.chunks; chunk += STEP_CHUNKS) {
      if (chunk > 0) yield;
      this.readInto(values, chunk, STEP_CHUNKS);
    }
    this.#values = new WeakRef(values);
    return values;
  }

  #take({ chunks, sealed }: Pick<EditedChunks, 'chunks' | 'sealed'>): void {
    for (const [number, chunk] of chunks) this.#own.set(number, chunk);
    this.#sealed = sealed;
  }

  madeOf(from: Attribute | undefined): ValueEdit | undefined {
    return from !== undefined && this.#edit?.from === from ? this.#edit : undefined;
  }

  /** One of its own, whose rows, sealed, are still to be written. `edit`: what it differs in from the attribute that it replaces, where that is known. */
  static made(
    source: ChunkSource,
    place: ManyPlace,
    head: ManyHead,
    chunks: readonly Uint8Array[],
    edit: (ValueEdit & { readonly from: Attribute }) | undefined,
  ): ManyAttribute {
    const made = new ManyAttribute(source, place, head);
    made.#take({ chunks: new Map(chunks.entries()), sealed: true });
    made.#edit = edit;
    return made;
  }

  /** Keeps the chunks that `next` will replace (undefined: all of them), before it does: keep() finds them kept. */
  *keepInSteps(next: ManyAttribute | undefined): Steps<void> {
    const numbers =
      next?.base === this ? [...next.#own.keys()] : Array.from({ length: this.head.chunks }, (_, i) => i);
    let kept = 0;
    for (const number of numbers) {
      if (number >= this.head.chunks || this.#own.has(number)) continue;
      this.#own.set(number, this.chunk(number));
      kept += 1;
      if (kept % STEP_CHUNKS === 0) yield;
    }
  }

  /** The image that it was made of, until it is adopted: such a one has no rows. */
  get base(): ManyAttribute | undefined {
    return this.#base;
  }

  /** Its own chunks, sealed, which now become the rows: it reads those from here on. */
  giveChunks(): ReadonlyMap<number, Uint8Array> {
    const chunks = new Map(this.#own);
    if (!this.#sealed) for (const chunk of chunks.values()) sealChunk(chunk, this.head.generation);
    this.#own.clear();
    this.#base = undefined;
    return chunks;
  }

  /** Keeps the chunks with these numbers as they are, before `next` replaces them; undefined: no image follows. */
  keep(numbers: Iterable<number>, next: ManyAttribute | undefined): void {
    for (const number of numbers) {
      if (number < this.head.chunks && !this.#own.has(number)) this.#own.set(number, this.chunk(number));
    }
    this.#next = next;
  }

  /** The image that followed never came to be. */
  unfollow(): void {
    this.#next = undefined;
  }

  /** The store has all of the edit: nobody asks how the image was made. */
  settle(): void {
    this.#edit = undefined;
  }

  /** Its rows are others' from now on: what it has not kept cannot be read. */
  orphan(): void {
    this.#orphaned = true;
  }
}

/** All values of some attributes, read in steps. */
export class ValuesAhead implements ReadAhead {
  readonly #attributes: readonly ManyAttribute[];
  #held = 0;
  #values: Uint8Array[] = [];
  #chunk = 0;

  constructor(attributes: readonly ManyAttribute[]) {
    this.#attributes = attributes;
  }

  step(): boolean {
    const attribute = this.#attributes[this.#held];
    if (attribute === undefined) return false;
    attribute.readInto(this.#values, this.#chunk, STEP_CHUNKS);
    this.#chunk += STEP_CHUNKS;
    if (this.#chunk < attribute.head.chunks) return true;
    attribute.hold(this.#values);
    this.#held += 1;
    this.#values = [];
    this.#chunk = 0;
    return this.#held < this.#attributes.length;
  }

  end(): void {
    for (let i = 0; i < this.#held; i++) this.#attributes[i]?.release();
    this.#held = 0;
  }
}
