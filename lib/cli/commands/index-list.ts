/**
 * `polyarch index list`: the indexes of each domain, and whether searches use them already.
 */
import { listedIndexes } from '../../app/data/index-admin.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { indexTable, onIndexes } from '../index-names.js';
import { printData } from '../output.js';

export const indexList = defineCommand({
  options: { ...dirOption, ...jsonOption },
  examples: [['$0 index list --dir /var/lib/polyarch', 'Each index, ready or being built']],
  async run(args) {
    const lines = await onIndexes(
      args.dir,
      args.json,
      { command: 'index-list' },
      async (_config, domains) => await listedIndexes(domains),
    );
    printData(lines, args.json, () => indexTable(lines));
    return undefined;
  },
});
