/**
 * Backups as commands ask for them: on a running server (control socket), or on the store of a stopped one.
 */
import { readBackupKey } from '../../io/backup-file.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { ServerConfig } from '../config/read-config.js';
import { callControl, isRunning } from '../control/control-client.js';
import { openOffline } from '../data/offline-store.js';
import { type BackupMade, makeBackup } from './make-backup.js';

export interface BackupOrder {
  /** Absolute path of the folder. */
  readonly folder: string;
  readonly incremental: boolean;
  /** Absolute path of the key's file; undefined: not encrypted. */
  readonly keyFile?: string;
}

/** Backs up the server whose store this is. Rejects as makeBackup() does, or with OperatorError BACKUP_INVALID for the key. */
export async function backUpServer(
  config: ServerConfig,
  store: OrderedStore,
  { folder, incremental, keyFile }: BackupOrder,
  onProgress: (records: number) => void,
): Promise<BackupMade> {
  const key = keyFile === undefined ? undefined : await readBackupKey(keyFile);
  return await makeBackup(config, store, { folder, incremental, key, onProgress });
}

/** Backs up a server, whether it runs or not. */
export async function backUp(
  config: ServerConfig,
  order: BackupOrder,
  onProgress: (records: number) => void,
): Promise<BackupMade> {
  if (await isRunning(config.files))
    return (await callControl(config.files, { command: 'backup', ...order }, ({ done }) =>
      onProgress(done),
    )) as BackupMade;
  const store = await openOffline(config.files, false);
  try {
    return await backUpServer(config, store, order, onProgress);
  } finally {
    await store.close();
  }
}
