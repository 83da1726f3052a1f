/**
 * `polyarch replication changes`: the newest changes that a server applied, its own and those of other replicas.
 */
import type { ChangeLine } from '../../app/monitor/change-lines.js';
import { defineCommand, jsonOption } from '../command.js';
import { printData, table } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';

export const replicationChanges = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
    limit: { type: 'number', default: 100, describe: 'Changes of each domain to show, the newest' },
  },
  examples: [['$0 replication changes --dir /var/lib/polyarch', 'What changed last, newest at the end']],
  async run(args) {
    const lines = (await callServer(args, {
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
