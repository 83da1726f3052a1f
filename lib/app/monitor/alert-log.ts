/**
 * Alerts in the log: each trouble once, and one whose words change from time to time at growing intervals.
 *
 * Invariant: what is remembered is bounded; when there are too many troubles, it is forgotten which were told.
 */
import { systemClock } from '../../io/system-clock.js';
import type { Clock } from '../../port/clock.js';
import type { Log } from '../../port/log.js';

/** What an administrator should know. `key` is the same for the same trouble. */
export interface Alert {
  readonly kind: string;
  readonly key: string;
  readonly message: string;
}

/** Troubles that are remembered. */
const MAX_ALERTS = 1000;
/** The least time between two forms of one trouble, at first and at last. */
const FIRST_GAP_MS = 1000;
const LAST_GAP_MS = 600_000;

interface Told {
  message: string;
  atMs: number;
  gapMs: number;
}

/** Logs alerts. */
export function alertLog(log: Log, clock: Pick<Clock, 'monotonicMs'> = systemClock): (alert: Alert) => void {
  const told = new Map<string, Told>();
  return ({ kind, key, message }) => {
    const nowMs = clock.monotonicMs();
    const before = told.get(key);
    if (before !== undefined) {
      if (before.message === message) return;
      const sinceMs = nowMs - before.atMs;
      if (sinceMs < before.gapMs) return;
      const gapMs = sinceMs > LAST_GAP_MS ? FIRST_GAP_MS : Math.min(LAST_GAP_MS, before.gapMs * 4);
      told.set(key, { message, atMs: nowMs, gapMs });
    } else {
      if (told.size >= MAX_ALERTS) told.clear();
      told.set(key, { message, atMs: nowMs, gapMs: FIRST_GAP_MS });
    }
    log.warn({ kind }, message);
  };
}
