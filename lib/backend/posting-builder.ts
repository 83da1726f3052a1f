/**
 * Gathers postings of many entries in memory and writes them as heads and blocks: for bulk loads, total updates and rebuilds of indexes.
 *
 * Entries come in rising id order. When too much has gathered it is written and gathering starts anew; a value whose head was written before is
 * merged with it. The index rows were empty before.
 */
import { emptyBytes, equalBytes } from '../base/bytes.js';
import { eachSubstringKey, gramKey, type SubstringKeySink } from '../filter/substring-keys.js';
import type { OrderedStore, StoreOp } from '../port/ordered-store.js';
import type { EntryId } from './backend.js';
import { createTimestamp, modifyTimestamp } from './computed-attributes.js';
import type { IndexConfig, IndexSpec } from './index-config.js';
import type { IndexedState } from './index-keys.js';
import { headKey, INDEX_KIND, type IndexKind, type KeySpace } from './key-space.js';
import { addOp, blockOps, decodeHead, encodeHead, HEAD_IDS } from './posting-rows.js';
import { PostingTable } from './posting-table.js';

/** Postings in memory before they are written. */
const MAX_POSTINGS = 12_000_000;
/** Values in memory before they are written. */
const MAX_VALUES = 2_500_000;
const BATCH_ROWS = 20_000;
/** The key of the gram at hand. */
const GRAM = gramKey(0);

/** How much gathers, and how much is written at once. */
export interface BuilderBounds {
  readonly postings: number;
  readonly values: number;
  readonly batchRows: number;
}

/** For work that has the machine for itself. */
const LOAD_BOUNDS: BuilderBounds = {
  postings: MAX_POSTINGS,
  values: MAX_VALUES,
  batchRows: BATCH_ROWS,
};

/** One index under construction. */
interface Building {
  readonly spec: IndexSpec;
  readonly kind: IndexKind;
  readonly table: PostingTable;
  /** Values of the entry before and their numbers in the table: neighbours often have the same object classes. */
  last: { readonly values: readonly Uint8Array[]; readonly numbers: readonly number[] } | undefined;
}

export class PostingBuilder implements SubstringKeySink {
  readonly #store: OrderedStore;
  readonly #keys: KeySpace;
  readonly #building: Building[] = [];
  #postings = 0;
  #values = 0;
  /** Something was written before: heads are read before they are put. */
  #again = false;

  readonly #bounds: BuilderBounds;

  constructor(store: OrderedStore, keys: KeySpace, config: IndexConfig, bounds: BuilderBounds = LOAD_BOUNDS) {
    this.#store = store;
    this.#keys = keys;
    this.#bounds = bounds;
    const build = (spec: IndexSpec, kind: IndexKind) => {
      this.#building.push({ spec, kind, table: new PostingTable(), last: undefined });
    };
    for (const spec of config.specs) {
      if (spec.equality !== undefined) build(spec, INDEX_KIND.equality);
      if (spec.ordering !== undefined) build(spec, INDEX_KIND.ordering);
      if (spec.substring !== undefined) build(spec, INDEX_KIND.substring);
      if (spec.presence) build(spec, INDEX_KIND.presence);
    }
  }

  /** Whether write() should be called before more entries come. */
  get full(): boolean {
    return this.#postings >= this.#bounds.postings || this.#values >= this.#bounds.values;
  }

  /** Takes a live entry. */
  add(id: EntryId, entry: IndexedState): void {
    let optioned = false;
    for (const key of entry.shown.keys()) optioned ||= key.includes(';');
    for (const building of this.#building) {
      const { key } = building.spec;
      if (key === 'createtimestamp') this.#value(building, id, createTimestamp(entry.state));
      else if (key === 'modifytimestamp') this.#value(building, id, modifyTimestamp(entry.state));
      else if (!optioned) {
        const attribute = entry.shown.get(key);
        if (attribute !== undefined) this.#values_(building, id, attribute.values);
      } else {
        for (const [has, { values }] of entry.shown) {
          if (has === key || has.startsWith(`${key};`)) this.#values_(building, id, values);
        }
      }
    }
  }

