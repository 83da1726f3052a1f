/**
 * `polyarch undelete`: brings a deleted entry back, with its place in groups.
 */
import { defineCommand, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';

export const undelete = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    entry: {
      type: 'string',
      demandOption: true,
      describe: 'The name that it had, or its entryUUID; see deleted list',
    },
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
  },
  examples: [
    [
      '$0 undelete --dir /var/lib/polyarch --entry "uid=user.1,ou=people,dc=example,dc=com"',
      'Undo a delete, on all servers',
    ],
  ],
  async run(args) {
    const result = (await callServer(args, {
      command: 'upkeep-undelete',
      entry: args.entry,
      ...(args.base === undefined ? {} : { domain: args.base }),
    })) as { dn: string; memberships: number };
    printData(result, args.json, () => {
      const groups = result.memberships;
      const named =
        groups === 0 ? '' : `, and ${groups} ${groups === 1 ? 'group names' : 'groups name'} it again`;
      return `${result.dn} is back${named}`;
    });
    return undefined;
  },
});
