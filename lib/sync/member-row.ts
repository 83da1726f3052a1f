/**
 * What every server of a domain knows of every other one: a row a server, told from link to link until all have it (replication-model.md section 4).
 *
 * A row has two parts that are merged apart, the later of each winning: what the server said of itself (report), and what an administrator or a member
 * decided of it (standing). Merging is commutative, associative and idempotent, so rows may come in any order and by any way. A directory's report takes nothing back: one that was
 * restored, and reports before it was told what it had said, is held to that all the same. Owns form, merge and octets; what follows from the rows is members.ts.
 */
import { type ByteReader, ByteWriter } from '../base/binary.js';
import { LIMITS } from '../base/limits.js';
import {
  CSN_BYTES,
  type Csn,
  csnFromBytes,
  csnReplica,
  csnToBytes,
  laterCsn,
  MAX_REPLICA_ID,
  type ReplicaId,
  ZERO_CSN,
} from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import { readState } from './hello-octets.js';

/** A replica whose changes a server takes from members only, and the newest change of it that came otherwise. */
export interface Shunned {
  readonly replica: ReplicaId;
  /** ZERO_CSN: none at all. */
  readonly through: Csn;
}

/** What a server said of itself at one moment. All of it is on its disk, and none of it is ever taken back. */
export interface MemberReport {
  /** Wall clock of the reporter, ms; later reports have greater ones. */
  readonly atMs: number;
  /** Everything that it had applied, its own changes included (a broker: that it held). */
  readonly state: ServerState;
  /** Every CSN that it issues later is newer. ZERO_CSN for a broker. */
  readonly clock: Csn;
  /** It accepts no undelete any more of an entry that died before this, ms since the epoch. */
  readonly undeleteFromMs: number;
  readonly shunned: readonly Shunned[];
}

/** `member`: counts. `evicted`: does not, and is refused. `returning`: does not, and is let in when it knows what the members have forgotten. */
export const STANDINGS = ['member', 'returning', 'evicted'] as const;
export type Standing = (typeof STANDINGS)[number];

/** `expected`: configured somewhere, and never heard of. */
export const MEMBER_KINDS = ['expected', 'broker', 'directory'] as const;
export type MemberKind = (typeof MEMBER_KINDS)[number];

export interface MemberRow {
  /** Name of the server, unique in the topology. */
  readonly name: string;
  readonly kind: MemberKind;
  /** Of a directory. */
  readonly replica: ReplicaId | undefined;
  readonly standing: Standing;
  /** When that was decided, ms since the epoch. */
  readonly standingAtMs: number;
  readonly report: MemberReport | undefined;
}

/** A row for a server of which only the name is known. */
export function expectedMember(name: string): MemberRow {
  return {
    name,
    kind: 'expected',
    replica: undefined,
    standing: 'member',
    standingAtMs: 0,
    report: undefined,
  };
}

/** What follows from two rows of one name. `a` itself when `b` adds nothing. */
export function mergeMembers(a: MemberRow, b: MemberRow): MemberRow {
  const decided = isLaterStanding(b, a) ? b : a;
  const said = isLaterReport(b, a) ? b : a;
  const report = withoutRetreat(said, said === a ? b : a);
  if (decided === a && said === a && report === a.report) return a;
  const { standing, standingAtMs } = decided;
  const { kind, replica } = said;
  return { name: a.name, kind, replica, standing, standingAtMs, report };
}

/** The later report, with what the earlier one of the same directory had promised: not of its own changes, which may be lost for good, and are then made anew. */
function withoutRetreat(later: MemberRow, earlier: MemberRow): MemberReport | undefined {
  const [now, before] = [later.report, earlier.report];
  if (now === undefined || before === undefined || later.kind !== 'directory') return now;
  if (earlier.kind !== later.kind || earlier.replica !== later.replica) return now;
  const undeleteFromMs = Math.max(now.undeleteFromMs, before.undeleteFromMs);
  const clock = laterCsn(now.clock, before.clock);
  const lacking = before.state
    .csns()
    .filter((csn) => csnReplica(csn) !== later.replica && !now.state.covers(csn));
  if (lacking.length === 0 && clock === now.clock && undeleteFromMs === now.undeleteFromMs) return now;
  return { ...now, state: now.state.merge(ServerState.of(lacking)), clock, undeleteFromMs };
}

