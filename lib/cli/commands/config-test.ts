/** `polyarch config test`: whether a server's files are a valid configuration, with every fault; and what the running server would take over. */

import { defineCommand, jsonOption } from '../command.js';
import { testOptions } from '../config-source.js';
import { printData } from '../output.js';
import { targetOptions } from '../server-target.js';

export const configTest = defineCommand({
  options: { ...targetOptions, ...jsonOption },
  examples: [
    ['$0 config test --dir /var/lib/polyarch', 'After polyarch.yaml was edited, before SIGHUP or a restart'],
  ],
  async run(args) {
    const { running, reloaded, atNextStart } = await testOptions(args);
    printData({ valid: true, running, reloaded, atNextStart }, args.json, () =>
      [
        'the configuration is valid',
        ...(reloaded.length > 0 ? [`SIGHUP puts in force: ${reloaded.join(', ')}`] : []),
        ...(atNextStart.length > 0 ? [`from the next start: ${atNextStart.join(', ')}`] : []),
      ].join('\n'),
    );
    return undefined;
  },
});
