/**
 * PostingTables: postings of many entries in memory, written as heads and blocks: for bulk loads, total updates and builds of indexes.
 *
 * Entries come in rising id order. When too much has gathered it is written and gathering starts anew; an equality value whose head was written before is
 * merged with it. The index rows were empty before. Common keys of a substring index get no rows (key-census.ts). Knows no schema: values come in their normal forms, so this can
 * run in another thread.
 */
import { assert } from '../../base/assert.js';
import { eachSubstringKey, type SubstringKeySink } from '../../filter/substring-keys.js';
import type { OrderedStore, StoreOp } from '../../port/ordered-store.js';
import type { SortedRun } from '../../port/sorted-run.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId } from '../backend.js';
import { StoreRun } from '../load/store-run.js';
import { INDEX_KIND, type IndexKind, type KeySpace, POSTING, postingKey } from '../rows/key-space.js';
import { boundedValue } from './index-value.js';
import { KeyCensus } from './key-census.js';
import { blockOps, decodeHead, encodeHead, HEAD_IDS, SINGLE } from './posting-rows.js';
import { PostingTable } from './posting-table.js';

/** Postings in memory before they are written. */
const MAX_POSTINGS = 12_000_000;
/** Values in memory before they are written. */
const MAX_VALUES = 8_000_000;
const BATCH_ROWS = 20_000;
/** Bits of the filter that tells values whose heads were written before. */
const SEEN_BITS = 2 ** 27;

/** Values whose rows are made in one call: a function that is called often is compiled sooner than a long loop. */
const SOME_VALUES = 1024;

const NONE: readonly EntryId[] = [];

/** How much gathers, and how much is written at once. */
export interface BuilderBounds {
  readonly postings: number;
  readonly values: number;
  readonly batchRows: number;
  /** Ids encoded in one turn of the event loop: long lists are few rows. */
  readonly batchIds: number;
  /**
   * Lets others have their turn. Absent: the work has the machine for itself, and values are written in the order of their rows, which the store takes with less work; to sort
   * them takes one long turn.
   */
  readonly pause?: () => Promise<void>;
  /** Where the rows of the last round go, which come in the order of their keys; absent: to the store. Not beside `pause`. */
  readonly run?: SortedRun;
}

/** For work that has the machine for itself. */
export const LOAD_BOUNDS: BuilderBounds = {
  postings: MAX_POSTINGS,
  values: MAX_VALUES,
  batchRows: BATCH_ROWS,
  batchIds: 1_000_000,
};

/** For a total update: as much, beside whom the server serves meanwhile. */
export function besideOthers(pause: () => Promise<void>): BuilderBounds {
  return { ...LOAD_BOUNDS, batchRows: 2000, batchIds: 20_000, pause };
}

/** One index to fill. */
export interface IndexToFill {
  readonly attribute: AttributeKey;
  readonly kind: IndexKind;
  /** IndexKinds.commonFrom. */
  readonly commonFrom?: number | undefined;
}

/** The keys of each substring index that are common, by the number of the index, where there are any. */
export type CommonFound = ReadonlyMap<number, readonly Uint8Array[]>;

/** Where postings go. */
export interface PostingSink {
  /** A value of the `index`th index, in its normal form; copied. Entries come in rising order. */
  put(index: number, id: EntryId, normal: Uint8Array): void;
  /** Whether relieve() should be called before more comes. */
  readonly full: boolean;
  /** Makes room. */
  relieve(): Promise<void>;
  /** Writes all that has gathered, the last time; not synced. `entries`: all that came, those without a value included. */
  write(entries: number): Promise<CommonFound>;
}

interface Filling extends IndexToFill {
  readonly index: number;
  readonly table: PostingTable;
  readonly common: KeyCensus;
}

export class PostingTables implements PostingSink, SubstringKeySink {
  readonly #store: Pick<OrderedStore, 'batch' | 'get'>;
  readonly #keys: KeySpace;
  readonly #bounds: BuilderBounds;
  readonly #filling: readonly Filling[];
  /** The same in the order of their rows. */
  readonly #inOrder: readonly Filling[];
  #postings = 0;
  #values = 0;
  #current: Filling | undefined;
  #currentId = 0 as EntryId;
  /** That came so far, then all. */
  #entries = 0;
  /** Set once equality heads were written: which of them are to be read before they are put again. */
  #seen: Uint8Array | undefined;
  #ended = false;
  /** Ids in the rows since the last look at the store. */
  #encoded = 0;

