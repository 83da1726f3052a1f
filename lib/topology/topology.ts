/**
 * A topology as data: domains, sites, links between sites, servers.
 *
 * Owns the types. check-topology.ts says whether one is sound; connections.ts says who connects to whom. All names compare as written.
 */
import type { ReplicaId } from '../csn/csn.js';

/** What a server runs. `broker` alone holds changes and no entries. */
export type ServerRuns = 'directory' | 'broker' | 'both';

/** What a server may do with changes (see the design's table of server kinds). */
export type ServerRole = 'primary-master' | 'repli-master' | 'replica';

export interface Site {
  readonly name: string;
}

export interface SiteLink {
  readonly between: readonly [string, string];
  /** 1 or more; the cheaper way is preferred. */
  readonly cost: number;
  /** When changes may flow; `always`, or text as parseSchedule() reads it. */
  readonly schedule: string;
  /** What one server sends over it at most, kilobits a second; undefined: no limit of its own. */
  readonly bandwidthKbit?: number | undefined;
}

export interface TopologyServer {
  readonly name: string;
  readonly id: ReplicaId;
  readonly site: string;
  /** Advertised addresses, host:port. */
  readonly ldap: string | undefined;
  readonly ldaps: string | undefined;
  readonly replication: string;
  readonly http: string | undefined;
  readonly runs: ServerRuns;
  readonly role: ServerRole;
  /** Names of the servers whose brokers it subscribes to; undefined: all others. */
  readonly peers: readonly string[] | undefined;
}

export interface Topology {
  /** Base DNs. */
  readonly domains: readonly string[];
  readonly sites: readonly Site[];
  readonly links: readonly SiteLink[];
  readonly servers: readonly TopologyServer[];
}

/** One fault of a topology: where (keys and indexes from the root of the document) and what. */
export interface TopologyFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
