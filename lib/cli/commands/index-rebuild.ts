/**
 * `polyarch index rebuild`: makes the index rows of a stopped server anew, after `indexes` in its configuration was changed.
 */
import { readServerConfig } from '../../app/read-config.js';
import { rebuildOffline } from '../../app/rebuild-offline.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { Progress } from '../progress.js';

export const indexRebuild = defineCommand({
  options: { ...dirOption, ...jsonOption },
  examples: [
    [
      '$0 index rebuild --dir /var/lib/polyarch',
      'After a change of indexes in polyarch.yaml; the server is stopped',
    ],
  ],
  async run(args) {
    const config = await readServerConfig(args.dir);
    const progress = new Progress('entries', args.json);
    const entries = await rebuildOffline(config, (done) => progress.update(done));
    progress.finish(entries);
    printData({ entries }, args.json, () => `indexed ${entries} entries`);
    return undefined;
  },
});
