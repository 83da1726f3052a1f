/** What processes have used so far, as Linux tells it: processor time says more than the clock on a machine that others use too. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Microseconds of processor time of all of these processes together; 0 where /proc is not there. */
export function processorUs(pids: readonly number[]): number {
  try {
    let ticks = 0;
    for (const pid of pids) {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // After the name in parentheses: user and system time are fields 14 and 15, in hundredths of a second.
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    }
    return ticks * 10_000;
  } catch {
    return 0;
  }
}

/** The most resident memory that a process had since it started, or since forgetPeak(); MiB, or undefined where /proc is not there. */
export function peakMiB(pid: number): number | undefined {
  return statusMiB(pid, 'VmHWM');
}

/** Resident memory of a process; MiB, or undefined where /proc is not there. */
export function residentMiB(pid: number | undefined): number | undefined {
  return pid === undefined ? undefined : statusMiB(pid, 'VmRSS');
}

/** What is resident of a process: its own memory, and pages of files that it maps (programs, LevelDB's tables). */
export interface ResidentMemory {
  readonly residentMiB: number;
  readonly ownMiB: number;
  readonly filesMiB: number;
  /** Those of `filesMiB` that are LevelDB's tables. */
  readonly tablesMiB: number;
}

/** Resident memory by what it is of; undefined where /proc is not there. */
export function memoryOf(pid: number): ResidentMemory | undefined {
  const [all, own, files] = ['VmRSS', 'RssAnon', 'RssFile'].map((name) => statusMiB(pid, name));
  return all === undefined || own === undefined || files === undefined
    ? undefined
    : { residentMiB: all, ownMiB: own, filesMiB: files, tablesMiB: mappedMiB(pid, '.ldb') };
}

/** Resident pages of mapped files whose name ends so. */
function mappedMiB(pid: number, ending: string): number {
  let [wanted, kiB] = [false, 0];
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    // A mapping's first line begins with its addresses in hexadecimal digits; the lines of its figures with a capital.
    if (/^[0-9a-f]+-/.test(line)) wanted = line.endsWith(ending);
    else if (wanted && line.startsWith('Rss:')) kiB += Number.parseInt(line.slice(4), 10);
  }
  return Math.round(kiB / 1024);
}

/** The peak counts anew from what is resident now. */
export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Without it the peak is that since the start.
  }
}

function statusMiB(pid: number, name: string): number | undefined {
  try {
    const lines = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n');
    const line = lines.find((text) => text.startsWith(`${name}:`));
    return line === undefined ? undefined : Math.round(Number.parseInt(line.replace(/\D+/, ''), 10) / 1024);
  } catch {
    return undefined;
  }
}
