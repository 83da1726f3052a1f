/**
 * verify, the index rows: both directions at once by order-independent sums over (value, id), and by name only for an index that differs.
 */
import { latin1 } from '../base/bytes.js';
import { type EntryState, isAlive } from '../conflict/entry-state.js';
import type { OrderedStore, StoreSnapshot } from '../port/ordered-store.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { Schema } from '../schema/schema.js';
import type { EntryId } from './backend.js';
import { Dictionary } from './dictionary.js';
import { checkRecord, decodeState } from './entry-record.js';
import { IndexConfig, type IndexSpec, kindName } from './index-config.js';
import { type IndexedState, IndexKeys } from './index-keys.js';
import {
  attributeOfIndexKey,
  INDEX_KIND,
  type IndexKind,
  type KeySpace,
  POSTING,
  prefixRange,
  readId,
  TAG,
} from './key-space.js';
import { decodeHead, PostingReader, valueLength } from './posting-rows.js';
import { shownOf, singleValued } from './shown.js';
import { checksum32 } from './value-hash.js';

const ROWS = 4000;
/** Entries that are decoded in one turn. */
const SLICE = 200;
const TOLD = 20;
const KINDS: ReadonlySet<number> = new Set(Object.values(INDEX_KIND));

/** Sum and number of the postings of one index. */
interface Tally {
  sum: number;
  count: number;
}

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
  readonly #indexKeys: IndexKeys;
  readonly #expected = new Map<string, Tally>();
  readonly #found = new Map<string, Tally>();

  constructor(store: OrderedStore, keys: KeySpace, config: IndexConfig, snapshot: StoreSnapshot) {
    this.#store = store;
    this.#keys = keys;
    this.#config = config;
    this.#snapshot = snapshot;
    this.#indexKeys = new IndexKeys(config, keys);
  }

  /** A live entry that index rows must name. */
  expect(id: EntryId, entry: IndexedState): void {
    this.#indexKeys.difference(undefined, entry, (attribute, kind, normal) => {
      add(this.#expected, this.#keys.indexValue(attribute, kind, normal), id);
    });
  }

  /** Reads all index rows and says what differs. */
  async compare(dictionary: Dictionary, isSingle: (key: AttributeKey) => boolean): Promise<string[]> {
    const sentences: string[] = [];
    let value: Uint8Array | undefined;
    let reader = new PostingReader();
    let head: 'few' | 'many' | undefined;
    let others = 0;
    const close = () => {
      if (value === undefined) return;
      for (const id of reader.finish()) add(this.#found, value, id);
      if (head === 'few' && others > 0)
        sentences.push(`Index value ${show(value)} has a head of few ids and rows of others.`);
    };
    for await (const rows of this.#store.scan(this.#keys.tagRange(TAG.index), ROWS, this.#snapshot)) {
      for (const row of rows) {
        try {
          const length = valueLength(row.key);
          if (value === undefined || latin1(row.key.subarray(0, length)) !== latin1(value)) {
            close();
            value = row.key.slice(0, length);
            reader = new PostingReader();
            head = undefined;
            others = 0;
          }
          if (row.key[length] === POSTING.head) head = decodeHead(row.value) === 'many' ? 'many' : 'few';
          else others += 1;
          reader.take([row]);
        } catch (error) {
          sentences.push(`Index row ${show(row.key)} cannot be read: ${String(error)}.`);
        }
      }
    }
    close();
    const names = new Set([...this.#expected.keys(), ...this.#found.keys()]);
    const known = new Set(this.#config.items().map(({ key, kind }) => nameOf(key, kind)));
    const told = new Set<string>();
    for (const name of names) {
      // Rows of an index that is being built or dropped are none yet, or no more.
      if (!known.has(name)) continue;
      const [a, b] = [this.#expected.get(name), this.#found.get(name)];
      if (a?.sum === b?.sum && a?.count === b?.count) continue;
      sentences.push(
        `The index of ${name} has ${b?.count ?? 0} rows where ${a?.count ?? 0} are due, or others than are due.`,
      );
      const attribute = name.slice(0, name.indexOf(' ')) as AttributeKey;
      const spec = told.has(attribute) ? undefined : this.#config.spec(attribute);
      told.add(attribute);
      if (spec !== undefined) sentences.push(...(await this.#detail(spec, dictionary, isSingle)));
    }
    return sentences;
  }

  /** Names rows that are missing or too many in the indexes of one attribute. */
  async #detail(
    spec: IndexSpec,
    dictionary: Dictionary,
    isSingle: (key: AttributeKey) => boolean,
  ): Promise<string[]> {
    const due = new Map<string, Set<EntryId>>();
    const config = IndexConfig.only(spec);
    const kinds = new Set<number>(config.items().map(({ kind }) => kind));
    const only = new IndexKeys(config, this.#keys);
    for await (const rows of this.#store.scan(this.#keys.tagRange(TAG.entry), ROWS, this.#snapshot)) {
      for (const row of rows) {
        const state = readable(row.value, dictionary);
        if (state === undefined || !isAlive(state)) continue;
        only.difference(undefined, { state, shown: shownOf(state, isSingle) }, (attribute, kind, normal) => {
          const text = latin1(this.#keys.indexValue(attribute, kind, normal));
          due.set(text, (due.get(text) ?? new Set()).add(readId(row.key, 3)));
        });
      }
    }
    const sentences: string[] = [];
    const seen = new Set<string>();
    for await (const rows of this.#store.scan(this.#keys.tagRange(TAG.index), ROWS, this.#snapshot)) {
      for (const { key } of rows) {
        const value = key.slice(0, valueLength(key));
        const text = latin1(value);
        const { attribute, kind } = attributeOfIndexKey(value);
        if (seen.has(text) || attribute !== spec.key || !kinds.has(kind)) continue;
        seen.add(text);
        const ids = new Set(await this.#ids(value));
        const expected = due.get(text) ?? new Set();
        for (const id of ids)
          if (!expected.has(id))
            sentences.push(`Index value ${show(value)} names ${id}, which has no such value.`);
        for (const id of expected)
          if (!ids.has(id)) sentences.push(`Index value ${show(value)} does not name ${id}.`);
        due.delete(text);
        if (sentences.length > TOLD) return sentences;
      }
    }
    for (const text of due.keys())
      sentences.push(`Index value ${JSON.stringify(text.slice(3))} has no rows.`);
    return sentences.slice(0, TOLD);
  }

  async #ids(value: Uint8Array): Promise<readonly EntryId[]> {
    const reader = new PostingReader();
    for await (const rows of this.#store.scan(prefixRange(value), ROWS, this.#snapshot)) reader.take(rows);
    return reader.finish();
  }
}

/** The state of a record; undefined for a damaged one, which verify told of before. */
function readable(record: Uint8Array, dictionary: Dictionary): EntryState | undefined {
  try {
    return decodeState(checkRecord(record), dictionary);
  } catch {
    return undefined;
  }
}

function nameOf(attribute: AttributeKey, kind: IndexKind): string {
  return `${attribute} by ${kindName(kind)}`;
}

function add(tallies: Map<string, Tally>, value: Uint8Array, id: EntryId): void {
  const { attribute, kind } = attributeOfIndexKey(value);
  const name = KINDS.has(kind) ? nameOf(attribute, kind as IndexKind) : '';
  let tally = tallies.get(name);
  if (tally === undefined) {
    tally = { sum: 0, count: 0 };
    tallies.set(name, tally);
  }
  const sum = Math.imul(checksum32(value, 3) ^ Math.imul(id, 0x9e3779b1), 0x85ebca6b) >>> 0;
  tally.sum = (tally.sum + sum) % 0x1_0000_0000;
  tally.count += 1;
}

function show(value: Uint8Array): string {
  return JSON.stringify(latin1(value.subarray(3)));
}
