/**
 * Forgetting in the store: history rows, moves, journal lines and tombstones that no later change can need (conflict/forget.ts says which).
 *
 * Works beside the write path in slices, each a batch of its own in a turn of the write path, so that a copy that replaces the domain never meets it. Any part of it
 * may be done or undone by a crash: rows of an entry go oldest first, and what is left is found again by the next pass. Entries shown stay as they are.
 */
import { type EntryUuid, ROOT_UUID } from '../../change/change.js';
import { LOST_AND_FOUND_UUID } from '../../conflict/entry-state.js';
import {
  forgettableRows,
  type Horizon,
  isForgettableEntry,
  isForgettableMove,
  isSettled,
  type RowWitness,
} from '../../conflict/forget.js';
import { CSN_BYTES, type Csn, csnFromBytes, csnTimeMs } from '../../csn/csn.js';
import type { StoreOp } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import type { BackendParts } from '../store-backend.js';
import { checkRecord, decodeState, isInRows } from './entry-record.js';
import { decodeJournalLine, decodeMoveRow, readHistoryHeader } from './history-rows.js';
import { ID_BYTES, LOST_AND_FOUND_ID, readId, TAG } from './key-space.js';
import { decodeClaims } from './rows.js';

/** Rows read in one slice; rows deleted in one batch. */
const SLICE_ROWS = 200;
const BATCH_ROWS = 500;
/** Rows of an entry that are read one by one: to begin a scan costs as much as some ten reads. */
const FEW_ROWS = 16;
const KEY_HEAD = 3;

/** What a pass took away. */
export interface Purged {
  historyRows: number;
  moves: number;
  journalLines: number;
  tombstones: number;
  /** Rows of history that it left. */
  historyLeft: number;
}

export interface PurgeOptions {
  readonly horizon: Horizon;
  /** Dead entries that died before this may go, ms since the epoch; undefined: tombstones are left alone. */
  readonly buryBeforeMs: number | undefined;
  /** Journal lines about changes older than this may go, ms since the epoch; undefined: the journal is left alone. */
  readonly journalBeforeMs: number | undefined;
  /** Asked between slices: whether to stop here. */
  stopped(): boolean;
}

/** One pass over a domain. Rejects with a StoreError; what it took away until then stays away. */
export async function purgeRows(parts: BackendParts, options: PurgeOptions): Promise<Purged> {
  const pass = new PurgePass(parts, options);
  await pass.run();
  return pass.purged;
}

/** Journal kinds that say what happened; the others say what is so now, and stay while it is. */
const PAST: ReadonlySet<string> = new Set([
  'value-lost',
  'change-of-deleted-entry',
  'rename-lost',
  'move-lost',
  'add-lost',
]);

function witnessOf(row: Uint8Array): RowWitness {
  const { csn, seen } = readHistoryHeader(row);
  return { change: { csn, seen } };
}

class PurgePass {
  readonly purged: Purged = { historyRows: 0, moves: 0, journalLines: 0, tombstones: 0, historyLeft: 0 };
  readonly #parts: BackendParts;
  readonly #options: PurgeOptions;
  #ops: StoreOp[] = [];

