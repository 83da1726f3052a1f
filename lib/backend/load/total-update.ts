/**
 * Total update, the backend's part: a domain as images, and images as a domain (replication-model.md section 8).
 *
 * An image is one row of the source under its own key without the domain: entry, values, uuid, name, count, history, move, journal, mark, tombstone, dictionary
 * and counter rows. Entry numbers are kept. Index rows are not sent: the target builds its own. From beginImport() to finishImport() the
 * `loading` mark stands on disk and writes are refused; what was held before is gone.
 */
import { ByteReader, ByteWriter } from '../../base/binary.js';
import { equalBytes } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { isAlive } from '../../conflict/entry-state.js';
import type { ServerState } from '../../csn/server-state.js';
import type { Fraction } from '../../entry/fraction.js';
import { formatFraction } from '../../entry/fraction-text.js';
import {
  type OrderedStore,
  StoreError,
  type StoreOp,
  type StoreRow,
  type StoreSnapshot,
} from '../../port/ordered-store.js';
import { formatOps, readFacts, TOTAL_UPDATE, textOp } from '../domain-facts.js';
import { heldOps } from '../index/held-indexes.js';
import type { IndexConfig } from '../index/index-config.js';
import { gatherInto, PostingBuilder } from '../index/posting-builder.js';
import { besideOthers } from '../index/posting-tables.js';
import { type Counters, decodeCounters, encodeCounters, NO_ENTRIES } from '../rows/counters.js';
import { checkRecord, decodeState, isInRows } from '../rows/entry-record.js';
import { ID_BYTES, type KeySpace, readId, TAG } from '../rows/key-space.js';
import { shownOf } from '../rows/shown.js';
import { type RecheckWorld, recheckMarks } from '../rules/schema-marks.js';
import { wipeDomain } from '../wipe-domain.js';
import { holdsValues, restrictHistory, restrictJournal, restrictRecord } from './restrict-images.js';

/** Tags whose rows are images, in the order in which they go: records need the dictionary. Values go behind the records that name them. */
const IMAGE_TAGS: readonly number[] = [
  TAG.dictionary,
  TAG.childCount,
  TAG.entry,
  TAG.history,
  TAG.journal,
  TAG.move,
  TAG.name,
  TAG.mark,
  TAG.tombstone,
  TAG.uuid,
];
/** Version of the images: data formats above it have other index rows alone (docs/data-format.md). */
export const IMAGE_FORMAT = 2;
const SLICE_ROWS = 300;
const KEY_BYTES = 20_000;

/** A frozen copy of a domain; must be closed. */
export interface BackendSnapshot {
  readonly generationId: string;
  readonly state: ServerState;
  readonly entryCount: number;
  images(): AsyncIterable<readonly Uint8Array[]>;
  close(): Promise<void>;
}

/** What a copy carries of the numbers of changes; opaque here (changelog/copied-numbers.ts). */
export type Counted = (state: ServerState, snapshot: StoreSnapshot) => Promise<Uint8Array | undefined>;

/** Domain prefix of a key: its number. */
const DOMAIN_BYTES = 2;

function encodeImage(tail: Uint8Array, value: Uint8Array): Uint8Array {
  const out = new ByteWriter(tail.length + value.length + 8);
  out.bytes(tail);
  out.raw(value);
  return out.finish();
}

function imageOf({ key, value }: StoreRow): Uint8Array {
  return encodeImage(key.subarray(DOMAIN_BYTES), value);
}

