/** Rows of a domain's table of servers, made of few times and replicas. */
import { type Csn, makeCsn, type ReplicaId, ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { expectedMember, type MemberReport, type MemberRow } from '../../lib/sync/member-row.js';

export const csn = (at: number, replica: number): Csn => makeCsn(at, 0, replica as ReplicaId);

/** What a server said at a time. */
export const report = (atMs: number): MemberReport => ({
  atMs,
  state: ServerState.of([csn(atMs, 1), csn(5, 3)]),
  clock: csn(atMs + 1, 3),
  undeleteFromMs: atMs - 1,
  shunned: [
    { replica: 4 as ReplicaId, through: csn(2, 4) },
    { replica: 5 as ReplicaId, through: ZERO_CSN },
  ],
});

export const row = (more: Partial<MemberRow>): MemberRow => ({ ...expectedMember('s3'), ...more });

/** Of a directory that was heard. */
export const heard = { kind: 'directory', replica: 3 as ReplicaId } as const;
