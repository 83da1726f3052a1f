/**
 * How to call this program again: the word that messages with a command line begin with.
 */
import { relative } from 'node:path';

/** `polyarch` where it is in PATH, else the launcher's path as it was called, shortened to the current directory. */
export function programName(called = process.env.POLYARCH_PROGRAM, cwd = process.cwd()): string {
  if (called === undefined || !called.includes('/') || called.includes('/node_modules/')) return 'polyarch';
  const near = called.startsWith('/') ? relative(cwd, called) : called;
  const path = near.startsWith('..') ? called : near;
  return path.includes(' ') ? `'${path}'` : path;
}
