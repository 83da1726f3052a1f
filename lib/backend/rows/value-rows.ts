/**
 * ValueRows: the rows in which the many values of attributes stand, read and linked to the images that readers and decisions hold.
 *
 * One image stands for one generation of an attribute, as long as anybody holds it, so that a newer one can tell it what it replaces (many-attribute.ts).
 * Images of decisions that are not durable are held by their layer, and so are those that they replace: whoever reads a record finds the image that
 * belongs to it. Owns no threshold (large-attributes.ts) and no octets (value-chunks.ts).
 */
import { emptyBytes } from '../../base/bytes.js';
import type { OrderedStore, StoreOp, StoreSnapshot } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import type { KeySpace } from './key-space.js';
import { type ChunkSource, ManyAttribute, type ManyHead, type ManyPlace } from './many-attribute.js';
import { checkChunk } from './value-chunks.js';

/** Values to a chunk, on average: an edit writes one, some 4 KiB of names of members. */
export const CHUNK_LOAD = 64;
/** Octets of chunks that images remember: those of a group of some 300,000 members. */
const REMEMBERED_BYTES = 16 << 20;
/** Attributes with an image, before those that nobody holds any more are looked for. */
const FIRST_SWEEP = 256;

/** Chunks that were decided and are not durable; empty: no row. */
export type PendingChunks = Map<string, { readonly key: Uint8Array; readonly chunk: Uint8Array }>;

/** An image that a layer makes durable, and the one that it replaces. */
export interface Adoption {
  readonly before: ManyAttribute | undefined;
  readonly after: ManyAttribute | undefined;
}

/** What a layer holds of values. */
export interface ValueLayer {
  readonly chunks: PendingChunks;
  readonly adopted: Adoption[];
}

/** Images of one attribute by generation. */
type Family = Map<number, WeakRef<ManyAttribute>>;

export class ValueRows implements ChunkSource {
  readonly #store: OrderedStore;
  readonly #keys: KeySpace;
  readonly #snapshot: StoreSnapshot | undefined;
  readonly #families = new Map<EntryId, Map<number, Family>>();
  #sweepAt = FIRST_SWEEP;
  #rememberers = new Set<WeakRef<ManyAttribute>>();
  #lastRememberer: WeakRef<ManyAttribute> | undefined;
  #rememberedBytes = 0;
  /** What is decided over the durable rows, newest first. */
  layers: () => readonly ValueLayer[] = () => [];
  load = CHUNK_LOAD;

  constructor(store: OrderedStore, keys: KeySpace, snapshot?: StoreSnapshot) {
    this.#store = store;
    this.#keys = keys;
    this.#snapshot = snapshot;
  }

