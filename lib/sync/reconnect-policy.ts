/**
 * When to dial a peer again: at once after the first loss, then with growing delays, bounded so that a healed network is in use within seconds.
 *
 * The delay after n failures in a row is drawn from the upper half of the doubled step, so that many servers that lost one peer do not come back in one moment.
 */

export interface ReconnectSettings {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** A session that lasted this long counts as a success. */
  readonly settledMs: number;
}

export const RECONNECT: ReconnectSettings = { firstDelayMs: 100, maxDelayMs: 2000, settledMs: 2000 };

/** After refusals that last until somebody does something: often enough to be back soon after that. */
export const REFUSED: ReconnectSettings = { firstDelayMs: 1000, maxDelayMs: 15_000, settledMs: 2000 };

/** Milliseconds to wait after `failures` failures in a row (0: none, dial now). `random` is drawn from 0 up to 1. */
export function reconnectDelayMs(
  failures: number,
  random: number,
  settings: ReconnectSettings = RECONNECT,
): number {
  if (failures <= 0) return 0;
  const step = Math.min(settings.maxDelayMs, settings.firstDelayMs * 2 ** Math.min(failures - 1, 20));
  return Math.round(step * (0.5 + random / 2));
}

/** Failures in a row after a session (or an attempt, lastedMs 0) ended: the first loss of a settled session costs no wait. */
export function failuresAfter(
  failures: number,
  lastedMs: number,
  settings: ReconnectSettings = RECONNECT,
): number {
  return lastedMs >= settings.settledMs ? 0 : failures + 1;
}
