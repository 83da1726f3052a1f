/**
 * `polyarch replication initialize`: replaces what a running server holds of a domain by a copy from a peer (total update).
 */

import { type GivenUp, givenUpText } from '../../app/data/given-up.js';
import { counted } from '../../base/counted.js';
import { OperatorError } from '../../base/operator-error.js';
import { defineCommand, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { Progress } from '../progress.js';
import { callServer, targetOptions } from '../server-target.js';

export const replicationInitialize = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    base: { type: 'string', describe: 'Base DN of the domain; needed when the server holds several' },
    from: { type: 'string', describe: 'Peer to copy from; absent: the first that has data' },
    'replace-all-data': {
      type: 'boolean',
      default: false,
      describe:
        'Must be given: what this server holds is dropped; its own changes that the copy lacks are made again',
    },
    'give-up-changes': {
      type: 'boolean',
      default: false,
      describe:
        'Also when it holds changes of other servers that no other one is known to have: they are saved in given-up/ of its data directory',
    },
  },
  examples: [
    [
      '$0 replication initialize --dir /var/lib/polyarch --from server-1 --replace-all-data',
      'Copy from server-1',
    ],
  ],
  async run(args) {
    if (!args['replace-all-data'])
      throw new OperatorError(
        'COMMAND_INVALID',
        'initialize drops all data of this server before it copies a peer; say --replace-all-data when that is meant',
      );
    const progress = new Progress('rows', args.json);
    const result = (await callServer(
      args,
      {
        command: 'initialize',
        ...(args.base === undefined ? {} : { domain: args.base }),
        ...(args.from === undefined ? {} : { from: args.from }),
        ...(args['give-up-changes'] ? { giveUp: true } : {}),
      },
      ({ done, total, trouble }) => {
        progress.trouble(trouble);
        // The source tells how many entries there are, and they come first; their histories follow.
        progress.update(done, total === undefined || done > total ? undefined : done / Math.max(1, total));
      },
    )) as { entries: number; givenUp?: GivenUp };
    printData(result, args.json, () => {
      const done = `initialized with ${counted(result.entries, 'entry', 'entries')}`;
      return result.givenUp === undefined ? done : `${done}; ${givenUpText(result.givenUp)}`;
    });
    return undefined;
  },
});
