/**
 * `polyarch.pid`: the process id of the running server, for people and scripts. No command relies on it.
 *
 * Only a regular file is written, also through a link, and only one that still names this process is removed: what else stands in its place (a device, a link,
 * a folder) stays as it is.
 */
import { lstatSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** Tells who runs. */
export function writeProcessFile(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) writeFileSync(file, `${process.pid}\n`);
}

/** Removes the file where it still names this process. */
export function removeProcessFile(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found?.isFile() === true && readFileSync(file, 'utf8').trim() === String(process.pid)) rmSync(file);
}
