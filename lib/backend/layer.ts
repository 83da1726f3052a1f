/**
 * What was decided and is not yet durable: one layer for each batch, and lookups through the layers down to the durable rows.
 *
 * A layer holds final values, so a row written many times within a batch is written once. At most two layers are above the store: the batch
 * on its way to disk and the one that gathers.
 */
import { equalBytes } from '../base/bytes.js';
import type { Steps } from '../base/steps.js';
import type { EncodedChange, EntryUuid } from '../change/change.js';
import type { HistoryRow, MoveRow } from '../conflict/domain-view.js';
import type { EntryState } from '../conflict/entry-state.js';
import type { Csn } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { StoreOp } from '../port/ordered-store.js';
import type { EntryId } from './backend.js';
import type { CommittedChange } from './change-feed.js';
import { encodeHead, type Head, type PostingChange } from './index/posting-rows.js';
import type { Counters } from './rows/counters.js';
import { encodeCounters } from './rows/counters.js';
import type { Dictionary } from './rows/dictionary.js';
import { encodeHistoryRow, historyRowInSteps } from './rows/history-rows.js';
import { headKey, type KeySpace, LOST_AND_FOUND_ID, ROOT_ID } from './rows/key-space.js';
import { encodeClaims, encodeCount, encodeIdRow, type NameClaim, nameText, type Rows } from './rows/rows.js';
import type { HeldEntry } from './rows/stored-entry.js';
import { chunkOps, type ValueLayer } from './rows/value-rows.js';

export interface PendingEntry {
  readonly record: Uint8Array;
  readonly alive: boolean;
  /** What the record says. */
  readonly state: EntryState;
  /** The entry under its name, made when it was asked for. */
  held: HeldEntry | undefined;
  /** Pending tree epoch of `held`. */
  epoch: number;
}

interface PendingName {
  readonly parent: EntryId;
  readonly rdnKey: string;
  readonly claims: readonly NameClaim[];
}

/** Whoever waits for the batch. */
export interface Waiter {
  durable(): void;
  refused(error: Error): void;
}

/** Rows that are made in one step. */
const STEP_ROWS = 1000;

/** See the file header. */
export class Layer {
  readonly entries = new Map<EntryId, PendingEntry>();
  readonly uuids = new Map<EntryUuid, EntryId>();
  readonly names = new Map<string, PendingName>();
  readonly counts = new Map<EntryId, number>();
  /** Rows of merged entries (schema-marks.ts). */
  readonly marks = new Map<EntryId, Uint8Array>();
  readonly heads = new Map<string, { readonly value: Uint8Array; readonly head: Head | undefined }>();
  readonly postings: PostingChange[] = [];
  unlisted = false;
  /** Entries that came below a parent or left it, in order. */
  readonly childMoves: { readonly id: EntryId; readonly before?: EntryId; readonly after?: EntryId }[] = [];
  readonly history = new Map<EntryId, Map<Csn, HistoryRow>>();
  /** Rows in `history`. */
  historyRows = 0;
  readonly moves = new Map<Csn, MoveRow>();
  /** Values that stand in rows of their own. */
  readonly values: ValueLayer = { chunks: new Map(), adopted: [] };
  /** Rows that are only written, in order. */
  readonly ops: StoreOp[] = [];
  readonly waiters: Waiter[] = [];
  /** Local changes, in CSN order. */
  readonly changes: EncodedChange[] = [];
  /** Entries around each change, while somebody watches (change-feed.ts). */
  readonly events: CommittedChange[] = [];
  /** Changes applied, and the USN of the last; 0: none. */
  applied = 0;
  usn = 0;
  /** The batch must be on disk before its waiters are told. */
  sync = false;
  /** A change of many values is among it: its rows are made in turns, however few they are. */
  long = false;
  /** An entry with children changed its name. */
  renames = false;
  state: ServerState;
  counters: Counters;

  constructor(state: ServerState, counters: Counters) {
    this.state = state;
    this.counters = counters;
  }

  get empty(): boolean {
    return (
      this.waiters.length === 0 && this.ops.length === 0 && this.entries.size === 0 && this.heads.size === 0
    );
  }

  /** How many rows the batch has, roughly. */
  get size(): number {
    return this.heads.size + this.ops.length + this.values.chunks.size + this.entries.size + this.historyRows;
  }

