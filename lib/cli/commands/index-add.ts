/**
 * `polyarch index add`: new indexes, built while the server serves, kept in polyarch.yaml.
 */
import { changeIndexes } from '../../app/data/index-admin.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { indexOption, indexTable, onIndexes } from '../index-names.js';
import { printData } from '../output.js';

export const indexAdd = defineCommand({
  options: { ...dirOption, ...indexOption, ...jsonOption },
  examples: [
    ['$0 index add --dir /var/lib/polyarch --index title:equality,substring', 'Index the titles, in service'],
  ],
  async run(args) {
    const request = { command: 'index-add', indexes: args.index } as const;
    const lines = await onIndexes(args.dir, args.json, request, (config, domains, onProgress) =>
      changeIndexes(config, domains, 'add', args.index, onProgress),
    );
    printData(lines, args.json, () => indexTable(lines));
    return undefined;
  },
});
