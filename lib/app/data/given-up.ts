/**
 * Changes of other servers that a copy gives up, saved as LDIF before anything is dropped: a file for each time in `given-up/` of the server's data directory.
 *
 * Owns the file alone; which changes they are is replica/given-up-changes.ts. Invariants: whole and on disk before the copy begins, or the copy does not begin; mode 0600, since the values of all attributes
 * are in it.
 */
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { counted } from '../../base/counted.js';
import { makePrivateFolder, syncFolder, unwritable } from '../../io/files.js';
import type { GivenUpSlice } from '../../replica/given-up-changes.js';
import type { RunningDomain } from '../domain/domain.js';
import { changeRecord } from './unseen-changes.js';

export interface GivenUp {
  /** Path of the file. */
  readonly file: string;
  /** Of other servers, that no other one is known to have. */
  readonly changes: number;
  /** Others on entries that go with those. */
  readonly following: number;
}

/** Saves them, in their order. Rejects with OperatorError FILE_UNWRITABLE or DISK_FULL. */
export async function saveGivenUp(
  domain: RunningDomain,
  directory: string,
  givenUp: AsyncIterable<GivenUpSlice>,
): Promise<GivenUp> {
  const folder = join(directory, 'given-up');
  const file = join(folder, `${new Date().toISOString().replaceAll(/[:.]/g, '')}.ldif`);
  const temporary = `${file}.tmp`;
  try {
    await makePrivateFolder(folder);
    const counts = await write(temporary, domain, givenUp);
    await rename(temporary, file);
    await syncFolder(folder);
    return { file, ...counts };
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw unwritable(file, error);
  }
}

async function write(
  path: string,
  domain: RunningDomain,
  givenUp: AsyncIterable<GivenUpSlice>,
): Promise<Omit<GivenUp, 'file'>> {
  const counts = { changes: 0, following: 0 };
  const handle = await open(path, 'wx', 0o600);
  try {
    // appendFile goes on after a short write, as the last one before a full disk is: what is cut must not count as whole.
    await handle.appendFile(
      `# given up for a copy of ${domain.baseText}; to make them again, look at each first, then: ldapmodify -c -e '!relax' -f FILE\n\n`,
    );
    for await (const { changes, sole } of givenUp) {
      for (const change of changes) await handle.appendFile(changeRecord(domain, change, () => false));
      counts[sole ? 'changes' : 'following'] += changes.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return counts;
}

/** What became of them, for people. */
export function givenUpText({ file, changes, following }: GivenUp): string {
  const others = following === 0 ? '' : `, and ${counted(following, 'later change')} of their entries,`;
  return `${counted(changes, 'change')} of other servers that no other one is known to have${others} ${changes + following === 1 ? 'is' : 'are'} saved in ${file}`;
}
