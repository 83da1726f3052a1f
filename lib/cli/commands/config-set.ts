/** `polyarch config set`: changes options in polyarch.yaml, and on the running server those that it takes over. */

import { defineCommand, jsonOption } from '../command.js';
import { changeOptions } from '../config-source.js';
import { printData } from '../output.js';
import { targetOptions } from '../server-target.js';

export const configSet = defineCommand({
  options: {
    ...targetOptions,
    setting: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'KEY=VALUE; lists joined by ;, maps as name=value joined by ;. KEY= alone: the default again',
    },
    ...jsonOption,
  },
  examples: [
    ['$0 config set limits.idleSeconds=600 --dir /var/lib/polyarch', 'Takes effect at once'],
    ['$0 config set limits.idleSeconds= --url ldap://localhost:1389', 'The default again, over LDAP'],
  ],
  async run(args) {
    const change = await changeOptions(args, args.setting);
    const { reloaded, atNextStart } = change;
    printData(change, args.json, () =>
      [
        ...(reloaded.length > 0 ? [`in force: ${reloaded.join(', ')}`] : []),
        ...(atNextStart.length > 0 ? [`from the next start: ${atNextStart.join(', ')}`] : []),
        ...(reloaded.length + atNextStart.length === 0 ? ['it was so already'] : []),
      ].join('\n'),
    );
    return undefined;
  },
});
