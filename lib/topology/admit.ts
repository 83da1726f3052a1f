/**
 * Whether a new server may join a topology, and as whom: one rule, given all facts.
 *
 * Knows no token and no certificate. A refusal is one sentence that says what to do.
 */
import { must } from '../base/assert.js';
import { LIMITS } from '../base/limits.js';
import { MAX_REPLICA_ID, type ReplicaId, toReplicaId } from '../csn/csn.js';
import { parseAddress } from './address.js';
import { isServerName, type TopologyMember } from './member-list.js';
import type { ServerRuns } from './topology.js';

/** What a new server asks for. */
export interface JoinWish {
  /** undefined: `server-` and its id. */
  readonly name: string | undefined;
  /** undefined: the least that is free. */
  readonly id: number | undefined;
  readonly site: string;
  readonly runs: ServerRuns;
  readonly replication: string | undefined;
  readonly ldap: string | undefined;
  readonly ldaps: string | undefined;
  readonly http: string | undefined;
  /** Its clock, ms since the epoch. */
  readonly clockMs: number;
  /** The form of data that it reads and writes. */
  readonly dataFormat: number;
}

/** What the member that is asked knows. */
export interface JoinFacts {
  readonly members: readonly TopologyMember[];
  /** Names that peers have, in the topology or not. */
  readonly names: ReadonlySet<string>;
  /** Replica ids whose changes stand in any of our data, or that peers have. */
  readonly ids: ReadonlySet<number>;
  readonly nowMs: number;
  readonly dataFormat: number;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly member: TopologyMember }
  | { readonly kind: 'refused'; readonly sentence: string };

/** The answer to a wish. */
export function admit(wish: JoinWish, facts: JoinFacts): Admission {
  const fault = wishFault(wish, facts);
  if (fault !== undefined) return { kind: 'refused', sentence: fault };
  const id = wish.id ?? freeId(facts);
  if (id === undefined) return { kind: 'refused', sentence: 'every replica id is taken' };
  const name = wish.name ?? `server-${id}`;
  const taken = takenBy(name, id, wish, facts);
  if (taken !== undefined) return { kind: 'refused', sentence: taken };
  const { site, runs, replication, ldap, ldaps, http } = wish;
  const member: TopologyMember = {
    name,
    id: must(toReplicaId(id), 'bounds were checked'),
    site,
    runs,
    replication,
    ldap,
    ldaps,
    http,
    standing: 'member',
    joined: true,
    sinceMs: facts.nowMs,
    atMs: facts.nowMs,
  };
  return { kind: 'admitted', member };
}

function wishFault(wish: JoinWish, { dataFormat, nowMs }: JoinFacts): string | undefined {
  if (wish.dataFormat !== dataFormat)
    return `the new server keeps data in format ${wish.dataFormat}, this one in format ${dataFormat}; run the same version of the program on both`;
  const aheadMs = wish.clockMs - nowMs;
  if (Math.abs(aheadMs) > LIMITS.joinClockSkewMs) {
    const seconds = Math.round(Math.abs(aheadMs) / 1000);
    return `the clock of the new server is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this one's; set its time (at most ${LIMITS.joinClockSkewMs / 1000} s are accepted)`;
  }
  if (wish.name !== undefined && !isServerName(wish.name)) return `"${wish.name}" is no name for a server`;
  if (!isServerName(wish.site)) return `"${wish.site}" is no name for a site`;
  if (wish.id !== undefined && toReplicaId(wish.id) === undefined)
    return `${wish.id} is no replica id; it is a whole number from 1 to ${MAX_REPLICA_ID}`;
  if (wish.replication === undefined && wish.runs === 'broker')
    return 'a server that runs a broker alone must listen for replication, so that others can dial it';
  for (const address of addressesOf(wish))
    if ((parseAddress(address)?.port ?? 0) === 0) return `"${address}" is not an address; write host:port`;
  return undefined;
}

function addressesOf(one: JoinWish | TopologyMember): string[] {
  return [one.replication, one.ldap, one.ldaps, one.http].filter((address) => address !== undefined);
}

function takenBy(name: string, id: number, wish: JoinWish, facts: JoinFacts): string | undefined {
  const { members, names, ids } = facts;
  const holder = members.find((member) => member.id === id);
  if (holder !== undefined)
    return `replica id ${id} ${holder.standing === 'left' ? 'was' : 'is'} ${holder.name}'s; choose another one with --id, or leave --id away`;
  if (ids.has(id))
    return `replica id ${id} has made changes that the data hold; choose another one with --id, or leave --id away`;
  const same = members.find((member) => member.name === name);
  if (same?.standing === 'left')
    return `a server called ${name} left this topology; its name is not used again: choose another one with --name`;
  if (same !== undefined || names.has(name))
    return `there is a server called ${name} already; choose another name with --name, or, if that one is gone for good: polyarch leave --forget ${name}`;
  const wanted = new Set(addressesOf(wish));
  for (const member of members) {
    if (member.standing === 'left') continue;
    const clash = addressesOf(member).find((address) => wanted.has(address));
    if (clash !== undefined)
      return `address ${clash} is ${member.name}'s; choose other ports, or --advertise the address that others reach it by`;
  }
  return undefined;
}

/** The least id above all that were ever used, so that ids tell the order in which servers came; else the least that is free. */
function freeId({ members, ids }: JoinFacts): ReplicaId | undefined {
  const taken = new Set<number>([...ids, ...members.map((member) => member.id)]);
  const next = Math.max(0, ...taken) + 1;
  if (next <= MAX_REPLICA_ID) return toReplicaId(next);
  for (let id = 1; id <= MAX_REPLICA_ID; id++) if (!taken.has(id)) return toReplicaId(id);
  return undefined;
}
