/**
 * `polyarch restore`: a stopped server's data from backups: as a backup has them, or as they were at a point in time.
 */
import { pointInTime } from '../../app/backup/point-in-time.js';
import { restoreBackup } from '../../app/backup/restore-backup.js';
import { counted } from '../../base/counted.js';
import { OperatorError } from '../../base/operator-error.js';
import { backupFolder, backupKey, backupOptions } from '../backup-options.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { pasteable, printData, table } from '../output.js';
import { Progress } from '../progress.js';

export const restore = defineCommand({
  options: {
    ...dirOption,
    ...backupOptions,
    backup: { type: 'string', describe: 'Beginning of its id; absent: the newest of this server' },
    to: {
      type: 'string',
      describe: 'Restore to this point: a time such as 2031-05-17T14:30:00Z, or a CSN; makes a new data set',
    },
    replace: { type: 'boolean', default: false, describe: 'Replace the data that there are' },
    ...jsonOption,
  },
  examples: [
    [
      '$0 restore --dir DIR --folder /mnt/backups --replace',
      'The newest backup; the rest comes from the peers',
    ],
    [
      '$0 restore --dir DIR --to 2031-05-17T14:30:00Z --replace',
      'As it was then; other servers are initialized',
    ],
  ],
  async run(args) {
    const to = args.to === undefined ? undefined : pointInTime(args.to, Date.now());
    if (to !== undefined && args.backup !== undefined)
      throw new OperatorError('COMMAND_INVALID', '--to finds its backups itself; leave --backup out');
    const progress = new Progress('records', args.json);
    const report = await restoreBackup({
      dir: args.dir,
      folder: backupFolder(args),
      wanted: args.backup ?? 'latest',
      to,
      key: await backupKey(args),
      replace: args.replace,
      onProgress: (done) => progress.update(done),
    });
    printData(report, args.json, () =>
      [
        table(
          ['domain', 'entries', 'changes replayed'],
          report.domains.map(({ baseDn, entries, changes }) => [baseDn, entries, changes]),
        ),
        report.newDataSet
          ? pasteable(
              `restored from ${counted(report.backups.length, 'backup')} as a new data set; start it, then give its data to each other server: polyarch replication initialize --dir OTHER --from THIS-SERVER --replace-all-data`,
            )
          : `restored from ${counted(report.backups.length, 'backup')}; when it starts, it fetches what it lacks from its peers`,
      ].join('\n'),
    );
    return undefined;
  },
});
