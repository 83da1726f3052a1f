/**
 * Whether received changes come right after what the entries hold.
 *
 * Owns the test alone; what is done with such changes is replay.ts. Invariant: true means that no change of an origin is missing or out of order
 * between the state and these changes.
 */
import type { EncodedChange } from '../change/change.js';
import { type Csn, csnReplica, type ReplicaId } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';

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
