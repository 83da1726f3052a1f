/** What a server tells through a monitor that was loaded into it (turn-monitor.ts, memory-monitor.ts): asked by SIGUSR2, told in a file. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Heads of what turn-monitor.ts tells, as wide as its columns. */
export const TURN_COLUMNS = [' turn ms', ' of it gc', ' apart ms'] as const;

/** Longest wait for an answer, looks of 10 ms: a turn of the server's event loop may take long. */
const LOOKS = 3000;

/** What the monitor writes to `file` now; '' where none answers. */
export async function toldBy(server: ChildProcess, file: string): Promise<string> {
  rmSync(file, { force: true });
  server.kill('SIGUSR2');
  for (let looks = 0; looks < LOOKS && !existsSync(file); looks++) await sleep(10);
  await sleep(10);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
