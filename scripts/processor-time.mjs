/** How much processor time child processes took: for the list at the end of a test run. */
import { readFileSync } from 'node:fs';

/** What the system had added to our time when it was last asked. */
let toldMs = 0;

/**
 * Processor time of the children that ended since the last call, and of all that they had started and waited for, ms; undefined where the system does not tell. Linux adds
 * it to ours when a child ends (proc(5): cutime and cstime, in hundredths of a second), so each end of a child must be followed by a call.
 */
export function processorTimeOfTheEnded() {
  let stat;
  try {
    stat = readFileSync('/proc/self/stat', 'latin1');
  } catch {
    return undefined;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const allMs = (Number(fields[13]) + Number(fields[14])) * 10;
  const ms = allMs - toldMs;
  toldMs = allMs;
  return ms;
}
