/**
 * `polyarch backup`: everything of a server as of one instant, or what changed since the backup before; the server may run.
 */
import { resolve } from 'node:path';
import { backUp } from '../../app/backup/back-up-server.js';
import { readServerConfig } from '../../app/config/read-config.js';
import { counted } from '../../base/counted.js';
import { backupFolder, backupOptions } from '../backup-options.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { Progress } from '../progress.js';

export const backup = defineCommand({
  options: {
    ...dirOption,
    ...backupOptions,
    incremental: {
      type: 'boolean',
      default: false,
      describe: 'Only what changed since the newest backup in the folder; a full one where that cannot be',
    },
    ...jsonOption,
  },
  examples: [
    ['$0 backup --dir /var/lib/polyarch', 'A full backup into /var/lib/polyarch/backup'],
    ['$0 backup --dir DIR --folder /mnt/backups --incremental', 'What changed since the backup before'],
    ['$0 backup --dir DIR --key-file /etc/polyarch/backup.key', 'Encrypted'],
  ],
  async run(args) {
    const config = await readServerConfig(args.dir);
    const progress = new Progress('records', args.json);
    const keyFile = args['key-file'];
    const made = await backUp(
      config,
      {
        folder: backupFolder(args),
        incremental: args.incremental,
        ...(keyFile === undefined ? {} : { keyFile: resolve(keyFile) }),
      },
      (done) => progress.update(done),
    );
    printData(made, args.json, () => {
      const what = counted(made.records, made.kind === 'full' ? 'row' : 'change');
      const why = made.reason === undefined ? '' : ` (a full one: ${made.reason})`;
      return `${made.path}: ${made.kind} backup ${made.id.slice(0, 8)}, ${what}, ${made.bytes} octets${why}`;
    });
    return undefined;
  },
});
