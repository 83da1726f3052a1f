/**
 * `polyarch replication changes`: the newest changes that a server applied, its own and those of other replicas.
 */
import type { ChangeLine } from '../../app/change-lines.js';
import { callControl } from '../../app/control-client.js';
import { existingServer } from '../../app/server-files.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { printData, table } from '../output.js';

export const replicationChanges = defineCommand({
  options: {
    ...dirOption,
    ...jsonOption,
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
    limit: { type: 'number', default: 100, describe: 'Changes of each domain to show, the newest' },
  },
  examples: [['$0 replication changes --dir /var/lib/polyarch', 'What changed last, newest at the end']],
  async run(args) {
    const files = existingServer(args.dir);
    const lines = (await callControl(files, {
      command: 'changes',
      limit: args.limit,
      ...(args.base === undefined ? {} : { domain: args.base }),
    })) as readonly ChangeLine[];
    printData(lines, args.json, () => {
      if (lines.length === 0) return 'no changes';
      return table(
        ['time', 'change', 'kind', 'entry', 'attributes', 'by', 'CSN'],
        lines.map((line) => [
          line.time,
          line.usn,
          line.kind,
          line.dn ?? line.entryUuid,
          line.attributes.join(', '),
          line.by,
          line.csn,
        ]),
      );
    });
    return undefined;
  },
});
