/**
 * Repairs one entry: puts the state and the history that another replica has in the place of its own, with indexes, names and counts.
 *
 * Not a change: it has no CSN, and other servers and readers of changes do not hear of it. Done in a turn of the write path, so nothing is decided meanwhile; refused when the entry
 * is not any more what the caller looked at, or its parent is not there.
 */
import { asError } from '../../base/thrown.js';
import type { EntryUuid } from '../../change/change.js';
import { type EntryState, LOST_AND_FOUND_UUID } from '../../conflict/entry-state.js';
import { StoreError } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import { decodeWhole } from '../rows/entry-record.js';
import { csnOfHistoryKey } from '../rows/history-rows.js';
import { putOutcome, type RowWorld } from '../rows/outcome-rows.js';
import type { BackendParts } from '../store-backend.js';
import type { PendingTree } from '../tree/pending-tree.js';
import type { EntryImage } from './entry-image.js';

/** What decided rows are put into. */
export interface RestoreWorld extends Pick<RowWorld, 'rows' | 'postings' | 'large'> {
  readonly tree: PendingTree;
}

/** The state that the rows of an entry stand for: where its record or its values are gone or cannot be read, undefined, and its other rows are taken to be right. */
function storedState({ pending, dictionary }: BackendParts, uuid: EntryUuid): EntryState | undefined {
  const id = pending.rows.idOf(uuid);
  try {
    const record = id === undefined ? undefined : pending.rows.record(id);
    return record === undefined ? undefined : decodeWhole(record, dictionary);
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

/** Rows of values of an entry whose record does not tell of them: nothing of it may be held. */
async function valueKeys({ store, keys, dictionary }: BackendParts, id: EntryId): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const slice of store.scanKeys(keys.valueChunks(id)))
    for (const key of slice) found.push(new Uint8Array(key));
  if (found.length > 0) dictionary.values?.forget(id);
  return found;
}

/** Whether it was done, on disk. `wanted`: asked in the turn. Rejects with a StoreError or LdapError. */
export function restoreEntry(
  parts: BackendParts,
  { state, history }: EntryImage,
  wanted: () => boolean,
): Promise<boolean> {
  const { commit, keys, store, dictionary, indexes, isSingle, conformance, writes, pending } = parts;
  const { rows, postings, tree, large } = pending;
  const world: RowWorld = { keys, rows, dictionary, postings, indexes, isSingle, conformance, large };
  return writes.exclusively(async () => {
    if (commit.refusal !== undefined) throw commit.refusal;
    const parent = state.place.parent;
    if (!wanted() || (parent !== LOST_AND_FOUND_UUID && rows.idOf(parent) === undefined)) return false;
    const kept = new Set<string>(history.map(({ change }) => change.csn));
    const gone: Uint8Array[] = [];
    const id = rows.idOf(state.uuid);
    if (id !== undefined)
      for await (const slice of store.scanKeys(keys.historyAfter(id, undefined)))
        for (const key of slice) if (!kept.has(csnOfHistoryKey(key))) gone.push(key.slice());
    const known = id === undefined ? undefined : storedState(parts, state.uuid);
    if (id !== undefined && known === undefined) gone.push(...(await valueKeys(parts, id)));
    commit.hold();
    const durable = new Promise<void>((resolve, reject) => {
      const layer = commit.layer();
      const before = () => (id === undefined ? undefined : (known ?? state));
      for (const key of gone) layer.ops.push({ type: 'del', key });
      const outcome = {
        entries: [state],
        delta: [],
        history: history.map((row) => ({ entry: state.uuid, row })),
        moves: [],
        journal: { put: [], delete: [] },
      };
      try {
        putOutcome(world, layer, outcome, before);
      } catch (error) {
        // Half an outcome in the layer: nothing of it may reach the store.
        commit.fail(asError(error));
        throw error;
      }
      if (layer.renames) tree.epoch += 1;
      commit.wait({ durable: resolve, refused: reject }, true);
    });
    commit.release();
    await durable;
    return true;
  });
}
