/**
 * `polyarch index rebuild`: makes index rows anew. With --index on a running or a stopped server; without, all of a stopped one.
 */

import { readServerConfig } from '../../app/config/read-config.js';
import { isRunning } from '../../app/control/control-client.js';
import { rebuildNamed } from '../../app/data/index-admin.js';
import { rebuildOffline } from '../../app/data/rebuild-offline.js';
import { counted } from '../../base/counted.js';
import { OperatorError } from '../../base/operator-error.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { indexOption, indexTable, onIndexes } from '../index-names.js';
import { printData } from '../output.js';
import { Progress } from '../progress.js';

export const indexRebuild = defineCommand({
  options: { ...dirOption, ...indexOption, ...jsonOption },
  examples: [
    ['$0 index rebuild --dir /var/lib/polyarch --index mail', 'Those of one attribute, in service'],
    ['$0 index rebuild --dir /var/lib/polyarch', 'All of them; the server is stopped'],
  ],
  async run(args) {
    if (args.index.length > 0) {
      const request = { command: 'index-rebuild', indexes: args.index } as const;
      const lines = await onIndexes(args.dir, args.json, request, (_config, domains, onProgress) =>
        rebuildNamed(domains, args.index, onProgress),
      );
      printData(lines, args.json, () => indexTable(lines));
      return undefined;
    }
    const config = await readServerConfig(args.dir);
    if (await isRunning(config.files))
      throw new OperatorError(
        'SERVER_RUNNING',
        'a server without any index would answer nothing in time: name some with --index, or stop it to rebuild all',
      );
    const progress = new Progress('entries', args.json);
    const entries = await rebuildOffline(config, (done) => progress.update(done));
    progress.finish(entries);
    printData({ entries }, args.json, () => `indexed ${counted(entries, 'entry', 'entries')}`);
    return undefined;
  },
});
