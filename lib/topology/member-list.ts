/**
 * The servers of a topology as replicated data: each is one text, the value of an attribute of cn=topology.
 *
 * Owns the text's form and what a set of texts means. Two servers may write the same member at once, so a set can hold several texts of one name; what it means
 * is a function of the set alone, and so the same on every server: a member that left has left for good, of two texts the later counts, and of two
 * members with one replica id the one that came first.
 */
import { LIMITS } from '../base/limits.js';
import { MAX_REPLICA_ID, type ReplicaId } from '../csn/csn.js';
import type { ServerRuns } from './topology.js';

export interface TopologyMember {
  /** Unique; never used again after the server left. */
  readonly name: string;
  readonly id: ReplicaId;
  readonly site: string;
  readonly runs: ServerRuns;
  /** Advertised addresses, host:port; undefined: it does not listen. */
  readonly replication: string | undefined;
  readonly ldap: string | undefined;
  readonly ldaps: string | undefined;
  readonly http: string | undefined;
  /** It refers clients' writes to others; undefined: it takes them. */
  readonly readOnly?: true | undefined;
  /** `left`: its name and id stay taken, and all others have forgotten it. */
  readonly standing: 'member' | 'left';
  /** It came by a token: it follows all, and all follow it. Others follow whom their configuration names. */
  readonly joined: boolean;
  /** When it came, ms since the epoch. */
  readonly sinceMs: number;
  /** When this was written, ms since the epoch; later texts have greater ones. */
  readonly atMs: number;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Whether a text may name a server. */
export function isServerName(text: string): boolean {
  return NAME.test(text);
}

/** The member as a value; equal members are equal texts. */
export function formatMember(member: TopologyMember): string {
  const { name, id, site, runs, replication, ldap, ldaps, http, readOnly, standing, joined, sinceMs, atMs } =
    member;
  return JSON.stringify({
    name,
    id,
    site,
    runs,
    replication,
    ldap,
    ldaps,
    http,
    readOnly,
    standing,
    joined,
    sinceMs,
    atMs,
  });
}

/** The inverse of formatMember(); undefined for a text that is no member. */
export function parseMember(text: string): TopologyMember | undefined {
  if (text.length > LIMITS.topologyMemberBytes) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const row = value as Readonly<Record<keyof TopologyMember, unknown>>;
  const addresses = [row.replication, row.ldap, row.ldaps, row.http];
  if (typeof row.name !== 'string' || !isServerName(row.name)) return undefined;
  if (typeof row.site !== 'string' || !isServerName(row.site)) return undefined;
  if (!isCount(row.id) || row.id < 1 || row.id > MAX_REPLICA_ID) return undefined;
  if (row.runs !== 'directory' && row.runs !== 'broker' && row.runs !== 'both') return undefined;
  if (row.standing !== 'member' && row.standing !== 'left') return undefined;
  if (row.readOnly !== undefined && row.readOnly !== true) return undefined;
  if (typeof row.joined !== 'boolean' || !isCount(row.sinceMs) || !isCount(row.atMs)) return undefined;
  if (!addresses.every((one) => one === undefined || typeof one === 'string')) return undefined;
  return value as TopologyMember;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** What a set of texts means: every server once, by name. Texts that are no members count for nothing. */
export function membersOf(texts: Iterable<string>): readonly TopologyMember[] {
  const byName = new Map<string, TopologyMember>();
  for (const text of texts) {
    const member = parseMember(text);
    if (member === undefined) continue;
    const known = byName.get(member.name);
    if (known === undefined || counts(member, known)) byName.set(member.name, member);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether `a` counts rather than `b`, of the same name. */
function counts(a: TopologyMember, b: TopologyMember): boolean {
  if (a.standing !== b.standing) return a.standing === 'left';
  if (a.atMs !== b.atMs) return a.atMs > b.atMs;
  return formatMember(a) > formatMember(b);
}

/** The member that came earlier and has the same replica id, if there is one: then `member` must not take part. */
export function elderOf(
  members: readonly TopologyMember[],
  member: TopologyMember,
): TopologyMember | undefined {
  return members.find(
    (other) =>
      other.name !== member.name &&
      other.id === member.id &&
      (other.sinceMs < member.sinceMs || (other.sinceMs === member.sinceMs && other.name < member.name)),
  );
}

/** The values to take away and to add so that `member` is what its name means; none when it is so. */
export function memberChange(
  texts: readonly string[],
  member: TopologyMember,
): { readonly remove: readonly string[]; readonly add: readonly string[] } {
  const wanted = formatMember(member);
  const remove = texts.filter((text) => text !== wanted && parseMember(text)?.name === member.name);
  return { remove, add: texts.includes(wanted) ? [] : [wanted] };
}

/** Facts that a server says of itself. */
export type OwnFacts = Pick<
  TopologyMember,
  'name' | 'id' | 'site' | 'runs' | 'replication' | 'ldap' | 'ldaps' | 'http' | 'readOnly'
>;

/** Our own member as it should stand, or undefined when it stands so or must not be touched (we left, or another has our id). */
export function ownMember(
  members: readonly TopologyMember[],
  own: OwnFacts,
  nowMs: number,
): TopologyMember | undefined {
  const known = members.find(({ name }) => name === own.name);
  if (known === undefined) {
    const made: TopologyMember = { ...own, standing: 'member', joined: false, sinceMs: nowMs, atMs: nowMs };
    return elderOf(members, made) === undefined ? made : undefined;
  }
  if (known.standing === 'left') return undefined;
  const { standing, joined, sinceMs } = known;
  const next = { ...own, standing, joined, sinceMs, atMs: known.atMs };
  if (formatMember(next) === formatMember(known)) return undefined;
  return { ...next, atMs: Math.max(nowMs, known.atMs + 1) };
}

/**
 * Whom the server called `name` follows: name -> address. `listed`: those of its configuration, `overrides`: addresses that its configuration gives instead.
 * A server that came by a token follows all, and all follow it; others follow those listed too. Who has left is followed by nobody; it goes on asking the others itself, and
 * so hears that they know.
 */
export function followed(
  members: readonly TopologyMember[],
  name: string,
  listed: ReadonlyMap<string, string>,
  overrides: ReadonlyMap<string, string>,
): Map<string, string> {
  const own = members.find((member) => member.name === name);
  const follows = new Map<string, string>();
  const known = new Map(members.map((member) => [member.name, member]));
  for (const [peer, address] of listed)
    if (known.get(peer)?.standing !== 'left') follows.set(peer, overrides.get(peer) ?? address);
  for (const member of members) {
    const { replication } = member;
    if (member.name === name || member.standing === 'left' || replication === undefined) continue;
    if (!member.joined && own?.joined !== true) continue;
    if (elderOf(members, member) !== undefined) continue;
    follows.set(member.name, overrides.get(member.name) ?? replication);
  }
  return follows;
}
