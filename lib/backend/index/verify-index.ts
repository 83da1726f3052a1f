/**
 * verify, the index rows: both directions at once by order-independent sums over (value, id), and by name only where an index differs.
 *
 * Memory does not grow with the domain: rows are summed as they come; a value whose single rows may stand among its blocks is read as a search reads it.
 */
import { beginsWith, latin1 } from '../../base/bytes.js';
import { type EntryState, isAlive } from '../../conflict/entry-state.js';
import type { OrderedStore, StoreRow, StoreSnapshot } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Schema } from '../../schema/schema.js';
import type { EntryId } from '../backend.js';
import { readFacts } from '../domain-facts.js';
import { Dictionary } from '../rows/dictionary.js';
import { checkRecord, decodeWhole } from '../rows/entry-record.js';
import {
  ID_BYTES,
  INDEX_KIND,
  type IndexKind,
  type KeySpace,
  POSTING,
  prefixRange,
  readId,
  TAG,
} from '../rows/key-space.js';
import { shownOf, singleValued } from '../rows/shown.js';
import { decodeCommon } from './held-indexes.js';
import { IndexConfig, type IndexSpec, kindName } from './index-config.js';
import { type IndexedState, IndexKeys } from './index-keys.js';
import { type IndexSum, IndexSums, indexedValueHash, postingHash } from './index-sums.js';
import { PostingBuilder } from './posting-builder.js';
import { blockIds, decodeHead, PostingReader, valueLength } from './posting-rows.js';

/** A row may hold a thousand ids. */
const ROWS = 250;
/** Entries that are decoded in one turn. */
const SLICE = 100;
const TOLD = 20;
/** Parts of a thousand that a second reading looks at. */
const DETAILED = 4;
/** Postings that a second reading holds. */
const DETAILED_POSTINGS = 1_000_000;

/** Checks the rows of all ready indexes of a domain against its entries; one sentence for each fault. Rejects when the store cannot be read. */
export async function verifyIndexRows(options: {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly schema: Schema;
  readonly indexes: IndexConfig;
}): Promise<{ readonly faults: readonly string[]; readonly entries: number }> {
  const { store, keys, schema, indexes } = options;
  const snapshot = store.snapshot();
  try {
    const dictionary = await Dictionary.load(store, keys);
    const isSingle = singleValued(schema);
    const verifier = new IndexVerifier(store, keys, indexes, snapshot);
    let entries = 0;
    for await (const rows of store.scan(keys.tagRange(TAG.entry), SLICE, snapshot)) {
      for (const { key, value } of rows) {
        const state = readable(value, dictionary);
        if (state === undefined || !isAlive(state)) continue;
        entries += 1;
        verifier.expect(readId(key, 3), { state, shown: shownOf(state, isSingle) });
      }
    }
    return { faults: await verifier.compare(dictionary, isSingle), entries };
  } finally {
    await snapshot.close();
  }
}

export class IndexVerifier {
  readonly #store: OrderedStore;
  readonly #keys: KeySpace;
  readonly #config: IndexConfig;
  readonly #snapshot: StoreSnapshot;
  readonly #builder: PostingBuilder;
  #sums = new IndexSums([]);

