/**
 * Changes that somebody told of and that may be nowhere any more: whether to wait for them still, and what of them others have to hold (replication-model.md section 4).
 *
 * A change is lost where its maker was restored and whoever had it gave it up, by people's word or with its disk. Whether another server may have it, by what is known of that one:
 *
 * | the other server                                  | a change of our own        | of another server                  |
 * |---------------------------------------------------|----------------------------|------------------------------------|
 * | is evicted                                        | no                         | no                                 |
 * | is connected, or introduces itself, and has it    | yes                        | yes                                |
 * | is connected, or introduces itself, and lacks it  | no                         | no                                 |
 * | is away, and has reported it                      | yes                        | yes                                |
 * | is away, and has not reported it                  | where it said that it has  | until it reports anew, without it  |
 *
 * Anew is what it says of a moment since we began to wait, by its clock and ours: a report that only comes now may be older than what it has taken since.
 *
 * The last line is what a mistake costs. A change of our own that comes back after we went on shows itself as a fork, and what we made since is made anew; one of another server that comes after we went on
 * meets changes that do not know what we had told of, and nobody sees that.
 */
import { type Csn, csnReplica, type ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { MemberRow } from '../sync/member-row.js';
import type { Heard } from './sole-holdings.js';

/** A server and what it knows of the others. */
export interface Witness {
  readonly server: string;
  /** undefined: a broker alone. */
  readonly replica: ReplicaId | undefined;
  readonly rows: readonly MemberRow[];
  /** What others hold as they say now. */
  readonly connected: readonly Pick<Heard, 'name' | 'log'>[];
  /** Its wall clock, ms since the epoch. */
  readonly nowMs: number;
}

/** Whether another server may have this change, which we lack. `unsaid`: whether one that is away may have it that has not reported it. */
export function mayBeHeld(csn: Csn, witness: Witness, unsaid: (other: MemberRow) => boolean): boolean {
  if (witness.connected.some(({ log }) => log.covers(csn))) return true;
  return away(witness).some((other) => other.report?.state.covers(csn) === true || unsaid(other));
}

/** Those that belong or may return, and are not connected. */
function away({ server, rows, connected }: Witness): readonly MemberRow[] {
  const heard = new Set(connected.map(({ name }) => name));
  return rows.filter(({ name, standing }) => name !== server && standing !== 'evicted' && !heard.has(name));
}

/** What was `told` of, with the newest change of its origin that anybody is known to hold in the place of each that is lost. `held`: by us. */
export function withoutLost(told: ServerState, held: ServerState, witness: Witness): ServerState {
  const isLost = (csn: Csn): boolean =>
    !held.covers(csn) && !mayBeHeld(csn, witness, () => csnReplica(csn) !== witness.replica);
  const lost = told.csns().filter(isLost);
  if (lost.length === 0) return told;
  const known = [
    held,
    ...witness.connected.map(({ log }) => log),
    ...away(witness).flatMap(({ report }) => report?.state ?? []),
  ].reduce((all, state) => all.merge(state));
  const left = lost.flatMap((csn) => known.get(csnReplica(csn)) ?? []);
  return ServerState.of([...told.csns().filter((csn) => !lost.includes(csn)), ...left]);
}

/** Changes of other servers that we told of and lack, and what of them is found to be nowhere: awaited no more, whoever is connected later. */
export class Awaited {
  readonly #gone = new Set<Csn>();
  /** When we began to wait for each, ms since the epoch. */
  readonly #sinceMs = new Map<Csn, number>();

  /** Those of `lacking` that somebody may still bring. */
  of(lacking: readonly Csn[], witness: Witness): readonly Csn[] {
    for (const csn of this.#sinceMs.keys()) if (!lacking.includes(csn)) this.#sinceMs.delete(csn);
    const open = lacking.filter((csn) => !this.#gone.has(csn));
    for (const csn of open) if (!this.#sinceMs.has(csn)) this.#sinceMs.set(csn, witness.nowMs);
    const awaited = open.filter((csn) => mayBeHeld(csn, witness, this.#unsaid(csn)));
    for (const csn of open) if (!awaited.includes(csn)) this.#gone.add(csn);
    return awaited;
  }

  /** Our data are others: what was found is to be found anew. */
  clear(): void {
    this.#gone.clear();
    this.#sinceMs.clear();
  }

  #unsaid(csn: Csn): (other: MemberRow) => boolean {
    const sinceMs = this.#sinceMs.get(csn) ?? Number.POSITIVE_INFINITY;
    return ({ report }) => report === undefined || report.atMs <= sinceMs;
  }
}