  /** All rows of the batch, in steps. */
  *storeOps(keys: KeySpace, dictionary: Dictionary): Steps<StoreOp[]> {
    const ops = dictionary.takeOps();
    for (const [id, { record }] of this.entries)
      ops.push({ type: 'put', key: keys.entry(id), value: record });
    for (const [uuid, id] of this.uuids)
      ops.push({ type: 'put', key: keys.uuid(uuid), value: encodeIdRow(id) });
    for (const { parent, rdnKey, claims } of this.names.values()) {
      const key = keys.name(parent, rdnKey);
      ops.push(
        claims.length === 0 ? { type: 'del', key } : { type: 'put', key, value: encodeClaims(claims) },
      );
    }
    for (const [id, count] of this.counts) {
      const key = keys.childCount(id);
      ops.push(count === 0 ? { type: 'del', key } : { type: 'put', key, value: encodeCount(count) });
    }
    for (const { value, head } of this.heads.values()) {
      const key = headKey(value);
      ops.push(head === undefined ? { type: 'del', key } : { type: 'put', key, value: encodeHead(head) });
      if (ops.length % STEP_ROWS === 0) yield;
    }
    for (const [id, value] of this.marks) ops.push({ type: 'put', key: keys.mark(id), value });
    for (const [id, rows] of this.history) {
      for (const [csn, row] of rows) {
        const value = this.long ? yield* historyRowInSteps(row) : encodeHistoryRow(row);
        ops.push({ type: 'put', key: keys.history(id, csn), value });
      }
    }
    yield;
    for (const op of chunkOps(this.values)) ops.push(op);
    for (const op of this.ops) ops.push(op);
    ops.push({ type: 'put', key: keys.meta('state'), value: this.state.toBytes() });
    ops.push({ type: 'put', key: keys.meta('counters'), value: encodeCounters(this.counters) });
    return ops;
  }
}

/** Lookups through the layers, newest first, down to `below`. */
export class PendingRows implements Rows {
  readonly #below: Rows;
  #layers: readonly Layer[] = [];
  /** Not found a moment ago, and given to no entry since: an add asks for its UUID again and again. */
  #absent: EntryUuid | undefined;
  /** The entry named last: its number needs no look-up. */
  named: { readonly id: EntryId; readonly uuid: EntryUuid } | undefined;

  constructor(below: Rows) {
    this.#below = below;
  }

  /** Newest first. Owned by the write path, which sets them before each decision and after each commit. */
  get layers(): readonly Layer[] {
    return this.#layers;
  }

  set layers(layers: readonly Layer[]) {
    // Whose layer goes may stand in the rows below from now on.
    for (const layer of this.#layers) if (!layers.includes(layer)) this.#absent = undefined;
    this.#layers = layers;
  }

  /** The rows below are others now: a number that was named may be another's. */
  forget(): void {
    this.#absent = undefined;
    this.named = undefined;
  }

  pending(id: EntryId): PendingEntry | undefined {
    for (const layer of this.layers) {
      const entry = layer.entries.get(id);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  record(id: EntryId): Uint8Array | undefined {
    if (id === ROOT_ID || id === LOST_AND_FOUND_ID) return undefined;
    return this.pending(id)?.record ?? this.#below.record(id);
  }

  idOf(uuid: EntryUuid): EntryId | undefined {
    if (this.named?.uuid === uuid) return this.named.id;
    for (const layer of this.layers) {
      const id = layer.uuids.get(uuid);
      if (id !== undefined) return id;
    }
    if (uuid === this.#absent) return undefined;
    const id = this.#below.idOf(uuid);
    if (id === undefined) this.#absent = uuid;
    return id;
  }

  claims(parent: EntryId, rdnKey: string): readonly NameClaim[] {
    return this.#named(parent, rdnKey) ?? this.#below.claims(parent, rdnKey);
  }

  rivals(parent: EntryId, rdnKey: string, id: EntryId): readonly NameClaim[] {
    const named = this.#named(parent, rdnKey);
    return named === undefined
      ? this.#below.rivals(parent, rdnKey, id)
      : named.filter((claim) => claim.id !== id);
  }

  #named(parent: EntryId, rdnKey: string): readonly NameClaim[] | undefined {
    if (this.layers.length === 0) return undefined;
    const text = nameText(parent, rdnKey);
    for (const layer of this.layers) {
      const name = layer.names.get(text);
      if (name !== undefined) return name.claims;
    }
    return undefined;
  }

  childCount(id: EntryId): number {
    for (const layer of this.layers) {
      const count = layer.counts.get(id);
      if (count !== undefined) return count;
    }
    return this.#below.childCount(id);
  }

  mark(id: EntryId): Uint8Array | undefined {
    for (const layer of this.layers) {
      const mark = layer.marks.get(id);
      if (mark !== undefined) return mark;
    }
    return this.#below.mark(id);
  }

  /** The head of an equality value; `missing` when no layer knows it. */
  head(valueText: string): { readonly head: Head | undefined } | undefined {
    for (const layer of this.layers) {
      const found = layer.heads.get(valueText);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The ids of an equality value with what the layers add and take away, ascending. */
  patched(value: Uint8Array, ids: readonly EntryId[]): readonly EntryId[] {
    let patched: Set<EntryId> | undefined;
    for (const layer of this.layers.toReversed()) {
      for (const posting of layer.postings) {
        if (posting.value.length !== value.length || !equalBytes(posting.value, value)) continue;
        patched ??= new Set(ids);
        if (posting.add) patched.add(posting.id);
        else patched.delete(posting.id);
      }
    }
    return patched === undefined ? ids : [...patched].sort((a, b) => a - b);
  }

  get renames(): boolean {
    return this.layers.some((layer) => layer.renames);
  }
}