  #values_(building: Building, id: EntryId, values: readonly Uint8Array[]): void {
    const { last, table } = building;
    if (last !== undefined && sameValues(last.values, values)) {
      for (const number of last.numbers) if (table.add(number, id)) this.#postings += 1;
      return;
    }
    for (const value of values) this.#value(building, id, value);
    if (building.kind === INDEX_KIND.equality) this.#remember(building, values);
  }

  /** Remembers the numbers of several values. */
  #remember(building: Building, values: readonly Uint8Array[]): void {
    building.last = undefined;
    if (values.length < 2) return;
    const numbers: number[] = [];
    for (const value of values) {
      const normal = building.spec.equality?.normalize(value);
      if (normal === undefined) return;
      numbers.push(building.table.value(normal, normal.length));
    }
    building.last = { values, numbers };
  }

  #value(building: Building, id: EntryId, value: Uint8Array): void {
    const { spec, kind } = building;
    if (kind === INDEX_KIND.presence) {
      this.#put(building, emptyBytes(), 0, id);
      return;
    }
    const rule =
      kind === INDEX_KIND.equality
        ? spec.equality
        : kind === INDEX_KIND.ordering
          ? spec.ordering
          : spec.substring;
    const normal = rule?.normalize(value);
    if (normal === undefined) return;
    if (kind !== INDEX_KIND.substring) {
      this.#put(building, normal, normal.length, id);
      return;
    }
    this.#current = building;
    this.#currentId = id;
    eachSubstringKey(normal, this);
  }
  #current: Building | undefined;
  #currentId = 0 as EntryId;

  /** SubstringKeySink, for the value at hand. */
  gram(code: number): void {
    GRAM[1] = code >>> 16;
    GRAM[2] = code >>> 8;
    GRAM[3] = code;
    this.#put(this.#current as Building, GRAM, GRAM.length, this.#currentId);
  }

  /** SubstringKeySink, for the value at hand. */
  key(octets: Uint8Array, length: number): void {
    this.#put(this.#current as Building, octets, length, this.#currentId);
  }

  #put({ table }: Building, octets: Uint8Array, length: number, id: EntryId): void {
    const before = table.count;
    const number = table.value(octets, length);
    if (table.count > before) this.#values += 1;
    if (table.add(number, id)) this.#postings += 1;
  }

  /** Writes what has gathered; not synced. */
  async write(): Promise<void> {
    let ops: StoreOp[] = [];
    let last: Promise<void> = Promise.resolve();
    const flush = async () => {
      await last;
      last = this.#store.batch(ops, { sync: false });
      last.catch(() => undefined); // told by the next await
      ops = [];
    };
    for (const building of this.#building) {
      const { spec, kind, table } = building;
      building.last = undefined;
      // The store sorts, in a thread of its own.
      for (let number = 0; number < table.count; number++) {
        const value = this.#keys.indexValue(spec.key, kind, table.octets(number));
        this.#rows(kind, value, table.ids(number), ops);
        if (ops.length >= this.#bounds.batchRows) await flush();
      }
      table.clear();
    }
    await flush();
    await last;
    this.#postings = 0;
    this.#values = 0;
    this.#again = true;
  }

  #rows(kind: IndexKind, value: Uint8Array, ids: readonly EntryId[], ops: StoreOp[]): void {
    if (kind !== INDEX_KIND.equality) {
      if (ids.length === 1) ops.push(addOp(value, ids[0] as EntryId));
      else blockOps(value, ids, ops);
      return;
    }
    const key = headKey(value);
    const row = this.#again ? this.#store.get(key) : undefined;
    const head = row === undefined ? [] : decodeHead(row);
    if (head !== 'many' && head.length + ids.length <= HEAD_IDS) {
      ops.push({ type: 'put', key, value: encodeHead([...new Set([...head, ...ids])]) });
      return;
    }
    if (head !== 'many') ops.push({ type: 'put', key, value: encodeHead('many') });
    blockOps(value, head === 'many' ? ids : [...new Set([...head, ...ids])], ops);
  }
}

function sameValues(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!equalBytes(a[i] as Uint8Array, b[i] as Uint8Array)) return false;
  return true;
}
