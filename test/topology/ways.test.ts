/** What holds changes up on the way to another server: limits and hours of the links of the cheapest way. */
import t from 'tap';
import type { ReplicaId } from '../../lib/csn/csn.js';
import type { SiteLink, Topology } from '../../lib/topology/topology.js';
import { waysFrom } from '../../lib/topology/ways.js';

const SITES = { a1: 'A', a2: 'A', b1: 'B', c1: 'C', d1: 'D' };

function topology(links: readonly SiteLink[]): Topology {
  return {
    domains: [],
    sites: [...new Set(Object.values(SITES))].map((name) => ({ name })),
    links,
    servers: Object.entries(SITES).map(([name, site], i) => ({
      ...{ name, site, id: (i + 1) as ReplicaId, ldap: undefined, ldaps: undefined, http: undefined },
      ...{ replication: `${name}:1`, runs: 'both', role: 'repli-master', peers: undefined },
    })),
  };
}

function link(a: string, b: string, more: Partial<SiteLink> = {}): SiteLink {
  return { between: [a, b], cost: 10, schedule: 'always', ...more };
}

const shown = (lines: ReturnType<ReturnType<typeof waysFrom>>) =>
  lines.map(({ name, bandwidthKbit, schedule }) => `${name} ${bandwidthKbit ?? '-'} ${schedule.length}`);

t.test('every link of the cheapest way counts; within a site nothing holds up', (t) => {
  const links = [
    link('A', 'B', { bandwidthKbit: 512 }),
    link('C', 'B', { schedule: 'mon 10:00-11:00' }),
    link('A', 'C', { cost: 100, bandwidthKbit: 64 }),
  ];
  const ways = waysFrom(topology(links), 'a1', undefined);
  t.same(shown(ways('a2')), []);
  t.same(shown(ways('b1')), ['A - B 512 0']);
  t.same(shown(ways('c1')), ['A - B 512 0', 'B - C - 1'], 'the cheaper way has its own links');
  t.same(shown(ways('d1')), [], 'no link leads there');
  t.same(shown(waysFrom(topology(links), 'c1', undefined)('a1')), ['B - C - 1', 'A - B 512 0']);
  t.end();
});

t.test('the limit of the options holds where no link of the way has one, for other sites together', (t) => {
  const links = [link('A', 'B', { bandwidthKbit: 512 }), link('A', 'C', { schedule: 'mon 10:00-11:00' })];
  const ways = waysFrom(topology(links), 'a1', 1000);
  t.same(shown(ways('a2')), []);
  t.same(shown(ways('b1')), ['A - B 512 0']);
  t.same(shown(ways('c1')), ['A - C - 1', 'other sites 1000 0']);
  t.same(shown(ways('d1')), ['other sites 1000 0']);
  t.same(shown(ways('stranger')), ['other sites 1000 0']);
  t.same(shown(waysFrom(undefined, 'a1', 1000)('b1')), ['other sites 1000 0']);
  t.same(shown(waysFrom(undefined, 'a1', undefined)('b1')), []);
  t.end();
});
