/**
 * Replacing a server's database by one that was made beside it: db.new takes the place of db, which goes by way of db.old.
 *
 * Invariant: whatever happens, recoverSwap() finds either the old database or the new one under its name; never a part of one.
 */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../io/files.js';
import { storeFolder } from '../../io/store/store-folder.js';
import type { ServerFiles } from '../server-files.js';

/** Where the new database is made. */
export function newStorePath(files: ServerFiles): string {
  return `${files.db}.new`;
}

/** Whether there is a database, sound or not, be it under the name that a swap that was cut has left: a server that was set up without entries has none before its first start. */
export function hasStore(files: ServerFiles): boolean {
  return storeFolder(files.db) !== 'none' || storeFolder(`${files.db}.old`) !== 'none';
}

/** Puts right what a swap that was cut has left: the new database where it has its name, else the old one again. Called before the database is opened. */
export async function recoverSwap(files: ServerFiles): Promise<void> {
  const old = `${files.db}.old`;
  if (!existsSync(old)) return;
  if (storeFolder(files.db) !== 'none') {
    await rm(old, { recursive: true, force: true });
    return;
  }
  // What may stand there holds nothing.
  await rm(files.db, { recursive: true, force: true });
  await rename(old, files.db);
}

/** Gives the new database its name. Both are closed. */
export async function swapStores(files: ServerFiles): Promise<void> {
  const old = `${files.db}.old`;
  const hadOld = existsSync(files.db);
  if (hadOld) await rename(files.db, old);
  await rename(newStorePath(files), files.db);
  // The old one goes when the new one surely has its name, and who waits is told when a loss of power leaves it.
  await syncFolder(dirname(files.db));
  if (hadOld) await rm(old, { recursive: true, force: true });
}

/** Removes a new database that is not wanted; answers whether there was one. Who calls it has the database open, so nobody else is making one. */
export async function discardNewStore(files: ServerFiles): Promise<boolean> {
  const found = existsSync(newStorePath(files));
  await rm(newStorePath(files), { recursive: true, force: true });
  return found;
}
