/**
 * Moments of the week, such as those at which a server takes backups: `DAYS HH:MM` in UTC, joined by commas, DAYS a day or a range as in link schedules (`daily 01:00`,
 * `mon-fri 01:00, sat 12:30`).
 */
import { dayRange, MINUTES_PER_DAY, MINUTES_PER_WEEK, minuteOfDay, minuteOfWeek } from './schedule.js';

const MINUTE_MS = 60_000;
/** Moments in one text. */
const MAX_PARTS = 50;

/** Minutes from Monday 00:00 UTC, ascending. */
export type WeekTimes = readonly number[];

/** The moments that `text` writes, or undefined. */
export function parseWeekTimes(text: string): WeekTimes | undefined {
  const parts = text.trim().toLowerCase().split(',');
  if (parts.length > MAX_PARTS) return undefined;
  const times = new Set<number>();
  for (const part of parts) {
    const match = /^([a-z]{3,5})(?:-([a-z]{3}))? +(\d\d):(\d\d)$/.exec(part.trim().slice(0, 64));
    const days = match === null ? undefined : dayRange(match[1] ?? '', match[2]);
    const minute = match === null ? undefined : minuteOfDay(match[3] ?? '', match[4] ?? '');
    if (days === undefined || minute === undefined || minute === MINUTES_PER_DAY) return undefined;
    for (const day of days) times.add(day * MINUTES_PER_DAY + minute);
  }
  return [...times].sort((a, b) => a - b);
}

/** The newest of the moments that is not after a time; both ms since the epoch. Undefined where there are none. */
export function lastWeekTime(times: WeekTimes, wallMs: number): number | undefined {
  if (times.length === 0) return undefined;
  const now = minuteOfWeek(wallMs);
  const ago = times.map((time) => (now - time + MINUTES_PER_WEEK) % MINUTES_PER_WEEK);
  return Math.floor(wallMs / MINUTE_MS) * MINUTE_MS - Math.min(...ago) * MINUTE_MS;
}
