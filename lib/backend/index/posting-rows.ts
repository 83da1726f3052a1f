/**
 * Rows of one indexed value's entry ids (docs/data-format.md).
 *
 * An equality value has a head row: its ids while they are few, or a mark that they are many. Many ids, and all other kinds, are one row an id
 * (no read before a write) and, after a bulk load or a rebuild, blocks of ids. An id that may stand in a block is taken away by a removal
 * row. Reading: (blocks without removed ids) and single ids, sorted.
 */
import { ByteReader, ByteWriter } from '../../base/binary.js';
import { beginsWith, carveBytes } from '../../base/bytes.js';
import { StoreError, type StoreOp, type StoreRow } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import { ID_BYTES, POSTING, postingKey, readId, writeId } from '../rows/key-space.js';
import { sortedIds } from './id-union.js';

/** Ids of an equality value, ascending, or the mark that they stand in rows of their own. */
export type Head = readonly EntryId[] | 'many';

/** Most ids in a head. */
export const HEAD_IDS = 8;
/** Most ids in a block. */
export const BLOCK_IDS = 1024;

/** The value of a row that adds one id. */
export const SINGLE: Uint8Array = new Uint8Array(0);
const REMOVED = Uint8Array.of(0x2d);
const damaged = (reason: string): StoreError => new StoreError('damaged', `index row: ${reason}`);

/** One id that comes to a value or goes from it. */
export interface PostingChange {
  /** Key prefix of the value. */
  readonly value: Uint8Array;
  readonly id: EntryId;
  readonly add: boolean;
}

export function encodeHead(head: Head): Uint8Array {
  if (head === 'many') return Uint8Array.of(0);
  const bytes = carveBytes(1 + head.length * ID_BYTES);
  bytes[0] = head.length;
  for (let i = 0; i < head.length; i++) writeId(bytes, 1 + i * ID_BYTES, head[i] as number);
  return bytes;
}

/** The head that begins at `at` and ends with the octets. */
export function decodeHead(bytes: Uint8Array, at = 0): Head {
  const count = bytes[at];
  if (count === undefined || bytes.length !== at + 1 + count * ID_BYTES) throw damaged('head cut short');
  if (count === 0) return 'many';
  const ids: EntryId[] = [];
  for (let i = 0; i < count; i++) ids.push(readId(bytes, at + 1 + i * ID_BYTES));
  return ids;
}

/** The row that adds an id to a value whose ids have rows of their own. */
export function addOp(value: Uint8Array, id: EntryId): StoreOp {
  return { type: 'put', key: postingKey(value, POSTING.single, id), value: SINGLE };
}

/** The row that takes an id away. `blockId`: ids up to it may stand in blocks. */
export function removeOp(value: Uint8Array, id: EntryId, blockId: number): StoreOp {
  return singleOp(postingKey(value, POSTING.single, id), id, false, blockId);
}

/** Puts the row of an id or takes the id away. */
export function singleOp(key: Uint8Array, id: EntryId, add: boolean, blockId: number): StoreOp {
  if (add) return { type: 'put', key, value: SINGLE };
  return id <= blockId ? { type: 'put', key, value: REMOVED } : { type: 'del', key };
}

const writer = new ByteWriter(4096);

/** Block rows of ascending ids. */
export function blockOps(value: Uint8Array, ids: readonly EntryId[], into: StoreOp[]): void {
  for (let at = 0; at < ids.length; at += BLOCK_IDS) {
    const end = Math.min(ids.length, at + BLOCK_IDS);
    const first = ids[at] as EntryId;
    writer.reset();
    for (let i = at + 1, last: number = first; i < end; i++) {
      const id = ids[i] as number;
      writer.varint(id - last);
      last = id;
    }
    into.push({ type: 'put', key: postingKey(value, POSTING.block, first), value: writer.finish() });
  }
}

/** Gathers rows of one or more values in key order into ids. */
export class PostingReader {
  #ids: EntryId[] = [];
  #group: Uint8Array | undefined;
  #groupStart = 0;
  #removed: Set<EntryId> | undefined;

  /** Ids taken so far, those that are there twice or were taken away included. */
  get count(): number {
    return this.#ids.length;
  }

  /** Takes rows of the index, in key order. */
  take(rows: readonly StoreRow[]): void {
    for (const { key, value } of rows) {
      const form = this.#enter(key);
      if (form === POSTING.head) this.#head(value);
      else if (form === POSTING.block) blockIds(readId(key, key.length - ID_BYTES), value, this.#ids);
      else if (value.length === 0) this.#ids.push(readId(key, key.length - ID_BYTES));
      else {
        this.#removed ??= new Set();
        this.#removed.add(readId(key, key.length - ID_BYTES));
      }
    }
  }

  /** What was taken since the last call, as it came: ids taken away by later rows included. */
  drain(): EntryId[] {
    const ids = this.#ids;
    this.#ids = [];
    this.#groupStart = 0;
    return ids;
  }

  /** The ids found, ascending, each once. */
  finish(): EntryId[] {
    this.#closeGroup();
    return sortedIds(this.#ids);
  }

  /** Which form of row this is; a new value closes the one before. The value's prefix ends with 00 00, then the form. */
  #enter(key: Uint8Array): number {
    const group = this.#group;
    const headLength = group === undefined ? 0 : group.length;
    const same =
      group !== undefined &&
      (key.length === headLength + 1 || key.length === headLength + 1 + ID_BYTES) &&
      beginsWith(key, group);
    if (same) return key[headLength] as number;
    this.#closeGroup();
    const length = valueLength(key);
    this.#group = key.subarray(0, length);
    return key[length] as number;
  }

  #closeGroup(): void {
    const removed = this.#removed;
    if (removed !== undefined) {
      // Removal rows sort among the single rows, behind the blocks: single rows of the same id never stand beside them.
      const kept = this.#ids.slice(this.#groupStart).filter((id) => !removed.has(id));
      this.#ids.length = this.#groupStart;
      for (const id of kept) this.#ids.push(id);
      this.#removed = undefined;
    }
    this.#groupStart = this.#ids.length;
  }

  #head(value: Uint8Array): void {
    const head = decodeHead(value);
    if (head !== 'many') for (const id of head) this.#ids.push(id);
  }
}

/** Adds the ids of a block to `into` and answers it. StoreError damaged. */
export function blockIds(first: EntryId, value: Uint8Array, into: EntryId[]): EntryId[] {
  const reader = new ByteReader(value, damaged);
  let id: number = first;
  into.push(first);
  while (reader.left > 0) {
    id += reader.varint();
    into.push(id as EntryId);
  }
  return into;
}

/** Length of a row's value prefix: domain and tag, attribute up to 00, kind, escaped value up to its 00 00. */
export function valueLength(key: Uint8Array): number {
  let at = key.indexOf(0, 3) + 2;
  while (at < key.length) {
    if (key[at] !== 0) at += 1;
    else if (key[at + 1] === 0xff) at += 2;
    else return at + 2;
  }
  throw damaged('key cut short');
}

/** The normal value that an index row's key holds, as it stands there: cut or hashed when it was long. */
export function indexedValue(key: Uint8Array): Uint8Array {
  const start = key.indexOf(0, 3) + 2;
  const out: number[] = [];
  for (let at = start, end = valueLength(key) - 2; at < end; at++) {
    const octet = key[at] as number;
    out.push(octet);
    if (octet === 0) at += 1;
  }
  return Uint8Array.from(out);
}
