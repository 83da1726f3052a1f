/**
 * What follows from the members' reports: which changes are causally stable, and who holds that back (replication-model.md section 4, conflict/forget.ts).
 *
 * A report counts once we have applied all that its author had made by then; until that, the author's older one counts. An evicted server counts no more when every
 * member has said that it shuns it, and we hold all that came from it before. Forgetting by this bound needs no agreement: it only ever takes what no later
 * change can need.
 */
import { causalHorizon, type Horizon, type ReplicaReport } from '../conflict/forget.js';
import { type ReplicaId, ZERO_CSN } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { MemberReport, MemberRow } from '../sync/member-row.js';

const NOT_SAID = 'has not said yet what it has applied';
const UNKNOWN_MAKER = 'has made changes, and no server of that id is known';

/** A server that keeps history from being forgotten, and why, as a clause about it. */
export interface HeldBackBy {
  readonly name: string;
  readonly reason: string;
}

export interface Bound {
  /** undefined: nothing may be forgotten now. */
  readonly horizon: Horizon | undefined;
  /** No member accepts an undelete any more of an entry that died before this, ms since the epoch. */
  readonly undeleteFromMs: number;
  readonly heldBackBy: readonly HeldBackBy[];
}

/** This server; `replica` is undefined of a broker alone. */
export interface Self {
  readonly server: string;
  readonly replica: ReplicaId | undefined;
}

/** Reports of one server: the newest that counts, and two that do not yet. The older of those stays until it counts: under steady load a newest one never would. */
interface Reports {
  ground: MemberReport | undefined;
  next: MemberReport | undefined;
  latest: MemberReport | undefined;
}

export class Stability {
  readonly #reports = new Map<string, Reports>();

  /** Forgets all reports: they were of other data. */
  clear(): void {
    this.#reports.clear();
  }

  /** Takes note of what rows say now; `held`: what our entries hold. */
  observe(rows: readonly MemberRow[], held: ServerState): void {
    for (const row of rows) {
      if (row.report !== undefined) this.#observe(row, row.report, held);
    }
  }

  #observe({ name, replica }: MemberRow, report: MemberReport, held: ServerState): void {
    let reports = this.#reports.get(name);
    if (reports === undefined) {
      reports = { ground: undefined, next: undefined, latest: undefined };
      this.#reports.set(name, reports);
    }
    const newest = reports.latest ?? reports.next ?? reports.ground;
    if (newest === undefined || report.atMs > newest.atMs) {
      if (reports.next === undefined) reports.next = report;
      else reports.latest = report;
    }
    for (const candidate of [reports.latest, reports.next]) {
      if (candidate === undefined || !holdsMadeBefore(candidate, replica, held)) continue;
      reports.ground = candidate;
      reports.next = candidate === reports.latest ? undefined : reports.latest;
      reports.latest = undefined;
      return;
    }
  }

  /** The bound now. `rows`: one for each server, after observe(); `self`: this server, which has no row before its first report. */
  bound(rows: readonly MemberRow[], held: ServerState, self?: Self): Bound {
    const heldBackBy: HeldBackBy[] = [];
    const reports = new Map<ReplicaId, ReplicaReport>();
    const members = rows.filter(({ standing }) => standing === 'member');
    let undeleteFromMs = Number.MAX_SAFE_INTEGER;
    for (const { name, kind, replica } of members) {
      const ground = this.#reports.get(name)?.ground;
      if (kind === 'expected') heldBackBy.push({ name, reason: 'was never heard of' });
      else if (kind === 'broker') continue;
      else if (ground === undefined) heldBackBy.push({ name, reason: NOT_SAID });
      else if (replica !== undefined) {
        reports.set(replica, ground);
        undeleteFromMs = Math.min(undeleteFromMs, ground.undeleteFromMs);
      }
    }
    const outside = rows.filter(({ standing }) => standing !== 'member');
    for (const { name, kind, standing } of outside)
      if (standing === 'returning' && kind !== 'broker')
        heldBackBy.push({ name, reason: 'may return, and has no copy of the data yet' });
    for (const row of outside) heldBackBy.push(...this.#stillHeard(row, members, held));
    const known = new Set(rows.map(({ replica }) => replica));
    for (const origin of held.replicas()) {
      if (known.has(origin)) continue;
      if (origin === self?.replica) heldBackBy.push({ name: self.server, reason: NOT_SAID });
      else heldBackBy.push({ name: `replica ${origin}`, reason: UNKNOWN_MAKER });
    }
    const horizon = heldBackBy.length > 0 ? undefined : causalHorizon(reports, held);
    return { horizon, undeleteFromMs, heldBackBy };
  }

  /** Why changes of a server outside may still be on their way. */
  #stillHeard({ name, replica }: MemberRow, members: readonly MemberRow[], held: ServerState): HeldBackBy[] {
    if (replica === undefined) return [];
    for (const member of members) {
      if (member.kind === 'expected') continue;
      const shunned = this.#reports
        .get(member.name)
        ?.ground?.shunned.find((shunning) => shunning.replica === replica);
      if (shunned === undefined)
        return [{ name: member.name, reason: `has not said yet that it knows of the eviction of ${name}` }];
      if (shunned.through !== ZERO_CSN && !held.covers(shunned.through))
        return [{ name: member.name, reason: `holds changes of ${name} that are still to come` }];
    }
    return [];
  }
}

function holdsMadeBefore(report: MemberReport, replica: ReplicaId | undefined, held: ServerState): boolean {
  const own = replica === undefined ? undefined : report.state.get(replica);
  return own === undefined || held.covers(own);
}
