/** The topology file: shape and sense, with lines. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { OperatorError } from '../../lib/base/operator-error.js';
import { readTopology } from '../../lib/config/topology-config.js';
import { parseYaml } from '../../lib/io/yaml-file.js';

function faultsOf(text: string): readonly string[] {
  try {
    readTopology(parseYaml(text, 'topology.yaml'));
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'CONFIG_INVALID') return error.faults;
    throw error;
  }
  return [];
}

t.test('the sample topology is sound', (t) => {
  const topology = readTopology(parseYaml(readFileSync('etc/topology.yaml', 'utf8'), 'etc/topology.yaml'));
  t.equal(topology.servers.length, 3);
  t.equal(topology.servers[1]?.role, 'repli-master');
  t.equal(topology.links[0]?.cost, 100);
  t.end();
});

t.test('faults of shape are listed with their lines, unknown keys with a suggestion', (t) => {
  t.same(
    faultsOf(`domains: [dc=x]
sites:
  - name: a
servers:
  - name: s1
    id: 0
    site: a
    replicaton: h:1
    runs: all
`),
    [
      'topology.yaml:5: servers[0].replication: is missing',
      'topology.yaml:6: servers[0].id: 0 is not within 1 to 65535',
      'topology.yaml:8: servers[0].replicaton: unknown key; did you mean "replication"?',
      'topology.yaml:9: servers[0].runs: "all" is not one of directory, broker, both',
    ],
  );
  t.end();
});

t.test('limits and hours of links are read; those out of bounds are refused', (t) => {
  const text = (more: string) => `domains: [dc=x]
sites: [{ name: a }, { name: b }]
links: [{ between: [a, b], ${more} }]
servers:
  - { name: s1, id: 1, site: a, replication: "h:1" }
  - { name: s2, id: 2, site: b, replication: "h:2" }
`;
  const { links } = readTopology(
    parseYaml(text('bandwidthKbit: 64, schedule: "mon 10:00-11:00"'), 'topology.yaml'),
  );
  t.same(links, [{ between: ['a', 'b'], cost: 100, schedule: 'mon 10:00-11:00', bandwidthKbit: 64 }]);
  t.match(faultsOf(text('bandwidthKbit: 63')).join(), /links\[0\].bandwidthKbit: 63 is not within 64 to/);
  t.match(faultsOf(text('schedule: sometimes')).join(), /links\[0\].schedule: "sometimes" is not a schedule/);
  t.end();
});

t.test('faults of the whole stand on the line of what is wrong', (t) => {
  t.match(
    faultsOf(`domains: [dc=x, nonsense]
sites: [{ name: a }]
servers:
  - { name: s1, id: 1, site: a, replication: "h:1" }
  - { name: s2, id: 1, site: b, replication: "h:2" }
`),
    [
      /^topology.yaml:1: domains\[1\]: "nonsense" is not a DN: .+/,
      'topology.yaml:5: servers[1].id: servers id "1" is already used by number 1 of servers',
      'topology.yaml:5: servers[1].site: there is no site "b"',
    ],
  );
  t.end();
});
