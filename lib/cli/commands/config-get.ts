/** `polyarch config get`: options of a server, with the values in force and where each comes from. */
import { namedOptions } from '../../app/config/config-lines.js';
import { defineCommand, jsonOption } from '../command.js';
import { readOptions } from '../config-source.js';
import { printData, table } from '../output.js';
import { targetOptions } from '../server-target.js';

export const configGet = defineCommand({
  options: {
    ...targetOptions,
    key: { type: 'string', describe: 'An option (limits.idleSeconds) or a section (limits); absent: all' },
    ...jsonOption,
  },
  examples: [
    ['$0 config get limits --dir /var/lib/polyarch', 'The options of one section'],
    ['$0 config get listen.ldap --url ldap://localhost:1389', 'One option, over LDAP'],
  ],
  async run(args) {
    const wanted = namedOptions(args.key);
    const lines = (await readOptions(args)).filter(({ option }) => wanted.includes(option));
    printData(lines, args.json, () =>
      table(
        ['option', 'value', 'from', 'changes'],
        lines.map(({ option, values, source, live, pending }) => [
          option,
          values === undefined ? '(secret)' : values.join('\n'),
          source,
          pending ? 'at the next start: the file says something else' : live ? 'live' : 'at a start',
        ]),
      ),
    );
    return undefined;
  },
});
