/**
 * Reading a stretch of one origin's stream from the disk: each change must name the one before it.
 *
 * A stretch that does not begin where the reader stands was trimmed, or is of another history; a hole behind its beginning is damage.
 */
import { LIMITS } from '../base/limits.js';
import type { EncodedChange } from '../change/change.js';
import { readChangeHeader } from '../change/change-codec.js';
import type { Csn } from '../csn/csn.js';
import { type OrderedStore, StoreError, type StoreRange } from '../port/ordered-store.js';
import type { LogSlice } from './changelog.js';

/** Rows read at once. */
export const SCAN_ROWS = 128;

/** A row as a change. Throws ChangeFormatError. */
export function readRow(bytes: Uint8Array): EncodedChange {
  const { csn, previous } = readChangeHeader(bytes);
  return { csn, previous, bytes };
}

/** Changes of `range`, which begins behind `after`: at least one where there is one, up to `maxBytes`. `trimmed`: the origin's mark, asked when it is needed. */
export async function readChain(
  store: OrderedStore,
  range: StoreRange,
  after: Csn | undefined,
  maxBytes: number,
  trimmed: () => Csn | undefined,
): Promise<LogSlice> {
  const changes: EncodedChange[] = [];
  let bytes = 0;
  let previous = after;
  for await (const rows of store.scan(range, SCAN_ROWS)) {
    for (const row of rows) {
      const change = readRow(row.value);
      if (change.previous !== previous) return broken(previous, after, change.csn, trimmed());
      if (changes.length > 0 && bytes + row.value.length > maxBytes) return { kind: 'changes', changes };
      changes.push(change);
      bytes += row.value.length;
      previous = change.csn;
      if (changes.length >= LIMITS.frameChanges) return { kind: 'changes', changes };
    }
  }
  return { kind: 'changes', changes };
}

/** The chain does not go on from `previous`: the reader's place is unknown here, it was trimmed while we read, or the log has a hole. */
function broken(
  previous: Csn | undefined,
  after: Csn | undefined,
  found: Csn,
  oldest: Csn | undefined,
): LogSlice {
  if (oldest !== undefined && (after === undefined || after < oldest)) return { kind: 'too-old', oldest };
  if (previous === after) return { kind: 'forked', found };
  throw new StoreError('damaged', `the change log lacks what stood between ${previous} and ${found}`);
}
