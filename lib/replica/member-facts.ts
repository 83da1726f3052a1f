/** Small facts about rows of the table of a domain's servers, and about what they say. */
import { type Csn, csnReplica, type ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { MemberReport, MemberRow } from '../sync/member-row.js';

/** Whether `other` is the same replica under a name that was heard of later. */
export function isSuccessor(other: MemberRow, row: MemberRow): boolean {
  if (other === row || row.replica === undefined || other.replica !== row.replica) return false;
  const [atOther, at] = [other.report?.atMs ?? -1, row.report?.atMs ?? -1];
  return atOther > at || (atOther === at && other.name > row.name);
}

/** What both hold. */
export function lesser(a: ServerState, b: ServerState): ServerState {
  return ServerState.of(
    a.csns().flatMap((csn): Csn[] => {
      if (b.covers(csn)) return [csn];
      const known = b.get(csnReplica(csn));
      return known === undefined ? [] : [known];
    }),
  );
}

/** The newest of the changes that `state` lacks of `reported`, but for those of `own` and of servers `outside`, of which nothing more is taken. */
export function lackingOf(
  reported: ServerState,
  state: ServerState,
  own: ReplicaId | undefined,
  outside: ReadonlyMap<ReplicaId, unknown>,
): readonly Csn[] {
  return reported
    .csns()
    .filter((csn) => csnReplica(csn) !== own && !outside.has(csnReplica(csn)) && !state.covers(csn));
}

/** Whether a new report would say more than the last one: of `state`, or of whom the server takes no changes from. */
export function saysMore(report: MemberReport, state: ServerState, outside: readonly ReplicaId[]): boolean {
  return (
    !report.state.coversAll(state) ||
    outside.length !== report.shunned.length ||
    outside.some((replica) => !report.shunned.some((known) => known.replica === replica))
  );
}

/**
 * Who tells a server that has just started what it knows of it, beside those that it dials itself: where it dials nobody, every other server that belongs. Whoever was never heard of
 * knows nothing.
 */
export function callersOf(
  rows: readonly MemberRow[],
  server: string,
  peers: readonly string[],
): readonly string[] {
  if (peers.length > 0) return [];
  const others = rows.filter(({ name, kind }) => name !== server && kind !== 'expected');
  return others.filter(({ standing }) => standing === 'member').map(({ name }) => name);
}
