/**
 * Who knew of whom: the one test of concurrency, and how far back a change's unknown can reach.
 *
 * A change knows everything of its own origin before it, and what its `seen` covers. Two changes are concurrent exactly when the later in CSN
 * order does not know the earlier.
 */
import { type Csn, csnReplica, ZERO_CSN } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';

/** The part of a change that tells what it knew. */
export interface Witness {
  readonly csn: Csn;
  readonly seen: ServerState;
}

/** Whether the origin of `later` had applied `earlier` when it made `later`; `earlier` is the smaller CSN. */
export function knew(later: Witness, earlier: Csn): boolean {
  return csnReplica(later.csn) === csnReplica(earlier) || later.seen.covers(earlier);
}

/** Whether neither knew of the other. */
export function areConcurrent(a: Witness, b: Witness): boolean {
  return a.csn < b.csn ? !knew(b, a.csn) : !knew(a, b.csn);
}

/**
 * A CSN such that every held change which `change` did not know is newer; undefined when it knew all that is held. ZERO_CSN where nothing
 * bounds it.
 */
export function unknownSince(change: Witness, held: ServerState): Csn | undefined {
  const origin = csnReplica(change.csn);
  let floor: Csn | undefined;
  for (const replica of held.replicas()) {
    const newest = held.get(replica);
    if (replica === origin || newest === undefined || change.seen.covers(newest)) continue;
    const known = change.seen.get(replica) ?? ZERO_CSN;
    if (floor === undefined || known < floor) floor = known;
  }
  return floor;
}