/** Freezes the durable rows. Throws LdapError unavailable for a domain without data. */
export function takeSnapshot(store: OrderedStore, keys: KeySpace, counted?: Counted): BackendSnapshot {
  const snapshot = store.snapshot();
  const facts = readFacts(store, keys, snapshot);
  if (facts.generationId === undefined || facts.loading !== undefined) {
    snapshot.close().catch(() => undefined); // nothing was read from it
    throw new LdapError('unavailable', 'this domain holds no data that could be copied');
  }
  async function* images(): AsyncIterable<readonly Uint8Array[]> {
    for (const tag of IMAGE_TAGS) {
      for await (const rows of store.scan(keys.tagRange(tag), SLICE_ROWS, snapshot)) {
        yield rows.map(imageOf);
        if (tag !== TAG.entry) continue;
        for (const { key, value } of rows) {
          if (!isInRows(value)) continue;
          const values = keys.valueChunks(readId(key, DOMAIN_BYTES + 1));
          for await (const chunks of store.scan(values, SLICE_ROWS, snapshot)) yield chunks.map(imageOf);
        }
      }
    }
    const counters = keys.meta('counters');
    const value = store.get(counters, snapshot);
    if (value !== undefined) yield [encodeImage(counters.subarray(DOMAIN_BYTES), value)];
    const numbers = await counted?.(facts.state, snapshot);
    if (numbers !== undefined)
      yield [encodeImage(keys.meta('changeNumbers').subarray(DOMAIN_BYTES), numbers)];
  }
  return {
    generationId: facts.generationId,
    state: facts.state,
    entryCount: facts.counters.entries,
    images,
    close: () => snapshot.close(),
  };
}

export interface ImportWorld extends RecheckWorld {
  readonly indexes: IndexConfig;
  /** What is stored of the images; the rest is dropped. */
  readonly fraction: Fraction;
  readonly pause: () => Promise<void>;
}

interface ImageRow {
  readonly tail: Uint8Array;
  readonly value: Uint8Array;
}

function entryOf({ tail, value }: ImageRow): ImageRow {
  if (tail.length !== 1 + ID_BYTES) throw new StoreError('damaged', 'image: entry key cut short');
  // The octets are the caller's.
  return { tail: new Uint8Array(tail), value: checkRecord(new Uint8Array(value)) };
}

/** Puts the mark on disk: from here on there are no data before a copy is whole. */
export async function markImport(store: OrderedStore, keys: KeySpace): Promise<void> {
  await store.batch([...formatOps(store), textOp(keys, 'loading', TOTAL_UPDATE)], { sync: true });
}

/** Takes images into a domain that it wiped. */
export class ImageImport {
  readonly #world: ImportWorld;
  readonly #builder: PostingBuilder;
  /** Come after all rows: without them the copy is not whole. */
  #counters: Counters | undefined;
  #rows = 0;
  #numbers: Uint8Array | undefined;
  #dictionaryRows = 0;
  #dictionaryKnown = 0;
  /** Stored entries, some of whose values may still be on their way: those of a slice of the source come behind it. */
  #unindexed: ImageRow[] = [];
  #awaited = false;