function isLaterStanding(a: MemberRow, b: MemberRow): boolean {
  if (a.standingAtMs !== b.standingAtMs) return a.standingAtMs > b.standingAtMs;
  return STANDINGS.indexOf(a.standing) > STANDINGS.indexOf(b.standing);
}

function isLaterReport(a: MemberRow, b: MemberRow): boolean {
  const [atA, atB] = [a.report?.atMs ?? -1, b.report?.atMs ?? -1];
  if (atA !== atB) return atA > atB;
  if (a.kind !== b.kind) return MEMBER_KINDS.indexOf(a.kind) > MEMBER_KINDS.indexOf(b.kind);
  if (a.replica !== b.replica) return (a.replica ?? 0) > (b.replica ?? 0);
  const [clockA, clockB] = [a.report?.clock ?? ZERO_CSN, b.report?.clock ?? ZERO_CSN];
  return clockA > clockB;
}

/** Writes a row. */
export function writeMember(out: ByteWriter, row: MemberRow): void {
  out.text(row.name);
  out.u8(MEMBER_KINDS.indexOf(row.kind));
  out.u16(row.replica ?? 0);
  out.u8(STANDINGS.indexOf(row.standing));
  out.varint(row.standingAtMs);
  const { report } = row;
  out.u8(report === undefined ? 0 : 1);
  if (report === undefined) return;
  out.varint(report.atMs);
  out.bytes(report.state.toBytes());
  out.raw(csnToBytes(report.clock));
  out.varint(report.undeleteFromMs);
  out.varint(report.shunned.length);
  for (const { replica, through } of report.shunned) {
    out.u16(replica);
    out.raw(csnToBytes(through));
  }
}

/** Reads a row; malformed ones end in reader.fail(). */
export function readMember(reader: ByteReader): MemberRow {
  const name = reader.text(LIMITS.frameTextBytes);
  const kind = MEMBER_KINDS[reader.u8()];
  const replica = reader.u16();
  const standing = STANDINGS[reader.u8()];
  if (name === '' || kind === undefined || standing === undefined) return reader.fail('a malformed member');
  if ((kind === 'directory') !== replica > 0)
    return reader.fail('a member that is no directory has a replica id');
  const standingAtMs = reader.varint();
  const report = reader.u8() === 0 ? undefined : readReport(reader);
  return {
    name,
    kind,
    replica: replica === 0 ? undefined : (replica as ReplicaId),
    standing,
    standingAtMs,
    report,
  };
}

function readReport(reader: ByteReader): MemberReport {
  const atMs = reader.varint();
  const state = readState(reader);
  const clock = csnFromBytes(reader.raw(CSN_BYTES));
  const undeleteFromMs = reader.varint();
  const shunned: Shunned[] = [];
  for (let left = reader.count(LIMITS.replicas, 2 + CSN_BYTES); left > 0; left--) {
    const replica = reader.u16();
    const through = csnFromBytes(reader.raw(CSN_BYTES));
    if (replica === 0 || replica > MAX_REPLICA_ID) return reader.fail('replica id 0');
    shunned.push({ replica: replica as ReplicaId, through });
  }
  return { atMs, state, clock, undeleteFromMs, shunned };
}

const VERSION = 1;

/** The row as a row of the store. */
export function encodeMember(row: MemberRow): Uint8Array {
  const out = new ByteWriter(128);
  out.u8(VERSION);
  writeMember(out, row);
  return out.finish();
}

/** The inverse of encodeMember(). */
export function decodeMember(reader: ByteReader): MemberRow {
  const version = reader.u8();
  if (version !== VERSION) reader.fail(`version ${version} is unknown`);
  const row = readMember(reader);
  reader.end();
  return row;
}
