/**
 * The system's clocks as port Clock, and turns of the event loop.
 *
 * Timers never keep the process alive; a turn does, because the work that gave it up goes on afterwards.
 */
import { performance } from 'node:perf_hooks';
import type { Clock } from '../port/clock.js';

/** Longest delay that a timer takes; a longer one is cut into pieces. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The one clock of a running server. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const piece = Math.min(leftMs, MAX_TIMER_MS);
      timer = setTimeout(() => (leftMs > piece ? arm(leftMs - piece) : run()), piece);
      timer.unref();
    };
    arm(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

/** The clock of commands that work on the data of a stopped server: nothing but its timers may keep the process alive. */
export const commandClock: Clock = {
  ...systemClock,
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Resolves after other work of the event loop had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
