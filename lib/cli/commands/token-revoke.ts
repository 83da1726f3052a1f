/**
 * `polyarch token revoke`: makes a token void.
 */
import { callControl } from '../../app/control/control-client.js';
import { existingServer } from '../../app/server-files.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { printData } from '../output.js';

export const tokenRevoke = defineCommand({
  options: {
    ...dirOption,
    ...jsonOption,
    id: { type: 'string', demandOption: true, describe: 'Which; see token list' },
  },
  examples: [['$0 token revoke --id 0f3a5c7e9b1d2468', 'Nobody can join with it any more']],
  async run(args) {
    const done = await callControl(existingServer(args.dir), { command: 'token-revoke', id: args.id });
    printData(done, args.json, () => `the token ${args.id} is void`);
    return undefined;
  },
});