  constructor(parts: BackendParts, options: PurgeOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async run(): Promise<void> {
    await this.#history();
    await this.#moves();
    await this.#journal();
    if (this.#options.buryBeforeMs !== undefined) while (await this.#bury(this.#options.buryBeforeMs));
  }

  /** Keys tell entry and CSN: only entries with both settled and open rows are read. */
  async #history(): Promise<void> {
    const { store, keys, pause } = this.#parts;
    let id: EntryId | undefined;
    let rows: Uint8Array[] = [];
    for await (const slice of store.scanKeys(keys.tagRange(TAG.history), SLICE_ROWS)) {
      if (this.#options.stopped()) return;
      for (const key of slice) {
        const of = readId(key, KEY_HEAD);
        if (of !== id && id !== undefined) {
          await this.#historyOf(id, rows);
          rows = [];
        }
        id = of;
        rows.push(key.slice());
      }
      await pause();
    }
    if (id !== undefined) await this.#historyOf(id, rows);
    this.purged.historyRows += await this.#flush(0);
  }

  async #historyOf(id: EntryId, keys: readonly Uint8Array[]): Promise<void> {
    const { horizon } = this.#options;
    const csns = keys.map((key) => csnFromBytes(key, KEY_HEAD + ID_BYTES));
    const open = csns.findIndex((csn) => !isSettled(csn, horizon));
    this.purged.historyLeft += keys.length;
    if (open === 0) return;
    const count = open < 0 ? keys.length : forgettableRows(await this.#witnesses(id, keys), horizon);
    this.purged.historyLeft -= count;
    for (const key of keys.slice(0, count)) {
      this.#ops.push({ type: 'del', key });
      this.purged.historyRows += await this.#flush(BATCH_ROWS);
    }
  }

  /** The entry's rows; `rows`: their keys as the pass found them. Rows that came since know all that is settled. */
  async #witnesses(id: EntryId, rows: readonly Uint8Array[]): Promise<readonly RowWitness[]> {
    const { store, keys, pause } = this.#parts;
    if (rows.length <= FEW_ROWS) {
      const found = rows.flatMap((key) => store.get(key) ?? []);
      if (found.length === rows.length) return found.map(witnessOf);
    }
    const witnesses: RowWitness[] = [];
    for await (const slice of store.scan(keys.historyAfter(id, undefined), SLICE_ROWS)) {
      for (const { value } of slice) witnesses.push(witnessOf(value));
      if (slice.length === SLICE_ROWS) await pause();
    }
    return witnesses;
  }

  async #moves(): Promise<void> {
    const { store, keys } = this.#parts;
    const { horizon } = this.#options;
    for await (const rows of store.scan(keys.tagRange(TAG.move), SLICE_ROWS)) {
      if (this.#options.stopped()) return;
      for (const { key, value } of rows) {
        if (!isForgettableMove(decodeMoveRow(value), horizon)) {
          this.purged.moves += await this.#flush(0);
          return;
        }
        this.#ops.push({ type: 'del', key });
      }
      this.purged.moves += await this.#flush(BATCH_ROWS);
    }
    this.purged.moves += await this.#flush(0);
  }

  async #journal(): Promise<void> {
    const { store, keys, pause } = this.#parts;
    const { horizon, journalBeforeMs } = this.#options;
    if (journalBeforeMs === undefined) return;
    for await (const rows of store.scan(keys.tagRange(TAG.journal), SLICE_ROWS)) {
      if (this.#options.stopped()) return;
      for (const { key, value } of rows) {
        const line = decodeJournalLine(value);
        if (csnTimeMs(line.loser) >= journalBeforeMs) {
          this.purged.journalLines += await this.#flush(0);
          return;
        }
        const { loser, winner, kind } = line;
        const settled = isSettled(loser, horizon) && (winner === undefined || isSettled(winner, horizon));
        if (PAST.has(kind) && settled) this.#ops.push({ type: 'del', key });
      }
      this.purged.journalLines += await this.#flush(BATCH_ROWS);
      await pause();
    }
    this.purged.journalLines += await this.#flush(0);
  }

  /** Drops dead entries that nothing names; true when it may be asked again, since parents follow their children. */
  async #bury(beforeMs: number): Promise<boolean> {
    const { store, keys } = this.#parts;
    const { horizon } = this.#options;
    const old: { readonly key: Uint8Array; readonly id: EntryId }[] = [];
    search: for await (const slice of store.scanKeys(keys.tagRange(TAG.tombstone), SLICE_ROWS)) {
      for (const key of slice) {
        const death = csnFromBytes(key, KEY_HEAD);
        if (csnTimeMs(death) >= beforeMs || death > horizon.before) break search;
        if (isSettled(death, horizon)) old.push({ key: key.slice(), id: readId(key, KEY_HEAD + CSN_BYTES) });
      }
      if (this.#options.stopped() || old.length >= BATCH_ROWS * 20) break;
    }
    if (old.length === 0) return false;
    const named = await this.#named();
    const before = this.purged.tombstones;
    for (let at = 0; at < old.length && !this.#options.stopped(); at += BATCH_ROWS) {
      await this.#parts.writes.exclusively(() => this.#buryThese(old.slice(at, at + BATCH_ROWS), named));
    }
    return this.purged.tombstones > before && !this.#options.stopped();
  }

  /** Entries that moves, dead entries or entries in lost+found name as their parent. Live entries of live parents name no dead one. */
  async #named(): Promise<ReadonlySet<EntryUuid>> {
    const { store, keys, dictionary, pause } = this.#parts;
    const named = new Set<EntryUuid>([ROOT_UUID, LOST_AND_FOUND_UUID]);
    const nameParent = (id: EntryId): void => {
      const record = store.get(keys.entry(id));
      if (record !== undefined) named.add(decodeState(checkRecord(record), dictionary).parent);
    };
    for await (const slice of store.scanKeys(keys.tagRange(TAG.tombstone), SLICE_ROWS)) {
      for (const key of slice) nameParent(readId(key, KEY_HEAD + CSN_BYTES));
      await pause();
    }
    for await (const rows of store.scan(keys.names(LOST_AND_FOUND_ID), SLICE_ROWS)) {
      for (const { value } of rows) for (const { id } of decodeClaims(value)) nameParent(id);
      await pause();
    }
    for await (const rows of store.scan(keys.tagRange(TAG.move), SLICE_ROWS)) {
      for (const { value } of rows) {
        const { entry, from, to } = decodeMoveRow(value);
        for (const uuid of [entry, from, to]) named.add(uuid);
      }
    }
    return named;
  }

