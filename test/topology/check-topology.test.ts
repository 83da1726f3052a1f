/** A topology is judged as a whole: every fault, and only true ones. */
import t from 'tap';
import type { ReplicaId } from '../../lib/csn/csn.js';
import { checkTopology } from '../../lib/topology/check-topology.js';
import type { Topology, TopologyServer } from '../../lib/topology/topology.js';

function server(k: number, over: Partial<TopologyServer> = {}): TopologyServer {
  return {
    name: `s${k}`,
    id: k as ReplicaId,
    site: 'a',
    ldap: `h:${k}1`,
    ldaps: undefined,
    replication: `h:${k}2`,
    http: undefined,
    runs: 'both',
    role: 'repli-master',
    peers: undefined,
    ...over,
  };
}

function topology(over: Partial<Topology> = {}): Topology {
  return {
    domains: ['dc=x'],
    sites: [{ name: 'a' }, { name: 'b' }],
    links: [{ between: ['a', 'b'], cost: 1, schedule: 'always' }],
    servers: [server(1), server(2), server(3, { site: 'b' })],
    ...over,
  };
}

const messages = (value: Topology) =>
  checkTopology(value).map((fault) => `${fault.path.join('.')}: ${fault.message}`);

t.test('a full mesh over joined sites is sound', (t) => {
  t.same(messages(topology()), []);
  t.end();
});

t.test('names, ids, addresses and domains are unique', (t) => {
  const faults = messages(
    topology({
      domains: ['dc=x', 'dc=x'],
      sites: [{ name: 'a' }, { name: 'a' }, { name: 'b' }],
      servers: [server(1), server(2, { name: 's1', id: 1 as ReplicaId, ldap: 'h:11' })],
    }),
  );
  t.same(faults, [
    'domains.1: domains "dc=x" is already used by number 1 of domains',
    'sites.1.name: sites name "a" is already used by number 1 of sites',
    'servers.1.name: servers name "s1" is already used by number 1 of servers',
    'servers.1.id: servers id "1" is already used by number 1 of servers',
    'servers.1.ldap: address h:11 is already ldap of s1',
  ]);
  t.end();
});

t.test('addresses are host:port with a real port', (t) => {
  const faults = messages(
    topology({ servers: [server(1, { replication: 'h:0' }), server(2, { http: 'nonsense' })] }),
  );
  t.match(faults, [
    /servers.0.replication: "h:0" is not an address/,
    /servers.1.http: "nonsense" is not an address/,
  ]);
  t.end();
});

t.test('links join two known sites, once, at known times', (t) => {
  const faults = messages(
    topology({
      links: [
        { between: ['a', 'b'], cost: 1, schedule: 'always' },
        { between: ['b', 'a'], cost: 1, schedule: 'now and then' },
        { between: ['a', 'c'], cost: 1, schedule: 'always' },
        { between: ['a', 'a'], cost: 1, schedule: 'always' },
      ],
    }),
  );
  t.match(faults, [
    /already joined by number 1/,
    /is not a schedule/,
    /there is no site "c"/,
    /joins two sites/,
  ]);
  t.end();
});

t.test('peers exist and are others', (t) => {
  const faults = messages(
    topology({
      servers: [server(1, { peers: ['s9', 's1', 's2'] }), server(2, { site: 'nowhere' })],
    }),
  );
  t.match(faults, [/no site "nowhere"/, /no server "s9"/, /not its own peer/]);
  t.end();
});

t.test('sites without a chain of links are named', (t) => {
  t.match(messages(topology({ links: [] })), ['sites.1: no chain of links joins site "b" to site "a"']);
  t.end();
});

t.test('rings and chains are sound; a one-way chain is not', (t) => {
  const ring = [server(1, { peers: ['s2'] }), server(2, { peers: ['s3'] }), server(3, { peers: ['s1'] })];
  t.same(messages(topology({ servers: ring })), []);
  const chain = [
    server(1, { peers: ['s2'] }),
    server(2, { peers: ['s1', 's3'] }),
    server(3, { peers: ['s2'] }),
  ];
  t.same(messages(topology({ servers: chain })), []);
  const oneWay = [server(1, { peers: ['s2'] }), server(2, { peers: ['s3'] }), server(3, { peers: [] })];
  t.same(messages(topology({ servers: oneWay })), [
    'servers.0: changes made on "s1" never reach s2, s3; add peers',
    'servers.1: changes made on "s2" never reach s3; add peers',
  ]);
  t.end();
});

t.test('a topology of brokers alone holds no directory', (t) => {
  t.match(messages(topology({ servers: [server(1, { runs: 'broker' })] })), [/no server holds a directory/]);
  t.end();
});

t.test('nobody lists a directory alone; its changes go both ways on the links that it dials', (t) => {
  const leaf = (peers: string[] | undefined) => server(3, { runs: 'directory', peers });
  const hub = (peers: string[] | undefined) => [
    server(1, { peers }),
    server(2, { runs: 'broker', peers: ['s1'] }),
  ];
  t.same(messages(topology({ servers: [...hub(['s2']), leaf(['s2'])] })), []);
  t.same(messages(topology({ servers: [...hub(undefined), leaf(undefined)] })), []);
  t.match(messages(topology({ servers: [...hub(['s2', 's3']), leaf(['s2'])] })), [
    'servers.0.peers.1: "s3" runs a directory alone, which nobody dials; list "s1" among its peers instead',
  ]);
  t.match(messages(topology({ servers: [...hub(['s2']), leaf([])] })), [
    /never reach s3/,
    /never reach s3/,
    /never reach/,
  ]);
  t.end();
});