  /** The rows as a snapshot has them, for records of that snapshot. */
  at(snapshot: StoreSnapshot): ValueRows {
    const rows = new ValueRows(this.#store, this.#keys, snapshot);
    rows.load = this.load;
    return rows;
  }

  chunk({ id, number: attribute }: ManyPlace, number: number): Uint8Array {
    const text = chunkText(id, attribute, number);
    for (const { chunks } of this.layers()) {
      const pending = chunks.get(text);
      if (pending !== undefined) return pending.chunk;
    }
    const row = this.#store.get(this.#keys.valueChunk(id, attribute, number), this.#snapshot);
    return row === undefined ? emptyBytes() : checkChunk(row);
  }

  remembered(image: ManyAttribute, bytes: number): void {
    if (this.#lastRememberer?.deref() !== image) {
      this.#lastRememberer = new WeakRef(image);
      this.#rememberers.add(this.#lastRememberer);
    }
    this.#rememberedBytes += bytes;
    if (this.#rememberedBytes <= REMEMBERED_BYTES) return;
    for (const one of this.#rememberers) one.deref()?.forget();
    this.#rememberers.clear();
    this.#lastRememberer = undefined;
    this.#rememberedBytes = 0;
  }

  /** The image that a record speaks of. */
  image(place: ManyPlace, head: ManyHead): ManyAttribute {
    const family = this.#families.get(place.id)?.get(place.number);
    const known = family?.get(head.generation)?.deref();
    if (known !== undefined) return known;
    const made = new ManyAttribute(this, place, head);
    for (const [generation, image] of family ?? []) {
      if (generation < head.generation || image.deref() === undefined) continue;
      // The record is older than all that is known: nobody held what it speaks of.
      made.orphan();
      return made;
    }
    this.#register(made);
    return made;
  }

  /** For an image that was not made of another one: above all that anybody may still hold. */
  freshGeneration(id: EntryId, number: number, old: ManyAttribute | undefined): number {
    let last = old?.head.generation ?? 0;
    for (const generation of this.#families.get(id)?.get(number)?.keys() ?? [])
      if (generation > last) last = generation;
    return last + 1;
  }

  #register(image: ManyAttribute): void {
    const { id, number } = image.place;
    let attributes = this.#families.get(id);
    if (attributes === undefined) {
      if (this.#families.size >= this.#sweepAt) this.#sweep();
      attributes = new Map();
      this.#families.set(id, attributes);
    }
    let family = attributes.get(number);
    if (family === undefined) {
      family = new Map();
      attributes.set(number, family);
    }
    for (const [generation, other] of family) if (other.deref() === undefined) family.delete(generation);
    family.set(image.head.generation, new WeakRef(image));
  }

  #sweep(): void {
    for (const [id, attributes] of this.#families) {
      const held = [...attributes.values()].some((family) =>
        [...family.values()].some((image) => image.deref() !== undefined),
      );
      if (!held) this.#families.delete(id);
    }
    this.#sweepAt = FIRST_SWEEP + 2 * this.#families.size;
  }

  /** `made`, not adopted yet, becomes what the rows hold in place of `before`; undefined: the attribute has no rows any more, or had none. */
  adopt(layer: ValueLayer, before: ManyAttribute | undefined, made: ManyAttribute | undefined): void {
    if (made !== undefined && made.base !== undefined && made.base === before) {
      const chunks = made.giveChunks();
      before.keep(chunks.keys(), made);
      this.#put(layer, made.place, chunks);
    } else {
      if (before !== undefined) this.#drop(layer, before);
      if (made !== undefined) this.#put(layer, made.place, made.giveChunks());
    }
    if (made !== undefined) this.#register(made);
    layer.adopted.push({ before, after: made });
  }

  /** Takes the rows of an attribute away; whoever holds it keeps them. */
  #drop(layer: ValueLayer, before: ManyAttribute): void {
    const { chunks } = before.head;
    const gone = new Map<number, Uint8Array>();
    for (let i = 0; i < chunks; i++) gone.set(i, emptyBytes());
    before.keep(gone.keys(), undefined);
    this.#put(layer, before.place, gone);
  }

  #put(layer: ValueLayer, { id, number }: ManyPlace, chunks: ReadonlyMap<number, Uint8Array>): void {
    for (const [at, chunk] of chunks) {
      layer.chunks.set(chunkText(id, number, at), { key: this.#keys.valueChunk(id, number, at), chunk });
    }
  }

  /** Decisions were dropped, newest layer first: what they replaced stands. */
  dropped(layers: readonly ValueLayer[]): void {
    for (const { adopted } of layers) {
      for (const { before, after } of adopted.toReversed()) {
        before?.unfollow();
        if (after === undefined) continue;
        after.orphan();
        this.#families.get(after.place.id)?.get(after.place.number)?.delete(after.head.generation);
      }
    }
  }

  /** The rows of an entry, or (undefined) of all, are no more what images of them say. */
  forget(id?: EntryId): void {
    for (const [of, attributes] of this.#families) {
      if (id !== undefined && of !== id) continue;
      for (const family of attributes.values()) for (const image of family.values()) image.deref()?.orphan();
      this.#families.delete(of);
    }
  }
}

/** The rows that make a layer's chunks durable. */
export function chunkOps({ chunks }: ValueLayer): StoreOp[] {
  const ops: StoreOp[] = [];
  for (const { key, chunk } of chunks.values())
    ops.push(chunk.length === 0 ? { type: 'del', key } : { type: 'put', key, value: chunk });
  return ops;
}

function chunkText(id: EntryId, attribute: number, chunk: number): string {
  return `${id} ${attribute} ${chunk}`;
}
