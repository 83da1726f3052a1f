/**
 * `polyarch backup prune`: removes whole chains of backups (a full one and what goes on from it) that retention lets go.
 */
import { expired, ofServer, readCatalog, removeBackups } from '../../app/backup/backup-catalog.js';
import { readServerConfig } from '../../app/config/read-config.js';
import { counted } from '../../base/counted.js';
import { OperatorError } from '../../base/operator-error.js';
import { backupFolder, backupOptions } from '../backup-options.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { printData } from '../output.js';

export const backupPrune = defineCommand({
  options: {
    ...dirOption,
    folder: backupOptions.folder,
    'keep-days': { type: 'number', describe: 'Keep what is not older than so many days' },
    'keep-chains': {
      type: 'number',
      default: 1,
      describe: 'Keep so many of the newest full backups with what goes on from them, whatever their age',
    },
    'dry-run': { type: 'boolean', default: false, describe: 'Only show what would go' },
    ...jsonOption,
  },
  examples: [['$0 backup prune --dir DIR --keep-days 30 --keep-chains 2', "Of this server's backups"]],
  async run(args) {
    const { settings } = await readServerConfig(args.dir);
    const keepDays = args['keep-days'];
    const keepChains = args['keep-chains'];
    if (!(keepChains >= 1) || (keepDays !== undefined && !(keepDays >= 0)))
      throw new OperatorError(
        'COMMAND_INVALID',
        '--keep-chains must be 1 or more, and --keep-days 0 or more',
      );
    const backups = ofServer(await readCatalog(backupFolder(args)), settings['server.id']);
    const gone = expired(backups, { keepDays, keepChains }, Date.now());
    if (!args['dry-run']) await removeBackups(gone);
    const removed = gone.map(({ path }) => path);
    printData({ removed, kept: backups.length - gone.length }, args.json, () =>
      [
        ...removed.map((path) => `${args['dry-run'] ? 'would remove' : 'removed'} ${path}`),
        `${counted(backups.length - gone.length, 'backup is', 'backups are')} kept`,
      ].join('\n'),
    );
    return undefined;
  },
});
