/**
 * Forgetting by causal stability (replication-model.md section 4): which rows, moves and tombstones no later change can need.
 *
 * A change is settled when every registered replica has applied it, we hold all that each of them made before that, and no clock can issue an
 * older CSN: whatever arrives from now on knows the change and comes after it. Forgetting what is settled changes no later outcome, neither
 * states nor journal (test/conflict/forget.test.ts). Nothing in an EntryState is ever trimmed, so replicas that forget at different
 * times stay equal.
 */
import { type Csn, csnReplica, csnTimeMs, type ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import { knew, type Witness } from './concurrency.js';
import type { MoveRow } from './domain-view.js';
import { deathOf } from './entry-life.js';
import type { EntryState } from './entry-state.js';

/** What a replica said of itself at one moment. */
export interface ReplicaReport {
  /** Everything that it had applied, its own changes included. */
  readonly state: ServerState;
  /** Every CSN that it issues later is newer than this. */
  readonly clock: Csn;
}

/** What is settled: covered by `stable` and not newer than `before`. */
export interface Horizon {
  readonly stable: ServerState;
  readonly before: Csn;
}

/**
 * The horizon that follows from the last report of every registered replica, our own included. undefined while a report speaks of changes of its
 * replica that we do not hold (`held`): go by that replica's older report, or wait.
 */
export function causalHorizon(
  reports: ReadonlyMap<ReplicaId, ReplicaReport>,
  held: ServerState,
): Horizon | undefined {
  let stable = held.csns();
  let before: Csn | undefined;
  for (const [replica, { state, clock }] of reports) {
    const own = state.get(replica);
    if (own !== undefined && !held.covers(own)) return undefined;
    stable = stable.flatMap((csn) => olderOf(csn, state));
    if (before === undefined || clock < before) before = clock;
  }
  return before === undefined ? undefined : { stable: ServerState.of(stable), before };
}

/** Whether every later change knows this one and comes after it. */
export function isSettled(csn: Csn, horizon: Horizon): boolean {
  return csn <= horizon.before && horizon.stable.covers(csn);
}

/** As much of a row as tells whether it may go. */
export interface RowWitness {
  readonly change: Witness;
}

/**
 * How many of an entry's oldest rows may go. `rows`: all of them, ascending. A settled row stays while an older row stays, or while a younger one that
 * stays did not know it: the journal may still name both. Rows that are not settled stay. Linear in the rows.
 */
export function forgettableRows(rows: readonly RowWitness[], horizon: Horizon): number {
  let settled = 0;
  while (settled < rows.length && isSettled((rows[settled] as RowWitness).change.csn, horizon)) settled += 1;
  const staying = new CommonKnowledge();
  for (const { change } of rows.slice(settled)) if (!isSettled(change.csn, horizon)) staying.add(change);
  let oldest = settled;
  for (let i = settled - 1; i >= 0; i--) {
    const { change } = rows[i] as RowWitness;
    if (staying.has(change.csn)) continue;
    staying.add(change);
    oldest = i;
  }
  return oldest;
}

/** What every one of some changes knew: of each origin the oldest one counts, since what an origin had seen only grows. */
class CommonKnowledge {
  readonly #oldest = new Map<ReplicaId, Witness>();

  add(change: Witness): void {
    const origin = csnReplica(change.csn);
    const oldest = this.#oldest.get(origin);
    if (oldest === undefined || change.csn < oldest.csn) this.#oldest.set(origin, change);
  }

  has(csn: Csn): boolean {
    for (const change of this.#oldest.values()) if (!knew(change, csn)) return false;
    return true;
  }
}

/** Whether a move may go, when all older ones go: a UUID that is added once more has all moves that are kept folded anew, and none may be missing between them. */
export function isForgettableMove(row: MoveRow, horizon: Horizon): boolean {
  return isSettled(row.csn, horizon);
}

/**
 * Whether a dead entry may be dropped with all its rows. No origin accepts an undelete later than `lifetimeMs` after the delete, so once every clock
 * is past that none can come. `rowsLeft`: rows of its history that are not forgettable. `referenced`: some entry, alive or dead, has it as its
 * parent register, or a move that is kept names it (entry, from, to): the loop rule still needs the way through it.
 */
export function isForgettableEntry(
  state: EntryState,
  horizon: Horizon,
  lifetimeMs: number,
  rowsLeft: number,
  referenced: boolean,
): boolean {
  const death = deathOf(state.life);
  if (death === undefined || rowsLeft > 0 || referenced) return false;
  return isSettled(death, horizon) && csnTimeMs(horizon.before) > csnTimeMs(death) + lifetimeMs;
}

/** The older of `csn` and what `state` holds of that origin; nothing when it holds none. */
function olderOf(csn: Csn, state: ServerState): Csn[] {
  if (state.covers(csn)) return [csn];
  const known = state.get(csnReplica(csn));
  return known === undefined ? [] : [known];
}
