/**
 * Small files, whole: read with a bound, written so that a crash leaves the old file or the new one, never a part.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { OperatorError } from '../base/operator-error.js';

/** Greatest file that readSmallFile() takes, in octets. */
const SMALL_FILE_BYTES = 16_777_216;
/** Of folders: nobody but the owner. */
const PRIVATE_MODE = 0o700;

/** The file's octets, or undefined when there is no such file. Rejects when it is larger than SMALL_FILE_BYTES or cannot be read. */
export async function readSmallFile(path: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path);
    if (size > SMALL_FILE_BYTES)
      throw new Error(`${path} has ${size} octets; at most ${SMALL_FILE_BYTES} are read`);
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a file whole and durably. `mode`: permission bits of the new file, 0600 for secrets. Its folder must exist. */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string,
  mode = 0o600,
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Whether it is a call of the system that failed. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).errno !== undefined;
}

/** What the system says of a failed call, without the call: `no space left on device`. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno } = error as NodeJS.ErrnoException;
  return (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? error.message;
}

/** The OperatorError FILE_UNWRITABLE, or DISK_FULL, of a failed call that writes `name`. */
export function unwritable(name: string, error: unknown): OperatorError {
  const full = (error as NodeJS.ErrnoException | undefined)?.code === 'ENOSPC';
  const message = `cannot write ${name}: ${systemReason(error)}`;
  return new OperatorError(full ? 'DISK_FULL' : 'FILE_UNWRITABLE', message, [], { cause: error });
}

/** Makes a folder (and those above it) with mode 0700 where it is missing. */
export async function makePrivateFolder(path: string): Promise<void> {
  await makeFolders(path, PRIVATE_MODE);
}

/** Makes a folder and those above it where they are missing, from the first one that is there. Node's own way up never ends where nothing can be made and the system says ENOENT, as in /proc. */
export async function makeFolders(path: string, mode?: number): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(path); !(await pathExists(at)) && at !== dirname(at); at = dirname(at))
    missing.push(at);
  for (const folder of missing.reverse())
    await mkdir(folder, { mode }).catch(async (error: unknown) => {
      const found = await stat(folder).catch(() => undefined);
      if (found?.isDirectory() !== true) throw error; // else somebody made it meanwhile
    });
}

/** Takes a folder that is there away from all but its owner, as makePrivateFolder() would have made it. */
export async function closeFolder(path: string): Promise<void> {
  await chmod(path, PRIVATE_MODE);
}

/** Whether a file or folder exists. */
export async function pathExists(path: string): Promise<boolean> {
  try {
    await access(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}

/** Makes a rename in the folder durable. Systems that cannot open folders (Windows) do without. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    return;
  }
}
