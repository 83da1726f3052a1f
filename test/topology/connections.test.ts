/** Who connects to whom. */
import t from 'tap';
import type { ReplicaId } from '../../lib/csn/csn.js';
import { dialAddresses, peersOf } from '../../lib/topology/connections.js';
import type { Topology, TopologyServer } from '../../lib/topology/topology.js';

const server = (k: number, over: Partial<TopologyServer> = {}): TopologyServer => ({
  name: `s${k}`,
  id: k as ReplicaId,
  site: 'a',
  ldap: undefined,
  ldaps: undefined,
  replication: `h:${k}`,
  http: undefined,
  runs: 'both',
  role: 'repli-master',
  peers: undefined,
  ...over,
});
const topology = (...servers: TopologyServer[]): Topology => ({
  domains: ['dc=x'],
  sites: [{ name: 'a' }],
  links: [],
  servers,
});

t.test(
  'without a list, a server subscribes to every other server that can be dialed: not to a directory alone',
  (t) => {
    const all = topology(
      server(1),
      server(2),
      server(3, { runs: 'directory' }),
      server(4, { runs: 'broker' }),
    );
    t.same(
      peersOf(all, 's1')?.map((peer) => peer.name),
      ['s2', 's4'],
    );
    t.same(
      peersOf(all, 's3')?.map((peer) => peer.address),
      ['h:1', 'h:2', 'h:4'],
    );
    t.end();
  },
);

t.test('a list is followed in its order, each peer once', (t) => {
  t.same(
    peersOf(topology(server(1, { peers: ['s3', 's2', 's3'] }), server(2), server(3)), 's1')?.map(
      (peer) => peer.id,
    ),
    [3, 2],
  );
  t.end();
});

t.test('an unknown server has no answer', (t) => {
  t.equal(peersOf(topology(server(1)), 's9'), undefined);
  t.end();
});

t.test('with an override in place, no other address of that peer is dialled', (t) => {
  const peers = new Map([
    ['s2', 'h:2'],
    ['s3', 'h:3'],
  ]);
  const dial = dialAddresses(
    peers,
    new Map([
      ['s2', '127.0.0.1:7012'],
      ['s9', 'x:1'],
    ]),
  );
  t.same(
    [...dial],
    [
      ['s2', '127.0.0.1:7012'],
      ['s3', 'h:3'],
    ],
  );
  t.end();
});
