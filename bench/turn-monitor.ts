/**
 * Loaded into a server by bench/fairness.ts: the longest turn of the event loop, in processor time of its thread, which other programs do not lengthen.
 *
 * Looks at the thread's processor time every millisecond; SIGUSR2 writes the longest stretch since the last time to the file named by TURNS_FILE.
 */
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.TURNS_FILE;

function monitor(target: string): void {
  let schedstat: number;
  try {
    schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  } catch {
    return;
  }
  const buffer = Buffer.alloc(64);
  const processorMs = (): number => {
    const length = readSync(schedstat, buffer, 0, buffer.length, 0);
    return Number.parseInt(buffer.toString('latin1', 0, length), 10) / 1e6;
  };
  let last = processorMs();
  let longest = 0;
  setInterval(() => {
    const now = processorMs();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1).unref();
  process.on('SIGUSR2', () => {
    writeFileSync(target, longest.toFixed(1));
    longest = 0;
  });
  process.once('exit', () => closeSync(schedstat));
}

if (isMainThread && file !== undefined) monitor(file);
