/**
 * Up to which CSN a domain's log is complete: no replica that counts can still bring a change below it (docs/changes.md, the rule of the numbers).
 *
 * Owns the judgement over what members said of themselves, and over our own changes, which have their CSNs before they are on our disk. A replica that is silent for too long, is evicted or
 * was never heard of does not count.
 */
import { LIMITS } from '../../base/limits.js';
import {
  type Csn,
  csnTimeMs,
  laterCsn,
  MAX_CSN_TIME_MS,
  makeCsn,
  type ReplicaId,
  ZERO_CSN,
} from '../../csn/csn.js';
import type { ServerState } from '../../csn/server-state.js';
import type { MemberReport, MemberRow } from '../../sync/member-row.js';

/** What this server knows of its own changes to come. */
export interface OwnChanges {
  readonly replica: ReplicaId;
  /** The newest that has a CSN, on disk or on its way there. */
  readonly issued: Csn | undefined;
  /** What the entries hold: the clock of our changes is past it. */
  readonly applied: ServerState;
  /** Older ones of ours may still come: they are fetched, put back or made anew. */
  readonly unsettled: boolean;
  readonly wallMs: number;
}

/** The CSN up to which all is held. `held`: what the log holds. */
export function completeness(
  held: ServerState,
  members: readonly MemberRow[],
  own: OwnChanges,
  isSilent: (name: string) => boolean,
): Csn {
  let least = ownCompleteness(held, members.find(({ replica }) => replica === own.replica)?.report, own);
  for (const { name, kind, replica, standing, report } of members) {
    if (kind !== 'directory' || replica === undefined || replica === own.replica) continue;
    if (standing !== 'member' || report === undefined || isSilent(name)) continue;
    const complete = laterCsn(promised(held, replica, report), held.get(replica) ?? ZERO_CSN);
    if (complete < least) least = complete;
  }
  return least;
}

function promised(held: ServerState, replica: ReplicaId, report: MemberReport | undefined): Csn {
  if (report === undefined) return ZERO_CSN;
  const known = report.state.get(replica);
  return known === undefined || held.covers(known) ? report.clock : ZERO_CSN;
}

function ownCompleteness(held: ServerState, report: MemberReport | undefined, own: OwnChanges): Csn {
  const ours = held.get(own.replica) ?? ZERO_CSN;
  if (own.unsettled) return laterCsn(promised(held, own.replica, report), ours);
  if (own.issued !== undefined && own.issued > ours) return ours;
  const now = makeCsn(Math.min(Math.max(0, Math.floor(own.wallMs)), MAX_CSN_TIME_MS), 0, own.replica);
  const newest = held.newest() ?? ZERO_CSN;
  // Our next CSN is newer than all that is applied, but for what our clock does not follow.
  const isFollowed = csnTimeMs(newest) - own.wallMs <= LIMITS.clockSkewMs;
  return isFollowed && own.applied.coversAll(held) ? laterCsn(now, newest) : now;
}
