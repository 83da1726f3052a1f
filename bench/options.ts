/** Options that benchmarks share, and what follows from them. */
import { choice, list, text } from '../scripts/command-line.js';

/** The servers that ours is run beside. */
export const PEERS = list(['slapd', '389ds'], 'servers to run beside, where they are installed; or none', [
  'slapd',
  '389ds',
  'none',
]);
/** The indexes that ours has. */
export const INDEXES = choice(
  ['compared', 'default'],
  'compared',
  'the indexes of ours: those of all servers, or those that it comes with',
);
export const PROFILE = text('', 'DIR', 'where CPU profiles of our servers go');

/** Flags of Node with which a server of ours writes a CPU profile into `folder`; none for ''. */
export function profiling(folder: string): readonly string[] {
  return folder === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}
