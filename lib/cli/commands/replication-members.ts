/**
 * `polyarch replication members`: the servers of each domain as a server knows them, and what it keeps for them.
 */
import { callControl } from '../../app/control-client.js';
import { existingServer } from '../../app/server-files.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { type DomainUpkeep, upkeepText } from '../upkeep-text.js';

export const replicationMembers = defineCommand({
  options: {
    ...dirOption,
    ...jsonOption,
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
  },
  examples: [['$0 replication members --dir /var/lib/polyarch', 'Who belongs, and who holds purging back']],
  async run(args) {
    const domains = (await callControl(existingServer(args.dir), {
      command: 'upkeep-members',
      ...(args.base === undefined ? {} : { domain: args.base }),
    })) as readonly DomainUpkeep[];
    printData(domains, args.json, () => domains.map(upkeepText).join('\n\n'));
    return undefined;
  },
});
