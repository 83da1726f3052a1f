/**
 * Options that the commands on backups share: the folder and the key.
 */
import { join, resolve } from 'node:path';
import { readBackupKey } from '../io/backup-file.js';

export const backupOptions = {
  folder: {
    type: 'string',
    describe: "Folder of the backups; absent: backup in the server's directory",
  },
  'key-file': {
    type: 'string',
    describe: 'File with the key of encrypted backups (16 octets or more), such as: openssl rand -hex 32',
  },
} as const;

/** The folder that is meant, as an absolute path. */
export function backupFolder(args: { readonly dir: string; readonly folder?: string | undefined }): string {
  return resolve(args.folder ?? join(args.dir, 'backup'));
}

/** The key that was named. Rejects with OperatorError BACKUP_INVALID. */
export async function backupKey(args: {
  readonly 'key-file'?: string | undefined;
}): Promise<Uint8Array | undefined> {
  const file = args['key-file'];
  return file === undefined ? undefined : await readBackupKey(file);
}