  constructor(store: OrderedStore, keys: KeySpace, config: IndexConfig, snapshot: StoreSnapshot) {
    this.#store = store;
    this.#keys = keys;
    this.#config = config.withCommon(decodeCommon(readFacts(store, keys, snapshot).commonKeys));
    this.#snapshot = snapshot;
    this.#builder = new PostingBuilder(config, (indexes) => {
      this.#sums = new IndexSums(indexes, ({ attribute, kind }) =>
        kind === INDEX_KIND.substring ? this.#config.spec(attribute)?.common : undefined,
      );
      return this.#sums;
    });
  }

  /** A live entry that index rows must name. Each comes once. */
  expect(id: EntryId, entry: IndexedState): void {
    this.#builder.add(id, entry);
  }

  /** Reads all rows of the indexes and says what differs. Rows of an index that is being built or dropped are none yet, or no more. */
  async compare(dictionary: Dictionary, isSingle: (key: AttributeKey) => boolean): Promise<string[]> {
    const sentences: string[] = [];
    for (const index of this.#sums.indexes) await this.#read(index, sentences);
    const told = new Set<AttributeKey>();
    for (const { attribute, kind, sums } of this.#sums.indexes) {
      if (sums.even) continue;
      sentences.push(
        `The index of ${attribute} by ${kindName(kind)} has ${sums.found} rows where ${sums.due} are due, or others than are due.`,
      );
      const spec = told.has(attribute) ? undefined : this.#config.spec(attribute);
      told.add(attribute);
      if (spec !== undefined) sentences.push(...(await this.#detail(spec, dictionary, isSingle)));
    }
    return sentences;
  }

  /** Adds up the rows of one index. */
  async #read({ attribute, kind, sums }: IndexSum, sentences: string[]): Promise<void> {
    const range = this.#keys.index(attribute, kind);
    let value: ValueRows | undefined;
    const close = async () => {
      if (value === undefined) return;
      if (value.mixed) value.again(await this.#ids(value.prefix));
      sums.takeSum(value.hash, value.sum, value.count);
      if (value.contradicts)
        sentences.push(`Index value ${show(value.prefix)} has a head of few ids and rows of others.`);
    };
    for await (const rows of this.#store.scan(range, ROWS, this.#snapshot)) {
      for (const row of rows) {
        try {
          if (value?.has(row.key) !== true) {
            await close();
            value = undefined;
            value = new ValueRows(row.key, range.gte.length);
          }
          value.take(row);
        } catch (error) {
          sentences.push(`Index row ${show(row.key)} cannot be read: ${String(error)}.`);
        }
      }
    }
    await close();
  }

  /** Names rows that are missing or too many in the indexes of one attribute, as far as they stand in the first parts that differ. */
  async #detail(
    spec: IndexSpec,
    dictionary: Dictionary,
    isSingle: (key: AttributeKey) => boolean,
  ): Promise<string[]> {
    const parts = new Map<IndexKind, (hash: number) => boolean>();
    for (const { attribute, kind, sums } of this.#sums.indexes) {
      if (attribute === spec.key && !sums.even) parts.set(kind, sums.differing(DETAILED).has);
    }
    const due = await this.#due(spec, parts, dictionary, isSingle);
    if (due === undefined) return [];
    const sentences: string[] = [];
    for (const [kind, isLookedAt] of parts) {
      const range = this.#keys.index(spec.key, kind);
      let last: Uint8Array | undefined;
      for await (const keys of this.#store.scanKeys(range, ROWS, this.#snapshot)) {
        for (const key of keys) {
          if (last !== undefined && beginsWith(key, last)) continue;
          last = key.slice(0, valueLength(key));
          if (!isLookedAt(indexedValueHash(last, range.gte.length, last.length - 2))) continue;
          const text = latin1(last);
          const expected = due.get(text) ?? new Set();
          const ids = await this.#ids(last);
          for (const id of ids)
            if (!expected.delete(id))
              sentences.push(`Index value ${show(last)} names ${id}, which has no such value.`);
          for (const id of expected) sentences.push(`Index value ${show(last)} does not name ${id}.`);
          due.delete(text);
          if (sentences.length > TOLD) return sentences.slice(0, TOLD);
        }
      }
    }
    for (const text of due.keys())
      sentences.push(`Index value ${JSON.stringify(text.slice(3))} has no rows.`);
    return sentences.slice(0, TOLD);
  }

  /** What entries have in the parts that are looked at, by value; undefined when it is too much to hold. */
  async #due(
    spec: IndexSpec,
    parts: ReadonlyMap<IndexKind, (hash: number) => boolean>,
    dictionary: Dictionary,
    isSingle: (key: AttributeKey) => boolean,
  ): Promise<Map<string, Set<EntryId>> | undefined> {
    const due = new Map<string, Set<EntryId>>();
    const only = new IndexKeys(IndexConfig.only(spec), this.#keys);
    let held = 0;
    for await (const rows of this.#store.scan(this.#keys.tagRange(TAG.entry), SLICE, this.#snapshot)) {
      for (const row of rows) {
        const state = readable(row.value, dictionary);
        if (state === undefined || !isAlive(state)) continue;
        const id = readId(row.key, 3);
        only.difference(undefined, { state, shown: shownOf(state, isSingle) }, (attribute, kind, normal) => {
          const value = this.#keys.indexValue(attribute, kind, normal);
          const start = this.#keys.index(attribute, kind).gte.length;
          if (parts.get(kind)?.(indexedValueHash(value, start, value.length - 2)) !== true) return;
          const text = latin1(value);
          due.set(text, (due.get(text) ?? new Set()).add(id));
          held += 1;
        });
      }
      if (held > DETAILED_POSTINGS) return undefined;
    }
    return due;
  }

  async #ids(value: Uint8Array): Promise<readonly EntryId[]> {
    const reader = new PostingReader();
    for await (const rows of this.#store.scan(prefixRange(value), ROWS, this.#snapshot)) reader.take(rows);
    return reader.finish();
  }
}

/** The rows of one value, summed as they come. */
class ValueRows {
  readonly prefix: Uint8Array;
  readonly hash: number;
  sum = 0;
  count = 0;
  /** Numbers did not rise, or some are taken away: the sum is void and the value is to be read as a whole. */
  mixed = false;
  #last = -1;
  #head: 'few' | 'many' | undefined;
  #others = 0;

  constructor(key: Uint8Array, start: number) {
    this.prefix = key.slice(0, valueLength(key));
    this.hash = indexedValueHash(this.prefix, start, this.prefix.length - 2);
  }

  /** Whether this is a row of the value. */
  has(key: Uint8Array): boolean {
    const { length } = this.prefix;
    return (
      (key.length === length + 1 || key.length === length + 1 + ID_BYTES) && beginsWith(key, this.prefix)
    );
  }

  /** A row; those of the value come in key order. Throws StoreError for a damaged one. */
  take({ key, value }: StoreRow): void {
    const form = key[this.prefix.length];
    if (form === POSTING.head) {
      const head = decodeHead(value);
      this.#head = head === 'many' ? 'many' : 'few';
      if (head !== 'many') this.#ids(head);
      return;
    }
    this.#others += 1;
    const id = readId(key, key.length - ID_BYTES);
    if (form === POSTING.block) this.#ids(blockIds(id, value, []));
    else if (value.length === 0) this.#ids([id]);
    else this.mixed = true;
  }

  /** The ids of the value as a whole, each once. */
  again(ids: readonly EntryId[]): void {
    this.sum = 0;
    this.count = 0;
    this.#last = -1;
    this.#ids(ids);
  }

  get contradicts(): boolean {
    return this.#head === 'few' && this.#others > 0;
  }

  #ids(ids: readonly EntryId[]): void {
    for (const id of ids) {
      if (id <= this.#last) this.mixed = true;
      this.#last = id;
      this.sum = (this.sum + postingHash(this.hash, id)) | 0;
    }
    this.count += ids.length;
  }
}

/** The state of a record; undefined for a damaged one, which verify told of before. */
function readable(record: Uint8Array, dictionary: Dictionary): EntryState | undefined {
  try {
    return decodeWhole(checkRecord(record), dictionary);
  } catch {
    return undefined;
  }
}

function show(value: Uint8Array): string {
  return JSON.stringify(latin1(value.subarray(3)));
}
