/** Small facts about rows of the table of a domain's servers, and about what they say. */
import { utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import { CSN_BYTES, type Csn, csnReplica, type ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { Hello, Vouched } from '../sync/frames.js';
import type { MemberReport, MemberRow, Standing } from '../sync/member-row.js';

/** Whether `other` is the same replica under a name that was heard of later. */
export function isSuccessor(other: MemberRow, row: MemberRow): boolean {
  if (other === row || row.replica === undefined || other.replica !== row.replica) return false;
  const [atOther, at] = [other.report?.atMs ?? -1, row.report?.atMs ?? -1];
  return atOther > at || (atOther === at && other.name > row.name);
}

/** The row of a server that says that it is this replica; undefined: a broker. `row` itself where that was known. */
export function asIntroduced(row: MemberRow, replica: ReplicaId | undefined): MemberRow {
  const kind = replica === undefined ? 'broker' : 'directory';
  if (row.kind === kind && row.replica === replica) return row;
  return { ...row, kind, replica, report: row.replica === replica ? row.report : undefined };
}

/** Whether who is known by `row` now may not go on with the sessions that it has. */
export function isPutOut(row: MemberRow, before: MemberRow | undefined): boolean {
  return row.standing === 'evicted' || (row.standing === 'returning' && before?.standing === 'member');
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

/** Whether a new report would say more than the last one: of `state`, of our own changes (`own`) that we have no longer, or of whom the server takes no changes from. */
export function saysMore(
  report: MemberReport,
  state: ServerState,
  own: ReplicaId | undefined,
  outside: readonly ReplicaId[],
): boolean {
  return (
    !report.state.coversAll(state) ||
    (own !== undefined && report.state.get(own) !== state.get(own)) ||
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

/** Of `floor`, what all servers hold that belong or may return: changes that none of them needs from a change log any more. */
export function heldByMembers(rows: readonly MemberRow[], floor: ServerState): ServerState {
  let least = floor;
  for (const { standing, report } of rows) {
    if (standing === 'evicted') continue;
    least = report === undefined ? ServerState.EMPTY : lesser(least, report.state);
  }
  return least;
}

/**
 * What covers all that any server has forgotten, as `server` knows the others. A directory goes by its own report, as everybody does who forgets anything. Before it has `reported` since it belongs, and where
 * no other directory belongs, it goes by what it holds: whoever gave it its copy, or let it in, has told no more by then. By the report of a broker (`held` undefined) nobody goes: it takes what all directories
 * reported, since it hears of a return with the reports that were known where that was decided. undefined: none of them has said anything yet, as far as a broker heard whose table is new.
 */
export function coversForgotten(
  server: string,
  rows: readonly MemberRow[],
  held: ServerState | undefined,
  reported: boolean,
): ServerState | undefined {
  const own = rows.find(({ name }) => name === server)?.report?.state;
  const others = membersBeside(rows, [server]);
  if (held !== undefined && others.length === 0) return held;
  if (held !== undefined) return own === undefined || !reported ? held.merge(own ?? ServerState.EMPTY) : own;
  const said = others.flatMap(({ report }) => report?.state ?? []);
  return said.length === 0 ? undefined : said.reduce((all, state) => all.merge(state));
}

/** Other directories that belong. */
export function membersBeside(rows: readonly MemberRow[], names: readonly string[]): readonly MemberRow[] {
  return rows.filter(
    ({ name, kind, standing }) => !names.includes(name) && kind !== 'broker' && standing === 'member',
  );
}

/**
 * The server other than `peer` that is out and has made a change that `peer` holds (`theirs`), and neither we hold nor a member is known to hold; its name. Of a member that has reported, a change that it took
 * before it shunned its maker, applied or not, is none of these: nobody has forgotten what that needs, and all wait for it. Of members that cannot be heard here, what the peer knows of their reports counts too
 * (`vouched`), unless they are out as we know.
 */
export function strayMaker(
  { server: peer, states, vouched = [] }: Pick<Hello, 'server' | 'states' | 'vouched'>,
  rows: readonly MemberRow[],
  held: ServerState,
): string | undefined {
  const theirs = states.log;
  const row = rows.find(({ name }) => name === peer);
  const report = row?.standing === 'member' ? row.report : undefined;
  const known = rows.flatMap((one) => (one.standing === 'member' ? (one.report?.state ?? []) : []));
  const isOut = (name: string): boolean => rows.some((one) => one.name === name && one.standing !== 'member');
  for (const { server, state } of vouched) if (server !== peer && !isOut(server)) known.push(state);
  for (const [replica, { name }] of replicasOutside(rows)) {
    const newest = name === peer ? undefined : theirs.get(replica);
    if (newest === undefined || [held, ...known].some((state) => state.covers(newest))) continue;
    const shunning = report?.shunned.find((one) => one.replica === replica);
    if (report === undefined || (shunning !== undefined && shunning.through < newest)) return name;
  }
  return undefined;
}

/**
 * Other members that have reported to hold the newest of what `server` holds (`log`) of servers that are out, each of those once; undefined: there are none. What a hello has no room for is left out: a longer
 * one would be taken for no frame at all.
 */
export function vouchedFor(
  server: string,
  rows: readonly MemberRow[],
  log: ServerState,
): readonly Vouched[] | undefined {
  let open: readonly Csn[] = [...replicasOutside(rows).keys()].flatMap((origin) => log.get(origin) ?? []);
  let room = LIMITS.vouchedBytes;
  const vouched: Vouched[] = [];
  for (const { name, report } of membersBeside(rows, [server])) {
    const held = open.filter((newest) => report?.state.covers(newest) === true);
    room -= held.length === 0 ? 0 : utf8Encode(name).length + held.length * CSN_BYTES;
    if (held.length === 0 || room < 0) continue;
    vouched.push({ server: name, state: ServerState.of(held) });
    open = open.filter((newest) => !held.includes(newest));
  }
  return vouched.length === 0 ? undefined : vouched;
}

/** Replicas that are known and no members. */
export function replicasOutside(rows: readonly MemberRow[]): ReadonlyMap<ReplicaId, MemberRow> {
  const outside = new Map<ReplicaId, MemberRow>();
  for (const row of rows)
    if (row.standing !== 'member' && row.replica !== undefined) outside.set(row.replica, row);
  return outside;
}

/** The row of a server whose standing is to change. Throws an Error that says why it cannot. */
export function decidable(
  rows: readonly MemberRow[],
  row: MemberRow | undefined,
  name: string,
  standing: Exclude<Standing, 'member'>,
): MemberRow {
  const known = rows.map((one) => one.name).join(', ');
  if (row === undefined) throw new Error(`no server ${name} is known; known are: ${known}`);
  if (standing === 'returning' && row.standing !== 'evicted') throw new Error(`${name} is not evicted`);
  if (standing === 'evicted' && row.standing === 'evicted') throw new Error(`${name} is evicted already`);
  return row;
}
