/**
 * `polyarch token list`: the tokens that a server has made, without their secrets.
 */
import { callControl } from '../../app/control/control-client.js';
import { existingServer } from '../../app/server-files.js';
import type { TokenLine } from '../../app/topology/topology-office.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { printData, table } from '../output.js';

export const tokenList = defineCommand({
  options: { ...dirOption, ...jsonOption },
  examples: [['$0 token list --dir /var/lib/polyarch', 'Those whose time is not over']],
  async run(args) {
    const tokens = (await callControl(existingServer(args.dir), { command: 'token-list' })) as TokenLine[];
    printData(tokens, args.json, () =>
      table(
        ['token', 'made', 'good until', 'used by'],
        tokens.map((token) => [token.id, token.madeAt, token.expiresAt, token.usedBy ?? '-']),
      ),
    );
    return undefined;
  },
});
