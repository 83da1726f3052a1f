/**
 * Ids by indexed value: cached reading for searches, and the head rows' read-modify-write for the write path.
 *
 * A value with few ids answers at once, from memory or with one point read. Long lists are read in slices and kept while the cache has room.
 * Told of every commit: lists in memory are patched, so they are always what a fresh read would give. A list that a caller got may
 * grow at its end and changes in no other way.
 */
import { latin1 } from '../../base/bytes.js';
import type { OrderedStore, StoreOp, StoreRange } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import type { PendingRows } from '../layer.js';
import { headKey, ID_BYTES, INDEX_KIND, prefixRange } from '../rows/key-space.js';
import { HeadCache } from './head-cache.js';
import {
  addOp,
  decodeHead,
  HEAD_IDS,
  type Head,
  type PostingChange,
  PostingReader,
  removeOp,
  singleOp,
} from './posting-rows.js';

const SCAN_ROWS = 4000;
/** Ids of all long lists in memory. */
const LIST_IDS = 2_000_000;

/** Heads of one commit that are remembered, some milliseconds of work. */
const MOST_HEADS = 20_000;

const NO_IDS: readonly EntryId[] = [];

type SoonIds = readonly EntryId[] | undefined | Promise<readonly EntryId[] | undefined>;

/** The part of a layer that postings go to. */
export interface PendingPostings {
  readonly heads: Map<string, { readonly value: Uint8Array; readonly head: Head | undefined }>;
  readonly postings: PostingChange[];
  readonly ops: StoreOp[];
  /** Rows were changed that `postings` does not list. */
  unlisted: boolean;
}

/** What a search may still spend on reading index rows. */
export interface ReadBudget {
  /** In rows; Infinity for no bound. */
  left: number;
}

/** Ids of a block cost as much as one row. */
const IDS_PER_ROW = 16;

interface Reading {
  readonly result: Promise<readonly EntryId[] | undefined>;
  /** The budget that it started with. */
  readonly budget: number;
  /** A commit touched the value meanwhile: the result is not kept. */
  touched: boolean;
}

export class Postings {
  readonly #store: OrderedStore;
  /** Value prefix -> head; 'none' when there is no row. */
  readonly #heads = new HeadCache();
  readonly #lists = new Map<string, readonly EntryId[]>();
  #listIds = 0;
  readonly #reading = new Map<string, Reading>();

  constructor(store: OrderedStore) {
    this.#store = store;
  }

  /** Ids of an equality value, ascending; undefined when reading them costs more than the budget. */
  equality(value: Uint8Array, budget: ReadBudget = { left: Number.POSITIVE_INFINITY }): SoonIds {
    const text = latin1(value);
    const head = this.#head(value, text);
    if (head === 'none') return NO_IDS;
    return head === 'many' ? this.#list(value, text, budget) : head;
  }

  /**
   * Ids of an equality value, ascending, with what is decided and not yet durable; undefined: a long list that is not in memory, load it with
   * equality().
   */
  equalityNow(value: Uint8Array, pending: PendingRows | undefined): readonly EntryId[] | undefined {
    const text = latin1(value);
    const durable = this.#head(value, text);
    const decided = pending?.head(text);
    const head = decided === undefined ? durable : (decided.head ?? 'none');
    if (head === 'none') return NO_IDS;
    if (head !== 'many') return head;
    // A value that became long in a pending layer has all its ids there.
    const ids = durable === 'many' ? this.#lists.get(text) : NO_IDS;
    return ids === undefined || pending === undefined ? ids : pending.patched(value, ids);
  }

  /** Number of ids of an equality value where that is known without reading many rows. */
  equalityCount(value: Uint8Array): number | undefined {
    const text = latin1(value);
    const head = this.#head(value, text);
    if (head === 'none') return 0;
    return head === 'many' ? this.#lists.get(text)?.length : head.length;
  }

  /** Ids of a value of another kind, ascending; undefined when reading them costs more than the budget. */
  value(value: Uint8Array, budget: ReadBudget): SoonIds {
    return this.#list(value, latin1(value), budget);
  }

  /** Number of ids of a value of another kind, where its list is in memory. */
  valueCount(value: Uint8Array): number | undefined {
    return this.#lists.get(latin1(value))?.length;
  }

  /** Ids of all values in a range, ascending, each once; undefined when reading them costs more than the budget. */
  async range(range: StoreRange, budget: ReadBudget): Promise<readonly EntryId[] | undefined> {
    const reader = new PostingReader();
    // The budget is a price: what ids in one row cost is no whole number.
    const slice = Math.max(1, Math.min(SCAN_ROWS, Math.floor(budget.left) + 1));
    for await (const rows of this.#store.scan(range, slice)) {
      const before = reader.count;
      reader.take(rows);
      budget.left -= Math.max(rows.length, (reader.count - before) / IDS_PER_ROW);
      if (budget.left < 0) return undefined;
    }
    return reader.finish();
  }

