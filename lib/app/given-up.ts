/**
 * Changes of other servers that a copy gives up, saved as LDIF before anything is dropped: a file for each time in `given-up/` of the server's data directory.
 *
 * Owns the file alone; which changes they are is replica/sole-holdings.ts. Invariants: whole and on disk before the copy begins, or the copy does not begin; mode 0600, since the values of all attributes
 * are in it.
 */
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { counted } from '../base/counted.js';
import { decodeChange } from '../change/change-codec.js';
import { makePrivateFolder, syncFolder, unwritable } from '../io/files.js';
import type { SoleHolding } from '../replica/sole-holdings.js';
import type { RunningDomain } from './domain.js';
import { changeRecord } from './unseen-changes.js';

export interface GivenUp {
  /** Path of the file. */
  readonly file: string;
  readonly changes: number;
}

/** Saves them, each origin's in its order. Rejects with OperatorError FILE_UNWRITABLE or DISK_FULL. */
export async function saveGivenUp(
  domain: RunningDomain,
  directory: string,
  holdings: readonly SoleHolding[],
): Promise<GivenUp> {
  const folder = join(directory, 'given-up');
  const file = join(folder, `${new Date().toISOString().replaceAll(/[:.]/g, '')}.ldif`);
  const temporary = `${file}.tmp`;
  try {
    await makePrivateFolder(folder);
    const changes = await write(temporary, domain, holdings);
    await rename(temporary, file);
    await syncFolder(folder);
    return { file, changes };
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw unwritable(file, error);
  }
}

async function write(path: string, domain: RunningDomain, holdings: readonly SoleHolding[]): Promise<number> {
  let changes = 0;
  const handle = await open(path, 'wx', 0o600);
  try {
    // appendFile goes on after a short write, as the last one before a full disk is: what is cut must not count as whole.
    await handle.appendFile(
      `# given up for a copy of ${domain.baseText}; to make them again, look at each first, then: ldapmodify -c -e '!relax' -f FILE\n\n`,
    );
    for (const { origin, after } of holdings)
      for await (const slice of domain.upkeep.changelog.scan(origin, after)) {
        for (const { bytes } of slice)
          await handle.appendFile(changeRecord(domain, decodeChange(bytes), () => false));
        changes += slice.length;
      }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return changes;
}

/** What became of them, for people. */
export function givenUpText({ file, changes }: GivenUp): string {
  return `${counted(changes, 'change')} of other servers that no other one is known to have ${changes === 1 ? 'is' : 'are'} saved in ${file}`;
}
