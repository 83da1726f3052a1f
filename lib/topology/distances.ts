/**
 * How far servers are from each other: the cost of the cheapest way over the links between their sites.
 *
 * Computed from the topology alone, so that every server finds the same answer. Within a site the distance is 0; where no links lead, it is longer than any way that is known.
 */
import type { ReplicaId } from '../csn/csn.js';
import { cheapestWays } from './cheapest-ways.js';
import type { Topology } from './topology.js';

/** Stands for a way that no link shows: servers of a topology reach each other even so, and any known way is shorter. */
const UNKNOWN = 1_000_000_000;

export interface ServerDistances {
  /** Name of the server whose topology this is. */
  readonly own: string;
  between(a: string, b: string): number;
  /** Name of the server that has this replica id. */
  serverOf(origin: ReplicaId): string | undefined;
}

/** The distances as `own` sees them; undefined where all servers stand in one site: then nothing is nearer than anything else. */
export function serverDistances(topology: Topology, own: string): ServerDistances | undefined {
  const sites = new Map(topology.servers.map((server) => [server.name, server.site]));
  if (new Set(sites.values()).size < 2 || !sites.has(own)) return undefined;
  const names = new Map(topology.servers.map((server) => [server.id, server.name]));
  const ways = new Map(
    [...new Set(sites.values())].map((site) => [site, cheapestWays(topology, site)] as const),
  );
  return {
    own,
    between(a, b) {
      const from = sites.get(a);
      const to = sites.get(b);
      if (from === undefined || to === undefined) return a === b ? 0 : UNKNOWN;
      return ways.get(from)?.get(to)?.cost ?? UNKNOWN;
    },
    serverOf: (origin) => names.get(origin),
  };
}