  #head(value: Uint8Array, text: string): Head | 'none' {
    const known = this.#heads.get(text);
    if (known !== undefined) return known;
    const row = this.#store.get(headKey(value));
    const head = row === undefined ? 'none' : decodeHead(row);
    this.#heads.set(text, head);
    return head;
  }

  #list(value: Uint8Array, text: string, budget: ReadBudget): SoonIds {
    const known = this.#lists.get(text);
    if (known !== undefined) {
      // Moves it to the young end.
      this.#lists.delete(text);
      this.#lists.set(text, known);
      return known;
    }
    const running = this.#reading.get(text);
    if (running !== undefined) {
      if (!running.touched && running.budget >= budget.left) return running.result;
      // Commits are told to the new reading alone: the old one keeps nothing.
      running.touched = true;
    }
    const reading: Reading = {
      budget: budget.left,
      result: this.range(prefixRange(value), budget),
      touched: false,
    };
    this.#reading.set(text, reading);
    const done = () => {
      if (this.#reading.get(text) === reading) this.#reading.delete(text);
    };
    return reading.result.then(
      (ids) => {
        done();
        if (ids !== undefined && !reading.touched) this.#keepList(text, ids);
        return ids;
      },
      (error: unknown) => {
        done();
        throw error;
      },
    );
  }

  #keepList(text: string, ids: readonly EntryId[]): void {
    this.#dropList(text);
    if (ids.length > LIST_IDS / 2) return;
    this.#lists.set(text, ids);
    this.#listIds += ids.length + 16;
    for (const oldest of this.#lists.keys()) {
      if (this.#listIds <= LIST_IDS) break;
      this.#dropList(oldest);
    }
  }

  #dropList(text: string): void {
    const ids = this.#lists.get(text);
    if (ids === undefined) return;
    this.#lists.delete(text);
    this.#listIds -= ids.length + 16;
  }

  /** Adds an id to an equality value, or takes it away, in a pending batch. */
  changeEquality(change: PostingChange, pending: PendingRows, into: PendingPostings, blockId: number): void {
    const { value, id, add } = change;
    const text = latin1(value);
    const found = pending.head(text);
    const durable = found === undefined ? this.#head(value, text) : undefined;
    const head = found !== undefined ? found.head : durable === 'none' ? undefined : durable;
    if (head === 'many') {
      into.postings.push(change);
      into.ops.push(add ? addOp(value, id) : removeOp(value, id, blockId));
      return;
    }
    const ids = (head ?? NO_IDS).filter((other) => other !== id);
    if (add) insert(ids, id);
    if (ids.length <= HEAD_IDS) {
      into.heads.set(text, { value, head: ids.length === 0 ? undefined : ids });
      return;
    }
    for (const each of ids) {
      into.ops.push(addOp(value, each));
      into.postings.push({ value, id: each, add: true });
    }
    into.heads.set(text, { value, head: 'many' });
  }

  /** The same for a value of another kind; `key`: the row of the id. */
  changeOther(
    key: Uint8Array,
    { id, add }: { readonly id: EntryId; readonly add: boolean },
    into: PendingPostings,
    blockId: number,
  ): void {
    into.ops.push(singleOp(key, id, add, blockId));
    if (this.#lists.size === 0 && this.#reading.size === 0) into.unlisted = true;
    else into.postings.push({ value: key.subarray(0, key.length - ID_BYTES - 1), id, add });
  }

  /** A batch is durable: memory follows. */
  committed({ heads, postings, unlisted }: Pick<PendingPostings, 'heads' | 'postings' | 'unlisted'>): void {
    // All at once, so that no search meets half of them: beyond some, reading them again costs nobody more than that.
    if (heads.size > MOST_HEADS) this.#heads.clear();
    else for (const [text, { head }] of heads) this.#heads.set(text, head ?? 'none');
    if (this.#lists.size === 0 && this.#reading.size === 0) return;
    if (unlisted) this.#dropOthers();
    const patched = new Set<string>();
    for (const { value, id, add } of postings) {
      const text = latin1(value);
      const reading = this.#reading.get(text);
      if (reading !== undefined) reading.touched = true;
      const ids = this.#lists.get(text);
      if (ids === undefined) continue;
      this.#listIds += patch(ids as EntryId[], id, add, patched.has(text), (copy) => {
        this.#lists.set(text, copy);
        patched.add(text);
      });
    }
  }

  /** A batch that began when no list was in memory does not say which lists it changes. */
  #dropOthers(): void {
    for (const text of [...this.#lists.keys()]) if (!isEquality(text)) this.#dropList(text);
    for (const [text, reading] of this.#reading) if (!isEquality(text)) reading.touched = true;
  }

  clear(): void {
    this.#heads.clear();
    this.#lists.clear();
    this.#listIds = 0;
    for (const reading of this.#reading.values()) reading.touched = true;
  }
}

/** Whether a value's key prefix, as text, is of an equality index: the kind stands behind the attribute's 00. */
function isEquality(text: string): boolean {
  return text.charCodeAt(text.indexOf('\0', 3) + 1) === INDEX_KIND.equality;
}

function insert(ids: EntryId[], id: EntryId): void {
  let at = ids.length;
  while (at > 0 && (ids[at - 1] as number) > id) at -= 1;
  ids.splice(at, 0, id);
}

/** Place of the first id at or above `id`. */
export function lowerBoundId(ids: readonly EntryId[], id: number): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if ((ids[mid] as number) < id) low = mid + 1;
    else high = mid;
  }
  return low;
}

/** Changes a list by one id: at its end in place, elsewhere in a copy made once a commit. Answers how much longer it is. */
function patch(
  list: EntryId[],
  id: EntryId,
  add: boolean,
  own: boolean,
  replace: (copy: EntryId[]) => void,
): number {
  const at = lowerBoundId(list, id);
  const has = list[at] === id;
  if (has === add) return 0;
  if (add && at === list.length) {
    list.push(id);
    return 1;
  }
  const ids = own ? list : list.slice();
  if (!own) replace(ids);
  if (add) ids.splice(at, 0, id);
  else ids.splice(at, 1);
  return add ? 1 : -1;
}
