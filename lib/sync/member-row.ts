/**
 * What every server of a domain knows of every other one: a row a server, told from link to link until all have it (replication-model.md section 4).
 *
 * A row has two parts that are merged apart, the later of each winning: what the server said of itself (report), and what an administrator or a member
 * decided of it (standing). Merging is commutative, associative and idempotent, so rows may come in any order and by any way. A directory's report takes nothing back: one that was
 * restored, and reports before it was told what it had said, is held to that all the same. Owns form, merge and octets; what a report takes over from an earlier one is member-promises.ts; what follows from the rows is members.ts.
 */
import { type ByteReader, ByteWriter } from '../base/binary.js';
import { LIMITS } from '../base/limits.js';
import { CSN_BYTES, type Csn, csnFromBytes, csnToBytes, MAX_REPLICA_ID, type ReplicaId } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import { readState } from './hello-octets.js';
import { type FormerSelf, joinFormer, joinReports, reportAs } from './member-promises.js';

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
const STANDINGS = ['member', 'returning', 'evicted'] as const;
export type Standing = (typeof STANDINGS)[number];

/** `expected`: configured somewhere, and never heard of. */
const MEMBER_KINDS = ['expected', 'broker', 'directory'] as const;
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
  /** What it said while it was a directory with another replica id, in their order: where it is that one again, it is held to it. Absent: nothing. */
  readonly former?: readonly FormerSelf[];
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

/**
 * What follows from two rows of one name: merging any number of rows, in any order and grouping, gives one outcome (a join). `a` itself when `b` adds nothing.
 */
export function mergeMembers(a: MemberRow, b: MemberRow): MemberRow {
  const decided = isLaterStanding(b, a) ? b : a;
  const said = isLaterReport(b, a) ? b : a;
  const { kind, replica } = said;
  const report = joinReports(said.report, reportAs(said === a ? b : a, said), said);
  const former = joinFormer(a, b, said);
  if (decided === a && said === a && report === a.report && former === a.former) return a;
  const { standing, standingAtMs } = decided;
  const row: MemberRow = { name: a.name, kind, replica, standing, standingAtMs, report };
  return former === undefined ? row : { ...row, former };
}

function isLaterStanding(a: MemberRow, b: MemberRow): boolean {
  if (a.standingAtMs !== b.standingAtMs) return a.standingAtMs > b.standingAtMs;
  return STANDINGS.indexOf(a.standing) > STANDINGS.indexOf(b.standing);
}

function isLaterReport(a: MemberRow, b: MemberRow): boolean {
  const [atA, atB] = [a.report?.atMs ?? -1, b.report?.atMs ?? -1];
  if (atA !== atB) return atA > atB;
  if (a.kind !== b.kind) return MEMBER_KINDS.indexOf(a.kind) > MEMBER_KINDS.indexOf(b.kind);
  return (a.replica ?? 0) > (b.replica ?? 0);
}

/** The row as several that say the same when they are merged: each of one replica alone, as links carry them. */
export function plainRows({ former, ...row }: MemberRow): MemberRow[] {
  const formerly = (former ?? []).map((self) => ({ ...row, kind: 'directory', ...self }) as const);
  return [row, ...formerly];
}

/** Writes a row, without what it was formerly. */
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
/** Each of its plain rows behind the other. */
const WITH_FORMER = 2;

/** The row as a row of the store. */
export function encodeMember(row: MemberRow): Uint8Array {
  const out = new ByteWriter(128);
  const plain = plainRows(row);
  out.u8(plain.length === 1 ? VERSION : WITH_FORMER);
  for (const one of plain) writeMember(out, one);
  return out.finish();
}

/** The inverse of encodeMember(). */
export function decodeMember(reader: ByteReader): MemberRow {
  const version = reader.u8();
  if (version !== VERSION && version !== WITH_FORMER) reader.fail(`version ${version} is unknown`);
  let row = readMember(reader);
  while (version === WITH_FORMER && reader.left > 0) row = mergeMembers(row, readMember(reader));
  reader.end();
  return row;
}