  /** In a turn of the write path: nothing is decided meanwhile. */
  async #buryThese(
    dead: readonly { readonly key: Uint8Array; readonly id: EntryId }[],
    named: ReadonlySet<EntryUuid>,
  ): Promise<void> {
    const { store, keys, dictionary, tree } = this.#parts;
    const ops: StoreOp[] = [];
    const gone: { readonly id: EntryId; readonly uuid: EntryUuid }[] = [];
    if (this.#options.stopped()) return;
    for (const { key, id } of dead) {
      const record = store.get(keys.entry(id));
      // Undeleted meanwhile, or of data that were replaced.
      if (record === undefined || store.get(key) === undefined) continue;
      const state = decodeState(checkRecord(record), dictionary);
      let rowsLeft = 0;
      for await (const rows of store.scanKeys({ ...keys.historyAfter(id, undefined), limit: 1 }, 1))
        rowsLeft += rows.length;
      const isNamed = named.has(state.uuid) || tree.rows.childCount(id) > 0;
      if (!isForgettableEntry(state, this.#options.horizon, 0, rowsLeft, isNamed)) continue;
      gone.push({ id, uuid: state.uuid });
      for (const row of [key, keys.entry(id), keys.uuid(state.uuid), keys.mark(id), keys.childCount(id)])
        ops.push({ type: 'del', key: row });
      if (!isInRows(record)) continue;
      dictionary.values?.forget(id);
      for await (const rows of store.scanKeys(keys.valueChunks(id)))
        for (const row of rows) ops.push({ type: 'del', key: new Uint8Array(row) });
    }
    if (ops.length === 0) return;
    await store.batch(ops, { sync: false });
    for (const { id, uuid } of gone) tree.buried(id, uuid);
    this.purged.tombstones += gone.length;
  }

  /** Writes what gathered, when it is more than `above` rows; answers how many. */
  async #flush(above: number): Promise<number> {
    const ops = this.#ops;
    if (ops.length <= above) return 0;
    this.#ops = [];
    let taken = 0;
    await this.#parts.writes.exclusively(async () => {
      if (this.#options.stopped()) return;
      await this.#parts.store.batch(ops, { sync: false });
      taken = ops.length;
    });
    await this.#parts.pause();
    return taken;
  }
}

/** Dead entries, newest death last: what an undelete can bring back. */
export async function* deadEntries(
  parts: Pick<BackendParts, 'store' | 'keys' | 'dictionary'>,
): AsyncGenerator<readonly { readonly death: Csn; readonly record: Uint8Array }[], undefined> {
  const { store, keys } = parts;
  for await (const slice of store.scanKeys(keys.tagRange(TAG.tombstone), SLICE_ROWS)) {
    yield slice.flatMap((key) => {
      const record = store.get(keys.entry(readId(key, KEY_HEAD + CSN_BYTES)));
      return record === undefined
        ? []
        : [{ death: csnFromBytes(key, KEY_HEAD), record: checkRecord(record) }];
    });
  }
  return undefined;
}