  private constructor(world: ImportWorld) {
    this.#world = world;
    this.#builder = new PostingBuilder(
      world.indexes,
      gatherInto(world.store, world.keys, besideOthers(world.pause)),
    );
  }

  /** Wipes the domain, which is marked. What its dictionary knew must be forgotten then. */
  static async begin(world: ImportWorld): Promise<ImageImport> {
    await wipeDomain(world.store, world.keys);
    return new ImageImport(world);
  }

  /** Stores images. Rejects with StoreError damaged for one that is malformed. */
  async take(images: readonly Uint8Array[]): Promise<void> {
    let run: ImageRow[] = [];
    for (const image of images) {
      const reader = new ByteReader(image, (reason) => new StoreError('damaged', `image: ${reason}`));
      const tail = reader.bytes(KEY_BYTES);
      const value = reader.raw(reader.left);
      const tag = tail[0];
      if (tag === TAG.meta) {
        const { keys } = this.#world;
        if (equalBytes(keys.underDomain(tail), keys.meta('changeNumbers'))) this.#numbers = value.slice();
        else this.#counters = decodeCounters(value);
        continue;
      }
      if (tag === undefined || (tag !== TAG.values && !IMAGE_TAGS.includes(tag)))
        reader.fail('unknown kind of row');
      if (run[0] !== undefined && run[0].tail[0] !== tag) {
        await this.#store(run);
        run = [];
      }
      run.push({ tail, value });
    }
    await this.#store(run);
  }

  /** Stores rows of one kind. */
  async #store(rows: readonly ImageRow[]): Promise<void> {
    const { store, keys, fraction, dictionary } = this.#world;
    const tag = rows[0]?.tail[0];
    this.#rows += rows.length;
    if (tag === TAG.dictionary) this.#dictionaryRows += rows.length;
    else if (this.#dictionaryKnown !== this.#dictionaryRows) {
      await dictionary.reload(store);
      this.#dictionaryKnown = this.#dictionaryRows;
    }
    const held = fraction.isAll ? rows : rows.flatMap((row) => this.#restricted(row));
    if (tag === TAG.values) this.#awaited = false;
    else if (this.#unindexed.length > 0 && tag !== undefined && (tag !== TAG.entry || !this.#awaited))
      await this.#index();
    const ops = held.map(({ tail, value }): StoreOp => ({ type: 'put', key: keys.underDomain(tail), value }));
    await store.batch(ops, { sync: false });
    if (tag !== TAG.entry) return;
    for (const row of held) this.#unindexed.push(entryOf(row));
    this.#awaited = this.#unindexed.some(({ value }) => isInRows(value));
    if (!this.#awaited) await this.#index();
  }

  /** What is stored of a row. */
  #restricted(row: ImageRow): readonly ImageRow[] {
    const { tail, value } = row;
    switch (tail[0]) {
      case TAG.entry:
        return [{ tail, value: restrictRecord(value, this.#world) }];
      case TAG.values:
        return holdsValues(tail, this.#world) ? [row] : [];
      case TAG.history:
        if (tail.length <= ID_BYTES) throw new StoreError('damaged', 'image: history key cut short');
        return [{ tail, value: restrictHistory(readId(tail, 1), value, this.#world) }];
      default:
        return [row];
    }
  }

  /** Entries of which all is stored now. */
  async #index(): Promise<void> {
    const { dictionary, isSingle } = this.#world;
    const entries = this.#unindexed;
    this.#unindexed = [];
    for (const { tail, value } of entries) {
      const state = decodeState(value, dictionary);
      if (!isAlive(state)) continue;
      this.#builder.add(readId(tail, 1), { state, shown: shownOf(state, isSingle) });
    }
    if (this.#builder.full) await this.#builder.relieve();
  }

  /** Puts all on disk and takes the mark away. Answers the indexes that were made. Rejects with StoreError damaged when the images ended before their end. */
  async finish(generationId: string, state: ServerState): Promise<IndexConfig> {
    const { store, keys, fraction } = this.#world;
    if (this.#counters === undefined && this.#rows > 0)
      throw new StoreError('damaged', `the copy ended after ${this.#rows} rows, before its last`);
    const counted = this.#counters ?? NO_ENTRIES;
    if (this.#unindexed.length > 0) await this.#index();
    const indexes = this.#world.indexes.withCommon(await this.#builder.write());
    if (!fraction.isAll) await restrictJournal(this.#world);
    // The source may have another schema.
    await recheckMarks(this.#world);
    const counters: Counters = { ...counted, blockId: counted.nextId - 1 };
    const numbers: StoreOp[] =
      this.#numbers === undefined
        ? []
        : [{ type: 'put', key: keys.meta('changeNumbers'), value: this.#numbers }];
    await store.batch(
      [
        ...numbers,
        { type: 'put', key: keys.meta('state'), value: state.toBytes() },
        { type: 'put', key: keys.meta('counters'), value: encodeCounters(counters) },
        textOp(keys, 'generation', generationId),
        ...heldOps(keys, indexes),
        textOp(keys, 'fraction', fraction.isAll ? undefined : formatFraction(fraction)),
        textOp(keys, 'loading', undefined),
      ],
      { sync: true },
    );
    return indexes;
  }
}
