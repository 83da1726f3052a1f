/**
 * Opening the data of a stopped server for a command.
 */
import { OperatorError } from '../../base/operator-error.js';
import { type LevelStore, openLevelStore } from '../../io/store/level-store.js';
import { isRunning } from '../control/control-client.js';
import type { ServerFiles } from '../server-files.js';
import { alone } from './store-lock.js';
import { hasStore, recoverSwap } from './store-swap.js';

/** Opens the store. Rejects with OperatorError SERVER_RUNNING when a server (or another command) uses it, DATA_DIR_LOCKED while it is opened or replaced, DATA_MISSING when there is none and `create` is false. */
export function openOffline(files: ServerFiles, create: boolean): Promise<LevelStore> {
  return alone(files, () => openHeld(files, create));
}

/** openOffline() for who holds the lock (store-lock.ts). */
export async function openHeld(files: ServerFiles, create: boolean): Promise<LevelStore> {
  if (await isRunning(files)) throw running(files);
  await recoverSwap(files);
  if (!create && !hasStore(files))
    throw new OperatorError(
      'DATA_MISSING',
      `the server in ${files.dir} holds no data yet; start it beside a server that has them, or give it some: polyarch import-ldif --dir ${files.dir} --file FILE`,
    );
  try {
    return await openLevelStore(files.db, { create });
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'DATA_DIR_LOCKED') throw running(files);
    throw error;
  }
}

function running(files: ServerFiles): OperatorError {
  return new OperatorError(
    'SERVER_RUNNING',
    `the server in ${files.dir} runs; stop it first, or use the command over LDAP with --url; to stop it: polyarch stop --dir ${files.dir}`,
  );
}
