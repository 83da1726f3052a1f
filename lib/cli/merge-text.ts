/**
 * Options and words of `polyarch merge`, which `join --merge` shares.
 */
import type { MergeResult } from '../app/data/merge-entries.js';
import { counted } from '../base/counted.js';
import { printable } from './output.js';

export const mergeOptions = {
  differing: {
    choices: ['newest', 'topology', 'refuse'] as const,
    default: 'newest' as const,
    describe:
      'Where both have an attribute with other values: the last write counts, or what the topology holds, or nothing is merged',
  },
  'dry-run': { type: 'boolean', default: false, describe: 'List what would happen, and write nothing' },
} as const;

/** Most entries that are shown one by one. */
const SHOWN = 50;

/** What a merge did, or would do, for people. */
export function mergeText(result: MergeResult): string {
  const { dryRun, added, changed, equal, differing, refused, lines, lost } = result;
  const shown = lines.slice(0, SHOWN).map(({ dn, what, detail }) => {
    const text = `${what.padEnd(6)} ${dn}${detail === '' ? '' : `: ${detail}`}`;
    return printable(text);
  });
  const more = added + changed + refused + differing - shown.length;
  return [
    ...shown,
    ...(lines.length > SHOWN ? [`... and about ${more} more; --json lists the first 1000`] : []),
    `${dryRun ? 'would add' : 'added'} ${counted(added, 'entry', 'entries')}, ${dryRun ? 'would change' : 'changed'} ${changed}; ${equal} need nothing; ${differing} differ; ${refused} refused`,
    ...(lost === undefined ? [] : [`values that do not survive: ${lost}`]),
  ].join('\n');
}