  constructor(
    store: Pick<OrderedStore, 'batch' | 'get'>,
    keys: KeySpace,
    indexes: readonly IndexToFill[],
    bounds: BuilderBounds = LOAD_BOUNDS,
  ) {
    this.#store = store;
    this.#keys = keys;
    this.#bounds = bounds;
    this.#filling = indexes.map(({ attribute, kind, commonFrom }, index) => ({
      attribute,
      kind,
      index,
      table: new PostingTable(),
      common: new KeyCensus(commonFrom),
    }));
    this.#inOrder = this.#filling.toSorted((a, b) =>
      a.attribute === b.attribute ? a.kind - b.kind : a.attribute < b.attribute ? -1 : 1,
    );
  }

  get full(): boolean {
    return this.#postings >= this.#bounds.postings || this.#values >= this.#bounds.values;
  }

  put(index: number, id: EntryId, normal: Uint8Array): void {
    assert(!this.#ended, 'nothing comes after write()');
    const filling = this.#filling[index] as Filling;
    this.#current = filling;
    if (id !== this.#currentId) this.#entries += 1;
    this.#currentId = id;
    if (filling.kind === INDEX_KIND.substring) eachSubstringKey(normal, this);
    else {
      // Long values that share a row in the index are one value here: each would write its rows over the other's.
      const value = boundedValue(filling.kind === INDEX_KIND.equality, normal);
      this.key(value, value.length);
    }
  }

  /** SubstringKeySink, for the value at hand. */
  key(octets: Uint8Array, length: number): void {
    const { table } = this.#current as Filling;
    const before = table.count;
    const number = table.value(octets, length);
    if (table.count > before) this.#values += 1;
    if (table.add(number, this.#currentId)) this.#postings += 1;
  }

  /** Writes what can be written without a read later: all but equality values, and those too when they alone are many. */
  async relieve(): Promise<void> {
    await this.#write((filling) => filling.kind !== INDEX_KIND.equality);
    if (this.#postings * 2 >= this.#bounds.postings || this.#values * 2 >= this.#bounds.values)
      await this.#write(() => true);
  }

  async write(entries: number): Promise<CommonFound> {
    this.#ended = true;
    this.#entries = entries;
    await this.#write(() => true);
    for (const filling of this.#filling) await this.#wipeCommon(filling);
    return new Map(
      this.#filling.flatMap(({ index, common }) =>
        common.found.length === 0 ? [] : [[index, common.found] as const],
      ),
    );
  }

  /** Takes rows of common keys away that were written before it was known that they are. */
  async #wipeCommon({ attribute, kind, common }: Filling): Promise<void> {
    const ops: StoreOp[] = [];
    for (const { key, blocks } of common.finish(this.#entries)) {
      const value = this.#keys.indexValue(attribute, kind, key);
      for (const first of blocks) ops.push({ type: 'del', key: postingKey(value, POSTING.block, first) });
      if (ops.length >= this.#bounds.batchRows) await this.#store.batch(ops.splice(0), { sync: false });
    }
    if (ops.length > 0) await this.#store.batch(ops, { sync: false });
  }

  async #write(which: (filling: Filling) => boolean): Promise<void> {
    const stored = new StoreRun(this.#store, this.#bounds.batchRows);
    const again = this.#seen !== undefined;
    const { pause, run, batchIds } = this.#bounds;
    for (const filling of this.#inOrder) {
      if (!which(filling)) continue;
      const { kind, table } = filling;
      const order = pause === undefined ? table.order() : undefined;
      for (const _ of table.sorting()) await pause?.();
      // A head that was written before stands in the store, and is replaced there.
      const place = this.#ended && !(again && kind === INDEX_KIND.equality) ? (run ?? stored) : stored;
      this.#encoded = 0;
      for (let at = 0; at < table.count; ) {
        at = this.#some(filling, order, at, again, place);
        if (!place.full && this.#encoded < batchIds) continue;
        await place.relieve();
        this.#encoded = 0;
      }
      this.#values -= table.count;
      table.clear();
      filling.common.roundEnds();
      await stored.relieve();
    }
    await stored.end();
    if (this.#ended) await run?.end();
  }

  /** Puts the rows of some values, from the `at`th on. Answers which one comes next. */
  #some(
    filling: Filling,
    order: Uint32Array | undefined,
    from: number,
    again: boolean,
    place: SortedRun,
  ): number {
    const end = Math.min(filling.table.count, from + SOME_VALUES);
    for (let at = from; at < end; at++) {
      this.#valueRows(filling, order === undefined ? at : (order[at] as number), again, place);
      if (place.full || this.#encoded >= this.#bounds.batchIds) return at + 1;
    }
    return end;
  }

  #valueRows(filling: Filling, number: number, again: boolean, place: SortedRun): void {
    const { attribute, kind, index, table, common } = filling;
    const octets = table.octets(number);
    const hash = table.hash(number);
    const count = table.idCount(number);
    this.#postings -= count;
    const mayGo = kind === INDEX_KIND.substring;
    if (mayGo && this.#ended && common.isCommon(hash, octets, count, this.#entries)) return;
    const ids = table.ids(number);
    this.#encoded += count;
    if (kind === INDEX_KIND.equality) {
      this.#head(this.#keys.head(attribute, octets), ids, this.#stands(index, hash, again), place);
      return;
    }
    const asBlocks = mayGo && !this.#ended && common.put(hash, octets, ids, this.#entries);
    if (count === 1 && !asBlocks)
      place.put(this.#keys.posting(attribute, kind, octets, ids[0] as EntryId), SINGLE);
    else putBlocks(place, this.#keys.indexValue(attribute, kind, octets), ids);
  }

  /** Whether a head of this value may stand; from now on it does, which nobody asks after the last round. */
  #stands(index: number, hash: number, again: boolean): boolean {
    if (this.#ended && !again) return false;
    this.#seen ??= new Uint8Array(SEEN_BITS / 8);
    const seen = this.#seen;
    const bit = ((hash ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0) % SEEN_BITS;
    const octet = seen[bit >>> 3] as number;
    seen[bit >>> 3] = octet | (1 << (bit & 7));
    return again && (octet & (1 << (bit & 7))) !== 0;
  }

  #head(key: Uint8Array, ids: readonly EntryId[], again: boolean, place: SortedRun): void {
    const row = again ? this.#store.get(key) : undefined;
    const head = row === undefined ? NONE : decodeHead(row);
    const all = head === 'many' || head.length === 0 ? ids : [...new Set([...head, ...ids])];
    if (head !== 'many' && head.length + ids.length <= HEAD_IDS) {
      place.put(key, encodeHead(all));
      return;
    }
    if (head !== 'many') place.put(key, encodeHead('many'));
    putBlocks(place, key.subarray(0, key.length - 1), all);
  }
}

function putBlocks(place: SortedRun, value: Uint8Array, ids: readonly EntryId[]): void {
  const ops: StoreOp[] = [];
  blockOps(value, ids, ops);
  for (const op of ops) if (op.type === 'put') place.put(op.key, op.value);
}
