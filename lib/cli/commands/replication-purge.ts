/**
 * `polyarch replication purge`: forgets now what no server can need any more, and shows what holds the rest back.
 */
import { callControl } from '../../app/control-client.js';
import { existingServer } from '../../app/server-files.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { type DomainUpkeep, upkeepText } from '../upkeep-text.js';

export const replicationPurge = defineCommand({
  options: {
    ...dirOption,
    ...jsonOption,
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
    show: { type: 'boolean', default: false, describe: 'Only show; a running server purges by itself' },
  },
  examples: [
    ['$0 replication purge --dir /var/lib/polyarch', 'Purge history, journal, tombstones and change log now'],
    ['$0 replication purge --dir /var/lib/polyarch --show', 'What is kept, and for whom'],
  ],
  async run(args) {
    const domains = (await callControl(existingServer(args.dir), {
      command: args.show ? 'upkeep-members' : 'upkeep-purge',
      ...(args.base === undefined ? {} : { domain: args.base }),
    })) as readonly DomainUpkeep[];
    printData(domains, args.json, () => domains.map(upkeepText).join('\n\n'));
    return undefined;
  },
});
