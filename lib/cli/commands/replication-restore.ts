/**
 * `polyarch replication restore`: an evicted server may return.
 */
import { callControl } from '../../app/control-client.js';
import { existingServer } from '../../app/server-files.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { printData } from '../output.js';

export const replicationRestore = defineCommand({
  options: {
    ...dirOption,
    ...jsonOption,
    server: { type: 'string', demandOption: true, describe: 'Name of the server; see replication members' },
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
  },
  examples: [['$0 replication restore --dir /var/lib/polyarch --server server-3', 'Let server-3 return']],
  async run(args) {
    const result = (await callControl(existingServer(args.dir), {
      command: 'upkeep-restore',
      server: args.server,
      ...(args.base === undefined ? {} : { domain: args.base }),
    })) as { domains: readonly string[] };
    printData(
      result,
      args.json,
      () =>
        `${args.server} may return in ${result.domains.join('; ')}. Where history that it needs is forgotten, it takes a copy first: by itself (option initializeWhenBehind), or with polyarch replication initialize on ${args.server}. Its changes that nobody has are made anew`,
    );
    return undefined;
  },
});
