/**
 * One entry with its history, in octets that mean the same on every replica: what a server that repairs an entry is given.
 *
 * Owns the form only: a record whose texts stand in it (no dictionary numbers), then the entry's history rows.
 */
import { ByteReader, ByteWriter } from '../../base/binary.js';
import { LIMITS } from '../../base/limits.js';
import type { HistoryRow } from '../../conflict/domain-view.js';
import type { EntryState } from '../../conflict/entry-state.js';
import { StoreError } from '../../port/ordered-store.js';
import { Dictionary } from '../rows/dictionary.js';
import { checkRecord, decodeState, encodeRecord } from '../rows/entry-record.js';
import { decodeHistoryRow, encodeHistoryRow } from '../rows/history-rows.js';
import { ROOT_ID } from '../rows/key-space.js';

export interface EntryImage {
  readonly state: EntryState;
  readonly history: readonly HistoryRow[];
}

/** undefined: too large to be sent in one piece. */
export function encodeEntryImage({ state, history }: EntryImage): Uint8Array | undefined {
  const out = new ByteWriter(2048);
  out.bytes(encodeRecord(state, ROOT_ID, false, Dictionary.inline()));
  out.varint(history.length);
  for (const row of history) {
    if (out.length > LIMITS.imageBytes) return undefined;
    out.bytes(encodeHistoryRow(row));
  }
  return out.length > LIMITS.imageBytes ? undefined : out.finish();
}

/** Throws StoreError damaged for malformed octets. */
export function decodeEntryImage(image: Uint8Array): EntryImage {
  const reader = new ByteReader(image, (reason) => new StoreError('damaged', `entry image: ${reason}`));
  const state = decodeState(checkRecord(reader.bytes()), Dictionary.inline());
  const history: HistoryRow[] = [];
  for (let left = reader.count(Number.MAX_SAFE_INTEGER); left > 0; left--)
    history.push(decodeHistoryRow(reader.bytes()));
  reader.end();
  return { state, history };
}
