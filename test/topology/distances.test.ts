/**
 * Distances between servers over the links of their sites.
 */
import t from 'tap';
import type { ReplicaId } from '../../lib/csn/csn.js';
import { serverDistances } from '../../lib/topology/distances.js';
import type { Topology } from '../../lib/topology/topology.js';

function topology(
  servers: Readonly<Record<string, string>>,
  links: readonly [string, string, number][],
): Topology {
  return {
    domains: [],
    sites: [...new Set(Object.values(servers))].map((name) => ({ name })),
    links: links.map(([a, b, cost]) => ({ between: [a, b], cost, schedule: 'always' })),
    servers: Object.entries(servers).map(([name, site], i) => ({
      ...{ name, site, id: (i + 1) as ReplicaId, ldap: undefined, ldaps: undefined, http: undefined },
      ...{ replication: `${name}:1`, runs: 'both', role: 'repli-master', peers: undefined },
    })),
  };
}

t.test('the cheapest way counts, over other sites too; within a site it costs nothing', (t) => {
  const servers = { a1: 'A', a2: 'A', b1: 'B', c1: 'C' };
  const found = serverDistances(
    topology(servers, [
      ['A', 'B', 10],
      ['B', 'C', 5],
      ['A', 'C', 100],
    ]),
    'a1',
  );
  t.equal(found?.between('a1', 'a2'), 0);
  t.equal(found?.between('a1', 'c1'), 15);
  t.equal(found?.between('c1', 'a1'), 15);
  t.equal(found?.serverOf(3 as ReplicaId), 'b1');
  t.equal(found?.serverOf(9 as ReplicaId), undefined);
  t.end();
});

t.test(
  'without a way, or for a server that is not listed, the distance is longer than any known one',
  (t) => {
    const found = serverDistances(topology({ a1: 'A', b1: 'B', c1: 'C' }, [['A', 'B', 1_000_000]]), 'a1');
    t.ok((found?.between('a1', 'c1') ?? 0) > 1_000_000);
    t.ok((found?.between('a1', 'unknown') ?? 0) > 1_000_000);
    t.equal(found?.between('unknown', 'unknown'), 0);
    t.end();
  },
);

t.test('in one site nobody is nearer than another', (t) => {
  t.equal(serverDistances(topology({ a1: 'A', a2: 'A' }, []), 'a1'), undefined);
  t.equal(serverDistances(topology({ a1: 'A', b1: 'B' }, []), 'stranger'), undefined);
  t.end();
});
