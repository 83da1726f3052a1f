/**
 * Who may open, make or replace a server's database: one process at a time.
 *
 * The database's own lock does not tell: there is none where there are no data yet, and it does not hold while a database is renamed. So an import and a restore hold this one from their first step to their last, whoever
 * opens the database until it is open; from then on the database's own keeps others away. It is the lock of a database that stays empty: the system frees it when its process ends, however it ends.
 */
import { rm, rmdir } from 'node:fs/promises';
import { OperatorError } from '../../base/operator-error.js';
import { makePrivateFolder, pathExists, unwritable } from '../../io/files.js';
import { type LevelStore, openLevelStore } from '../../io/store/level-store.js';
import type { ServerFiles } from '../server-files.js';

/** No rows come. */
const SMALL = { cacheBytes: 0, writeBufferBytes: 65_536 };

/** Runs `work` while nobody else has the lock. Rejects with OperatorError DATA_DIR_LOCKED when somebody has it, with what opening a database rejects with, and as `work` does. */
export async function alone<T>(files: ServerFiles, work: () => Promise<T>): Promise<T> {
  const found = await pathExists(files.dir);
  await makePrivateFolder(files.dir).catch((error: unknown) => {
    throw unwritable(files.dir, error);
  });
  const lock = await take(files);
  let done = false;
  try {
    const result = await work();
    done = true;
    return result;
  } finally {
    if (found || done) await lock.close();
    else await leave(files, lock);
  }
}

async function take(files: ServerFiles): Promise<LevelStore> {
  try {
    return await openLevelStore(files.lock, SMALL).catch(async (error: unknown) => {
      if (isLocked(error)) throw error;
      // A loss of power may damage any database; no rows are lost with this one.
      await rm(files.lock, { recursive: true, force: true });
      return await openLevelStore(files.lock, SMALL);
    });
  } catch (error) {
    if (!isLocked(error)) throw error;
    throw new OperatorError(
      'DATA_DIR_LOCKED',
      `another process opens or replaces the data in ${files.dir}: a server that starts, an import or a restore; try again when it is done`,
      [],
      { cause: error },
    );
  }
}

const isLocked = (error: unknown): boolean =>
  error instanceof OperatorError && error.code === 'DATA_DIR_LOCKED';

/** A directory that was not there before is gone again, unless something came into it. */
async function leave(files: ServerFiles, lock: LevelStore): Promise<void> {
  // While it is ours: who takes one anew takes another.
  await rm(files.lock, { recursive: true, force: true });
  await lock.close();
  await rmdir(files.dir).catch(() => undefined);
}
