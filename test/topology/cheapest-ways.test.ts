/** The cheapest ways between sites, compared with trying all ways. */
import t from 'tap';
import { cheapestWays } from '../../lib/topology/cheapest-ways.js';
import type { SiteLink, Topology } from '../../lib/topology/topology.js';
import { SeededRandom } from '../sim/seeded-random.js';

const SITES = ['A', 'B', 'C', 'D', 'E'];

/** Least cost over all ways that pass no site twice. */
function least(links: readonly SiteLink[], from: string, to: string, passed: readonly string[] = []): number {
  if (from === to) return 0;
  const costs = links.flatMap(({ between: [a, b], cost }) => {
    const next = a === from ? b : b === from ? a : undefined;
    return next === undefined || passed.includes(next)
      ? []
      : [cost + least(links, next, to, [...passed, from])];
  });
  return Math.min(Number.POSITIVE_INFINITY, ...costs);
}

t.test('200 random nets of five sites: each way is a chain of links, and none is cheaper', (t) => {
  const random = new SeededRandom(3);
  let wrong = 0;
  for (let run = 0; run < 200; run++) {
    const links: SiteLink[] = [];
    for (const a of SITES)
      for (const b of SITES)
        if (a < b && random.chance(0.5))
          links.push({ between: [a, b], cost: 1 + random.below(9), schedule: 'always' });
    const topology = { links } as unknown as Topology;
    const ways = cheapestWays(topology, 'A');
    for (const site of SITES) {
      const way = ways.get(site);
      const cost = least(links, 'A', site);
      if ((way?.cost ?? Number.POSITIVE_INFINITY) !== cost) wrong += 1;
      if (way === undefined) continue;
      let at = 'A';
      for (const { between } of way.links) at = between[0] === at ? between[1] : between[0];
      if (at !== site || way.links.reduce((sum, link) => sum + link.cost, 0) !== cost) wrong += 1;
    }
  }
  t.equal(wrong, 0);
  t.end();
});
