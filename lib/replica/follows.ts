/**
 * How the log stands to the entries: whether received changes come right after what these hold, and whether they lack any.
 *
 * Owns the tests alone; what is done then is replay.ts. Invariant: follows() means that no change of an origin is missing or out of order
 * between the state and these changes.
 */
import type { EncodedChange } from '../change/change.js';
import { type Csn, compareCsn, csnReplica, type ReplicaId } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';

/** The same changes in CSN order. */
export function inCsnOrder(changes: readonly EncodedChange[]): readonly EncodedChange[] {
  const sorted = changes.every(({ csn }, i) => i === 0 || (changes[i - 1] as EncodedChange).csn < csn);
  return sorted ? changes : changes.toSorted((a, b) => compareCsn(a.csn, b.csn));
}

/** Whether these changes, in CSN order, are the next ones after `state` of origins that all `goesOn`. */
export function follows(
  changes: readonly EncodedChange[],
  state: ServerState,
  goesOn: (origin: ReplicaId) => boolean,
): boolean {
  const last = new Map<ReplicaId, Csn | undefined>();
  let before: Csn | undefined;
  for (const { csn, previous } of changes) {
    const origin = csnReplica(csn);
    if (!last.has(origin)) {
      if (!goesOn(origin)) return false;
      last.set(origin, state.get(origin));
    }
    if (previous !== last.get(origin) || (before !== undefined && csn < before)) return false;
    last.set(origin, csn);
    before = csn;
  }
  return true;
}

/** Whether the log holds what the entries lack of `wanted` origins: not after a local write, nor when both came in one batch. */
export function lags(
  entries: ServerState,
  log: ServerState,
  wanted: (origin: ReplicaId) => boolean,
): boolean {
  return log.csns().some((csn) => !entries.covers(csn) && wanted(csnReplica(csn)));
}
