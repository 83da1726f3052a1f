/**
 * The DomainView of the write path: what the fold may know, read synchronously from pending and durable rows.
 *
 * Rows that need a scan (histories, moves, children) are at hand when none can exist, when they are pending, or when they were loaded
 * before. Otherwise the view throws NotAtHand, the write path loads exactly that and folds the change again: the fold is a function, so
 * nothing is lost. Invariant: while rows are loaded nothing is decided, so what was loaded plus the layers is all there is.
 */
import type { EntryUuid } from '../change/change.js';
import type { Claim, DomainView, HistoryRow, MoveRow, Outcome } from '../conflict/domain-view.js';
import type { EntryState } from '../conflict/entry-state.js';
import type { Csn } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { OrderedStore } from '../port/ordered-store.js';
import type { EntryId } from './backend.js';
import type { Layer, PendingRows } from './layer.js';
import type { Dictionary } from './rows/dictionary.js';
import { decodeState, uuidOf } from './rows/entry-record.js';
import { decodeHistoryRow, decodeMoveRow } from './rows/history-rows.js';
import { type KeySpace, LOST_AND_FOUND_ID, ROOT_ID } from './rows/key-space.js';
import { decodeClaims, type NameClaim, nameText } from './rows/rows.js';
import type { EntrySource } from './tree/entry-tree.js';

/** What has to be loaded before the change can be folded. */
export type Needed =
  | { readonly kind: 'history'; readonly entry: EntryUuid; readonly after: Csn | undefined }
  | { readonly kind: 'moves'; readonly after: Csn }
  | { readonly kind: 'children'; readonly parent: EntryUuid };

/** Thrown by the view; caught by the write path only. */
export class NotAtHand extends Error {
  override readonly name = 'NotAtHand';
  readonly needed: Needed;
  constructor(needed: Needed) {
    super(`rows are not at hand: ${needed.kind}`);
    this.needed = needed;
  }
}

/** CSN of the newest change that an entry shows. */
function newestCsn(state: EntryState): Csn {
  let newest = state.modified.csn;
  if (state.parentCsn > newest) newest = state.parentCsn;
  if (state.rdnCsn > newest) newest = state.rdnCsn;
  const last = state.life[state.life.length - 1];
  return last !== undefined && last.csn > newest ? last.csn : newest;
}

/** All rows above `after`, ascending: those that were stored and pending when they were loaded, and those that came since. */
interface LoadedHistory {
  readonly after: Csn | undefined;
  readonly rows: HistoryRow[];
}

export class FoldView implements DomainView {
  readonly #store: OrderedStore;
  readonly #keys: KeySpace;
  readonly #rows: PendingRows;
  readonly #tree: EntrySource;
  readonly #dictionary: Dictionary;
  readonly #newestMove: () => Csn;
  readonly #state: () => ServerState;
  readonly #states = new Map<EntryUuid, EntryState | undefined>();
  readonly #histories = new Map<EntryUuid, LoadedHistory>();
  #moves: { readonly after: Csn; readonly rows: readonly MoveRow[] } | undefined;
  readonly #children = new Map<EntryUuid, readonly EntryId[]>();

  constructor(
    store: OrderedStore,
    keys: KeySpace,
    rows: PendingRows,
    tree: EntrySource,
    dictionary: Dictionary,
    now: { newestMove(): Csn; state(): ServerState },
  ) {
    this.#store = store;
    this.#keys = keys;
    this.#rows = rows;
    this.#tree = tree;
    this.#dictionary = dictionary;
    this.#newestMove = () => now.newestMove();
    this.#state = () => now.state();
  }

  get state(): ServerState {
    return this.#state();
  }

  /** The outcome of a change is pending: the states that it lists are read again, its rows join those that were loaded. All else that was read or loaded still counts. */
  stepped(outcome: Pick<Outcome, 'entries' | 'history'>): void {
    for (const { uuid } of outcome.entries) this.#states.delete(uuid);
    for (const { entry, row } of outcome.history) {
      const loaded = this.#histories.get(entry);
      if (loaded !== undefined && (loaded.after === undefined || row.change.csn > loaded.after))
        putRow(loaded.rows, row);
    }
  }

