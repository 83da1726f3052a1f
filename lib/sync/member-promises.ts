/**
 * What reports of one server promise together, and what it promised while it was another replica (replication-model.md section 4).
 *
 * A directory's report takes nothing back of what earlier ones of the same replica promised, its own changes apart. A name may pass to another replica, or to a broker, and back: what each replica promised is
 * kept beside the row, else it would depend on the order in which rows are merged whether the promise is remembered. Invariant: each function is a join: commutative, associative, idempotent.
 */
import { LIMITS } from '../base/limits.js';
import { type Csn, csnReplica, laterCsn, type ReplicaId, ZERO_CSN } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { MemberReport, MemberRow } from './member-row.js';

/** What a server said of itself while it was a directory with another replica id. */
export interface FormerSelf {
  readonly replica: ReplicaId;
  readonly report: MemberReport;
}

/** Who speaks in a report. */
type Self = Pick<MemberRow, 'kind' | 'replica'>;

/** What this row's server said as `self`; undefined: nothing. */
export function reportAs(row: MemberRow, self: Self): MemberReport | undefined {
  if (row.kind === self.kind && row.replica === self.replica) return row.report;
  return self.kind === 'directory' ? formerly(row, self.replica) : undefined;
}

function formerly({ former }: MemberRow, replica: ReplicaId | undefined): MemberReport | undefined {
  return former?.find((one) => one.replica === replica)?.report;
}

/**
 * The later of two reports of one self, with what the other one of a directory had promised: not of its own changes, which may be lost for good, and are then made anew. `a` itself when `b` adds nothing.
 */
export function joinReports(
  a: MemberReport | undefined,
  b: MemberReport | undefined,
  { kind, replica }: Self,
): MemberReport | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  const now = isLater(b, a, replica) ? b : a;
  if (kind !== 'directory') return now;
  const before = now === a ? b : a;
  const undeleteFromMs = Math.max(now.undeleteFromMs, before.undeleteFromMs);
  const clock = laterCsn(now.clock, before.clock);
  const lacking = before.state.csns().filter((csn) => csnReplica(csn) !== replica && !now.state.covers(csn));
  if (lacking.length === 0 && clock === now.clock && undeleteFromMs === now.undeleteFromMs) return now;
  return { ...now, state: now.state.merge(ServerState.of(lacking)), clock, undeleteFromMs };
}

/** What the author of a report held as it made the last one. Of a server that it shuns, what it had promised once may be given up for good; what it held says the shunning. */
export function heldBy({ state, shunned }: MemberReport): readonly Csn[] {
  const outside = new Map(shunned.map(({ replica, through }) => [replica, through]));
  return state.csns().flatMap((csn) => {
    const through = outside.get(csnReplica(csn));
    if (through === undefined || csn <= through) return [csn];
    return through === ZERO_CSN ? [] : [through];
  });
}

/** The row of a directory that is let in since it holds `state`: from here on it is held to that as if it had said so itself, its own changes apart, also where it is restored before it says anything. */
export function heldTo(row: MemberRow, state: ServerState): MemberRow {
  if (row.kind !== 'directory') return row;
  const others = ServerState.of(state.csns().filter((csn) => csnReplica(csn) !== row.replica));
  const said = { atMs: 0, state: others, clock: ZERO_CSN, undeleteFromMs: 0, shunned: [] };
  return { ...row, report: joinReports(row.report, said, row) };
}

/** By what merging leaves as it is. */
function isLater(a: MemberReport, b: MemberReport, replica: ReplicaId | undefined): boolean {
  if (a.atMs !== b.atMs) return a.atMs > b.atMs;
  const [one, other] = [unmerged(a, replica), unmerged(b, replica)];
  return one > other;
}

/** Of a directory its own newest change, of a broker its whole state; and whom it shuns. */
function unmerged({ state, shunned }: MemberReport, replica: ReplicaId | undefined): string {
  const held = replica === undefined ? state.csns() : [state.get(replica) ?? ZERO_CSN];
  return [...held, ...shunned.map((one) => `${one.replica}:${one.through}`)].join(' ');
}

/** What both rows know of former selves of the server that is `self` now, `a.former` itself when that is all. */
export function joinFormer(a: MemberRow, b: MemberRow, self: Self): readonly FormerSelf[] | undefined {
  const isPlain = a.former === undefined && b.former === undefined;
  if (isPlain && a.kind === b.kind && a.replica === b.replica) return undefined;
  const reports = new Map<ReplicaId, MemberReport>();
  for (const one of [...selves(a), ...selves(b)]) {
    if (self.kind === 'directory' && one.replica === self.replica) continue;
    const joined = joinReports(reports.get(one.replica), one.report, { kind: 'directory', ...one });
    if (joined !== undefined) reports.set(one.replica, joined);
  }
  const kept = [...reports]
    .map(([replica, report]) => ({ replica, report }))
    .sort((one, other) => other.report.atMs - one.report.atMs || one.replica - other.replica)
    .slice(0, LIMITS.formerSelves)
    .sort((one, other) => one.replica - other.replica);
  const known = a.former ?? [];
  const isKnown =
    kept.length === known.length && kept.every(({ report }, at) => report === known[at]?.report);
  if (isKnown) return a.former;
  return kept.length === 0 ? undefined : kept;
}

function selves({ kind, replica, report, former }: MemberRow): readonly FormerSelf[] {
  const visible =
    kind !== 'directory' || replica === undefined || report === undefined ? [] : [{ replica, report }];
  return [...visible, ...(former ?? [])];
}
