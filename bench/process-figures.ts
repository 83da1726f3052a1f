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
}

/** Resident memory by what it is of; undefined where /proc is not there. */
export function memoryOf(pid: number): ResidentMemory | undefined {
  const [all, own, files] = ['VmRSS', 'RssAnon', 'RssFile'].map((name) => statusMiB(pid, name));
  return all === undefined || own === undefined || files === undefined
    ? undefined
    : { residentMiB: all, ownMiB: own, filesMiB: files };
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
