/**
 * `polyarch topology check`: a topology file checked as a whole, and who will connect to whom.
 */
import { readTopology } from '../../config/topology-config.js';
import { readYamlFile } from '../../io/yaml-file.js';
import { peersOf } from '../../topology/connections.js';
import { defineCommand, jsonOption } from '../command.js';
import { printData, table } from '../output.js';

export const topologyCheck = defineCommand({
  options: {
    file: {
      type: 'string',
      demandOption: true,
      describe: 'Topology file (YAML); etc/topology.yaml is a sample',
    },
    ...jsonOption,
  },
  examples: [
    ['$0 topology check --file etc/topology.yaml', 'All faults at once, with lines; or the connections'],
  ],
  async run(args) {
    const topology = readTopology(await readYamlFile(args.file, args.file));
    const servers = topology.servers.map((server) => ({
      name: server.name,
      id: server.id,
      site: server.site,
      runs: server.runs,
      subscribesTo: (peersOf(topology, server.name) ?? []).map((peer) => peer.name),
    }));
    printData({ valid: true, domains: topology.domains, servers }, args.json, () =>
      table(
        ['server', 'id', 'site', 'runs', 'subscribes to'],
        servers.map((one) => [one.name, one.id, one.site, one.runs, one.subscribesTo.join(', ')]),
      ),
    );
    return undefined;
  },
});
