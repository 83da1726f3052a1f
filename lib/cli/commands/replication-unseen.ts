/**
 * `polyarch replication unseen`: changes of a server that no other one is known to have, as LDIF.
 */
import { defineCommand, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';

export const replicationUnseen = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
  },
  examples: [
    [
      '$0 replication unseen --dir /var/lib/polyarch > unseen.ldif',
      'Keep what only this server has, before its data are replaced',
    ],
  ],
  async run(args) {
    const result = (await callServer(args, {
      command: 'upkeep-unseen',
      ...(args.base === undefined ? {} : { domain: args.base }),
    })) as { records: readonly string[] };
    printData(result, args.json, () =>
      result.records.length === 0
        ? '# every change of this server is known elsewhere'
        : result.records.join('').trimEnd(),
    );
    return undefined;
  },
});
