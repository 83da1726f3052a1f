/**
 * `polyarch backup verify`: reads backups whole, checks every checksum and record, and that what each goes on from is there.
 */
import {
  chainTo,
  chosenBackup,
  type ListedBackup,
  readCatalog,
  verifyBackup,
} from '../../app/backup/backup-catalog.js';
import { OperatorError } from '../../base/operator-error.js';
import { backupFolder, backupKey, backupOptions } from '../backup-options.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { EXIT_OTHER } from '../exit-code.js';
import { printData } from '../output.js';
import { Progress } from '../progress.js';

export const backupVerify = defineCommand({
  options: {
    ...dirOption,
    ...backupOptions,
    backup: {
      type: 'string',
      describe: 'Only this one (the beginning of its id, or latest) and those before it',
    },
    ...jsonOption,
  },
  examples: [
    ['$0 backup verify --folder /mnt/backups', 'One line for each; exit code 80 when one is damaged'],
  ],
  async run(args) {
    const folder = backupFolder(args);
    const key = await backupKey(args);
    const catalog = await readCatalog(folder);
    const chosen =
      args.backup === undefined
        ? catalog.backups
        : chainTo(catalog.backups, chosenBackup(catalog.backups, args.backup, folder));
    const progress = new Progress('octets', args.json);
    let read = 0;
    const results: { id: string; path: string; fault: string | null }[] = [];
    for (const backup of chosen) {
      const fault = await faultOf(backup, catalog.backups, key, (bytes) => {
        read += bytes;
        progress.update(read);
      });
      results.push({ id: backup.header.id, path: backup.path, fault: fault ?? null });
    }
    const faults = args.backup === undefined ? catalog.faults : [];
    printData({ backups: results, faults }, args.json, () =>
      [...results.map(({ path, fault }) => fault ?? `${path}: sound`), ...faults].join('\n'),
    );
    return faults.length > 0 || results.some(({ fault }) => fault !== null) ? EXIT_OTHER : undefined;
  },
});

async function faultOf(
  backup: ListedBackup,
  all: readonly ListedBackup[],
  key: Uint8Array | undefined,
  onRead: (bytes: number) => void,
): Promise<string | undefined> {
  try {
    chainTo(all, backup);
    await verifyBackup(backup, key, onRead);
    return undefined;
  } catch (error) {
    if (error instanceof OperatorError) return error.message;
    throw error;
  }
}
