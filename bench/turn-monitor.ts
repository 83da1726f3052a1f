/**
 * Loaded into a server by bench/fairness.ts and bench/hostile.ts: the longest turn of the event loop, in processor time of its thread, which other programs do not lengthen; how much of it was
 * garbage collection, and the longest turn apart from collections.
 *
 * Looks at the thread's processor time every millisecond; SIGUSR2 writes what was found since the last time to the file named by TURNS_FILE, in columns headed TURN_COLUMNS.
 * Collections are told by V8's pauses on the clock, so another program that runs meanwhile adds to them, at most the whole turn.
 */
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import { TURN_COLUMNS } from './server-monitor.js';

/** Processor time from which on a turn is remembered until the next question, ms. */
const LONG_MS = 3;

/** A stretch on the clock, and what it took. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly ms: number;
}

const file = process.env.TURNS_FILE;

/** The longest turn, of it collections, and the longest without them. Both lists are in order of time. */
function columnsOf(turns: readonly Stretch[], collections: readonly Stretch[]): string {
  let longest = { ms: 0, collected: 0 };
  let apart = 0;
  let at = 0;
  for (const turn of turns) {
    let collected = 0;
    for (let next = collections[at]; next !== undefined && next.from < turn.to; next = collections[++at])
      if (next.from >= turn.from) collected += next.ms;
    collected = Math.min(collected, turn.ms);
    if (turn.ms > longest.ms) longest = { ms: turn.ms, collected };
    apart = Math.max(apart, turn.ms - collected);
  }
  const cells = [longest.ms.toFixed(1), `(${longest.collected.toFixed(1)})`, apart.toFixed(1)];
  return cells.map((cell, column) => cell.padStart(TURN_COLUMNS[column]?.length ?? 0)).join('');
}

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
  let turns: Stretch[] = [];
  let collections: Stretch[] = [];
  const look = () => ({ clock: performance.now(), processor: processorMs() });
  let last = look();
  // A shorter turn than the longest is remembered only where it may be the longest apart from collections.
  let longest = 0;
  setInterval(() => {
    const now = look();
    const ms = now.processor - last.processor;
    longest = Math.max(longest, ms);
    if (ms >= LONG_MS || ms === longest) turns.push({ from: last.clock, to: now.clock, ms });
    last = now;
  }, 1).unref();
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      collections.push({ from: startTime, to: startTime + duration, ms: duration });
  }).observe({ entryTypes: ['gc'] });
  process.on('SIGUSR2', () => {
    // Collections of the turns before are told by now.
    setImmediate(() => {
      writeFileSync(target, columnsOf(turns, collections));
      turns = [];
      collections = [];
      longest = 0;
      // The question is no turn of the server's.
      last = look();
    });
  });
  process.once('exit', () => closeSync(schedstat));
}

if (isMainThread && file !== undefined) monitor(file);
