/**
 * `polyarch replication members`: the servers of each domain as a server knows them, and what it keeps for them.
 */
import { defineCommand, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';
import { type DomainUpkeep, upkeepText } from '../upkeep-text.js';

export const replicationMembers = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
  },
  examples: [['$0 replication members --dir /var/lib/polyarch', 'Who belongs, and who holds purging back']],
  async run(args) {
    const domains = (await callServer(args, {
      command: 'upkeep-members',
      ...(args.base === undefined ? {} : { domain: args.base }),
    })) as readonly DomainUpkeep[];
    printData(domains, args.json, () => domains.map(upkeepText).join('\n\n'));
    return undefined;
  },
});
