/** A clock on which every turn of the event loop is over at the next look: whoever does long work shares at each step. */
import type { TestClock } from './test-server.js';

/** Longer than any turn, in ms, and short beside any limit. */
const LOOK_MS = 10;

/** Makes `clock` such a one; `shared` counts the turns that were given to others. */
export function overlongTurns(clock: TestClock): { shared: number } {
  const turns = { shared: 0 };
  let nowMs = clock.monotonicMs();
  clock.monotonicMs = () => {
    nowMs += LOOK_MS;
    return nowMs;
  };
  clock.after = (_delayMs, run) => {
    turns.shared += 1;
    const timer = setImmediate(run);
    return () => clearImmediate(timer);
  };
  return turns;
}
