/**
 * The cheapest ways between sites: which links a change takes, and what that costs.
 *
 * Computed from the topology alone, so that every server finds the same ways. Of ways that cost the same, the one found first by the order of the file is taken.
 */
import type { SiteLink, Topology } from './topology.js';

export interface SiteWay {
  /** Sum of the links' costs; 0 for the site itself. */
  readonly cost: number;
  /** In the order in which they are passed. */
  readonly links: readonly SiteLink[];
}

/** The cheapest way from a site to every site that links reach. */
export function cheapestWays(topology: Topology, start: string): ReadonlyMap<string, SiteWay> {
  const done = new Map<string, SiteWay>();
  const open = new Map<string, SiteWay>([[start, { cost: 0, links: [] }]]);
  while (open.size > 0) {
    const [site, way] = [...open].reduce((best, next) => (next[1].cost < best[1].cost ? next : best));
    open.delete(site);
    done.set(site, way);
    for (const link of topology.links) {
      const at = link.between.indexOf(site);
      const other = link.between[1 - at];
      if (at < 0 || other === undefined || done.has(other)) continue;
      const cost = way.cost + link.cost;
      if (cost < (open.get(other)?.cost ?? Number.POSITIVE_INFINITY))
        open.set(other, { cost, links: [...way.links, link] });
    }
  }
  return done;
}
