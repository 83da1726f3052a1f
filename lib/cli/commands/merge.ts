/**
 * `polyarch merge`: the data of another server, or of an LDIF file, become part of what a running server and its topology hold.
 */
import { resolve } from 'node:path';
import { callControl } from '../../app/control/control-client.js';
import type { MergeResult } from '../../app/data/merge-entries.js';
import { existingServer } from '../../app/server-files.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { EXIT_OTHER } from '../exit-code.js';
import { mergeOptions, mergeText } from '../merge-text.js';
import { printData } from '../output.js';
import { Progress } from '../progress.js';

export const merge = defineCommand({
  options: {
    ...dirOption,
    ...jsonOption,
    from: {
      type: 'string',
      demandOption: true,
      describe: 'Directory of a stopped server, or an LDIF file, on the machine of --dir',
    },
    ...mergeOptions,
  },
  examples: [
    ['$0 merge --dir /var/lib/polyarch --from ./old --dry-run', 'What would be added, changed and lost'],
    ['$0 merge --dir /var/lib/polyarch --from old.ldif', 'Add what is missing; the last write counts'],
  ],
  async run(args) {
    const progress = new Progress('entries', args.json);
    const result = (await callControl(
      existingServer(args.dir),
      { command: 'merge', from: resolve(args.from), differing: args.differing, dryRun: args['dry-run'] },
      ({ done }) => progress.update(done, undefined),
    )) as MergeResult;
    printData(result, args.json, () => mergeText(result));
    return result.refused > 0 ? EXIT_OTHER : undefined;
  },
});
