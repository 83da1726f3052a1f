/**
 * `polyarch index drop`: takes indexes out of use and out of polyarch.yaml, and deletes their rows.
 */
import { changeIndexes } from '../../app/data/index-admin.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { indexOption, onIndexes } from '../index-names.js';
import { printData } from '../output.js';

export const indexDrop = defineCommand({
  options: { ...dirOption, ...indexOption, ...jsonOption },
  examples: [
    ['$0 index drop --dir /var/lib/polyarch --index title:substring', 'One kind'],
    ['$0 index drop --dir /var/lib/polyarch --index title', 'All kinds of an attribute'],
  ],
  async run(args) {
    const request = { command: 'index-drop', indexes: args.index } as const;
    await onIndexes(args.dir, args.json, request, (config, domains, onProgress) =>
      changeIndexes(config, domains, 'drop', args.index, onProgress),
    );
    printData({ dropped: args.index }, args.json, () => `dropped ${args.index.join(' ')}`);
    return undefined;
  },
});
