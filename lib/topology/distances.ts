/**
 * How far servers are from each other: the cost of the cheapest way over the links between their sites.
 *
 * Computed from the topology alone, so that every server finds the same answer. Within a site the distance is 0; where no links lead, it is longer than any way that is known.
 */
import type { ReplicaId } from '../csn/csn.js';
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
  const costs = new Map(
    [...new Set(sites.values())].map((site) => [site, costsFrom(topology, site)] as const),
  );
  return {
    own,
    between(a, b) {
      const from = sites.get(a);
      const to = sites.get(b);
      if (from === undefined || to === undefined) return a === b ? 0 : UNKNOWN;
      return costs.get(from)?.get(to) ?? UNKNOWN;
    },
    serverOf: (origin) => names.get(origin),
  };
}

/** Cost of the cheapest way from a site to every site that links reach. */
function costsFrom(topology: Topology, start: string): ReadonlyMap<string, number> {
  const done = new Map<string, number>();
  const open = new Map([[start, 0]]);
  while (open.size > 0) {
    const [site, cost] = [...open].reduce((best, next) => (next[1] < best[1] ? next : best));
    open.delete(site);
    done.set(site, cost);
    for (const { between, cost: more } of topology.links) {
      const at = between.indexOf(site);
      const other = between[1 - at];
      if (at < 0 || other === undefined || done.has(other)) continue;
      open.set(other, Math.min(cost + more, open.get(other) ?? Number.POSITIVE_INFINITY));
    }
  }
  return done;
}
