/**
 * `polyarch replication purge`: forgets now what no server can need any more, and shows what holds the rest back.
 */
import { defineCommand, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';
import { type DomainUpkeep, upkeepText } from '../upkeep-text.js';

export const replicationPurge = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
    show: { type: 'boolean', default: false, describe: 'Only show; a running server purges by itself' },
  },
  examples: [
    ['$0 replication purge --dir /var/lib/polyarch', 'Purge history, journal, tombstones and change log now'],
    ['$0 replication purge --dir /var/lib/polyarch --show', 'What is kept, and for whom'],
  ],
  async run(args) {
    const domains = (await callServer(args, {
      command: args.show ? 'upkeep-members' : 'upkeep-purge',
      ...(args.base === undefined ? {} : { domain: args.base }),
    })) as readonly DomainUpkeep[];
    printData(domains, args.json, () => domains.map(upkeepText).join('\n\n'));
    return undefined;
  },
});