  /** The batch of changes is done: nothing loaded counts any more. */
  done(): void {
    // V8 gives a map that is cleared new tables, an empty one too.
    if (this.#states.size > 0) this.#states.clear();
    if (this.#histories.size > 0) this.#histories.clear();
    if (this.#children.size > 0) this.#children.clear();
    this.#moves = undefined;
  }

  entry(uuid: EntryUuid): EntryState | undefined {
    const known = this.#states.get(uuid);
    if (known !== undefined || this.#states.has(uuid)) return known;
    const state = this.#read(uuid);
    this.#states.set(uuid, state);
    return state;
  }

  /** A live entry comes from the tree, where it is in memory as a rule; a dead one stands nowhere but in its row. */
  #read(uuid: EntryUuid): EntryState | undefined {
    const id = this.#rows.idOf(uuid);
    if (id === undefined || id === ROOT_ID || id === LOST_AND_FOUND_ID) return undefined;
    const pending = this.#rows.pending(id);
    if (pending !== undefined) return pending.state;
    const live = this.#tree.byId(id);
    if (live !== undefined) return live.state;
    const record = this.#rows.record(id);
    return record === undefined ? undefined : decodeState(record, this.#dictionary);
  }

  /** Whether the entry's rows after `after` need no scan. */
  historyAtHand(uuid: EntryUuid, after: Csn | undefined): boolean {
    const loaded = this.#histories.get(uuid);
    if (
      loaded !== undefined &&
      (loaded.after === undefined || (after !== undefined && loaded.after <= after))
    ) {
      return true;
    }
    const state = this.entry(uuid);
    // Changes of a dead entry leave no mark in its state.
    return (
      state === undefined || (after !== undefined && state.life.length === 0 && newestCsn(state) <= after)
    );
  }

  history(uuid: EntryUuid, after: Csn | undefined): readonly HistoryRow[] {
    if (!this.historyAtHand(uuid, after)) throw new NotAtHand({ kind: 'history', entry: uuid, after });
    const rows = this.#histories.get(uuid)?.rows ?? this.#pendingRows(uuid);
    return after === undefined ? rows : rows.filter((row) => row.change.csn > after);
  }

  #pendingRows(uuid: EntryUuid): readonly HistoryRow[] {
    const id = this.#rows.idOf(uuid);
    const isPending = id !== undefined && this.#rows.layers.some((layer) => layer.history.has(id));
    return isPending ? mergeRows([], id, this.#rows.layers) : [];
  }

  moves(after: Csn): readonly MoveRow[] {
    if (this.#newestMove() <= after) return [];
    const loaded = this.#moves;
    if (loaded === undefined || loaded.after > after) throw new NotAtHand({ kind: 'moves', after });
    return mergeMoves(loaded.rows, this.#rows.layers).filter((move) => move.csn > after);
  }

  claims(parent: EntryUuid, rdnKey: string): readonly Claim[] {
    const parentId = this.#rows.idOf(parent);
    if (parentId === undefined) return [];
    return this.#claimed(this.#rows.claims(parentId, rdnKey));
  }

  rivals(parent: EntryUuid, rdnKey: string, entry: EntryUuid): readonly Claim[] {
    const parentId = this.#rows.idOf(parent);
    const id = this.#rows.idOf(entry);
    if (parentId === undefined || id === undefined) return [];
    return this.#claimed(this.#rows.rivals(parentId, rdnKey, id));
  }

  #claimed(claims: readonly NameClaim[]): readonly Claim[] {
    return claims.map(({ csn, id }) => ({ csn, entry: this.#uuidOf(id) }));
  }

  children(parent: EntryUuid): readonly EntryUuid[] {
    const id = this.#rows.idOf(parent);
    if (id === undefined || this.#rows.childCount(id) === 0) return [];
    const loaded = this.#children.get(parent);
    if (loaded === undefined) throw new NotAtHand({ kind: 'children', parent });
    return overlayChildren(id, loaded, this.#rows).map((child) => this.#uuidOf(child));
  }

  /** Whether children of the entry have to be loaded before they are asked for. */
  hasChildren(parent: EntryUuid): boolean {
    const id = this.#rows.idOf(parent);
    return id !== undefined && this.#rows.childCount(id) > 0;
  }

  /** Whether there are moves after `after`. */
  hasMoves(after: Csn): boolean {
    return this.#newestMove() > after;
  }

  /** Who claims a name or stands below an entry is alive, and most often in memory. */
  #uuidOf(id: EntryId): EntryUuid {
    const live = this.#rows.pending(id) === undefined ? this.#tree.byId(id) : undefined;
    if (live !== undefined) return live.uuid;
    const record = this.#rows.record(id);
    if (record === undefined) throw new Error(`entry ${id} is claimed and not stored`);
    return uuidOf(record);
  }

  /** Loads what was missing. Nothing is decided meanwhile. */
  async load(needed: Needed): Promise<void> {
    const layers = this.#rows.layers;
    if (needed.kind === 'history') {
      const id = this.#rows.idOf(needed.entry);
      const rows: HistoryRow[] = [];
      if (id !== undefined) {
        for await (const slice of this.#store.scan(this.#keys.historyAfter(id, needed.after))) {
          for (const { value } of slice) rows.push(decodeHistoryRow(value));
        }
      }
      const merged = id === undefined ? rows : mergeRows(rows, id, layers);
      this.#histories.set(needed.entry, { after: needed.after, rows: merged });
    } else if (needed.kind === 'moves') {
      const rows: MoveRow[] = [];
      for await (const slice of this.#store.scan(this.#keys.movesAfter(needed.after))) {
        for (const { value } of slice) rows.push(decodeMoveRow(value));
      }
      this.#moves = { after: needed.after, rows: mergeMoves(rows, layers) };
    } else {
      await this.#loadChildren(needed.parent, layers);
    }
  }

  async #loadChildren(parent: EntryUuid, layers: readonly Layer[]): Promise<void> {
    const id = this.#rows.idOf(parent);
    if (id === undefined || id === ROOT_ID) return;
    const names = new Map<string, readonly EntryId[]>();
    for await (const slice of this.#store.scan(this.#keys.names(id))) {
      for (const { key, value } of slice) {
        const rdnKey = textOf(key.subarray(9));
        names.set(
          nameText(id, rdnKey),
          decodeClaims(value).map((claim) => claim.id),
        );
      }
    }
    for (const layer of [...layers].reverse()) {
      for (const [text, name] of layer.names) {
        if (name.parent === id)
          names.set(
            text,
            name.claims.map((claim) => claim.id),
          );
      }
    }
    this.#children.set(parent, [...names.values()].flat());
  }
}

const decoder = new TextDecoder();
const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

/** Loaded rows with those of the layers over them, ascending. */
function mergeRows(loaded: readonly HistoryRow[], id: EntryId, layers: readonly Layer[]): HistoryRow[] {
  const rows = new Map<Csn, HistoryRow>(loaded.map((row) => [row.change.csn, row]));
  for (const layer of [...layers].reverse()) {
    for (const [csn, row] of layer.history.get(id) ?? []) rows.set(csn, row);
  }
  return [...rows.values()].sort((a, b) => (a.change.csn < b.change.csn ? -1 : 1));
}

/** Puts a row in its place, or in place of the one of its change. */
function putRow(rows: HistoryRow[], row: HistoryRow): void {
  const { csn } = row.change;
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle] as HistoryRow).change.csn < csn) low = middle + 1;
    else high = middle;
  }
  rows.splice(low, rows[low]?.change.csn === csn ? 1 : 0, row);
}

function mergeMoves(loaded: readonly MoveRow[], layers: readonly Layer[]): readonly MoveRow[] {
  const rows = new Map<Csn, MoveRow>(loaded.map((row) => [row.csn, row]));
  for (const layer of [...layers].reverse()) for (const [csn, row] of layer.moves) rows.set(csn, row);
  return [...rows.values()].sort((a, b) => (a.csn < b.csn ? -1 : 1));
}

/** Children as loaded, less those that pending names took away, plus those that they brought. */
function overlayChildren(parent: EntryId, loaded: readonly EntryId[], rows: PendingRows): readonly EntryId[] {
  const children = new Set(loaded);
  for (const layer of [...rows.layers].reverse()) {
    for (const { id, before, after } of layer.childMoves) {
      if (before === parent) children.delete(id);
      if (after === parent) children.add(id);
    }
  }
  return [...children];
}
