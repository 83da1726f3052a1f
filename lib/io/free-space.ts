/** Free space of the disk under a path. */
import { statfs } from 'node:fs/promises';

/** Octets that may still be written below `path`; undefined where the system does not tell. */
export async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
