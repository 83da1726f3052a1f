/**
 * `polyarch replication evict`: a server that is gone, or silent for long, no longer counts.
 */
import { callControl } from '../../app/control-client.js';
import { existingServer } from '../../app/server-files.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { printData } from '../output.js';

export const replicationEvict = defineCommand({
  options: {
    ...dirOption,
    ...jsonOption,
    server: { type: 'string', demandOption: true, describe: 'Name of the server; see replication members' },
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
  },
  examples: [
    [
      '$0 replication evict --dir /var/lib/polyarch --server server-3',
      'Nothing is kept for server-3 any more',
    ],
  ],
  async run(args) {
    const result = (await callControl(existingServer(args.dir), {
      command: 'upkeep-evict',
      server: args.server,
      ...(args.base === undefined ? {} : { domain: args.base }),
    })) as { domains: readonly string[] };
    printData(
      result,
      args.json,
      () =>
        `${args.server} is evicted in ${result.domains.join('; ')}; all servers hear of it. It is refused when it comes back, until: polyarch replication restore --server ${args.server}`,
    );
    return undefined;
  },
});
