/**
 * Link schedules: when changes may flow over a link between sites.
 *
 * Text: `always`, or windows joined by commas, each `DAYS HH:MM-HH:MM` in UTC, DAYS a day or a range (`mon`, `mon-fri`, `daily`).
 * A window whose end is not after its start reaches into the next day.
 */

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const MINUTE_MS = 60_000;
export const MINUTES_PER_DAY = 1440;
export const MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY;
/** Windows in one schedule. */
const MAX_WINDOWS = 50;

/** A window within the week: minutes from Monday 00:00 UTC; `end` may lie beyond the week's end. */
export interface ScheduleWindow {
  readonly start: number;
  readonly end: number;
}

/** Windows of a schedule; an empty list means always. */
export type Schedule = readonly ScheduleWindow[];

/** The schedule that `text` writes, or undefined. */
export function parseSchedule(text: string): Schedule | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === 'always') return [];
  const parts = trimmed.split(',');
  if (parts.length > MAX_WINDOWS) return undefined;
  const windows: ScheduleWindow[] = [];
  for (const part of parts) {
    const parsed = parseWindows(part.trim());
    if (parsed === undefined) return undefined;
    windows.push(...parsed);
  }
  return windows;
}

/** Whether changes may flow at a time (ms since the epoch, UTC). */
export function scheduleOpen(schedule: Schedule, wallMs: number): boolean {
  return schedule.length === 0 || openAt(schedule, minuteOfWeek(wallMs));
}

/** A stretch of time in which a schedule stays as it is, ms since the epoch; it holds at `fromMs` and no longer at `untilMs`. Infinite where it never changes. */
export interface ScheduleSpan {
  readonly open: boolean;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The stretch around a time (ms since the epoch, UTC). */
export function scheduleSpan(schedule: Schedule, wallMs: number): ScheduleSpan {
  const open = scheduleOpen(schedule, wallMs);
  const minute = minuteOfWeek(wallMs);
  const edges = [...new Set(schedule.flatMap(({ start, end }) => [start, end]))];
  // The next edge at which it is otherwise, and the last one before which it was.
  const ahead = edges
    .map((edge) => (edge - minute - 1 + 2 * MINUTES_PER_WEEK) % MINUTES_PER_WEEK)
    .sort((a, b) => a - b)
    .find((wait) => openAt(schedule, minute + wait + 1) !== open);
  const behind = edges
    .map((edge) => (minute - edge + 2 * MINUTES_PER_WEEK) % MINUTES_PER_WEEK)
    .sort((a, b) => a - b)
    .find((since) => openAt(schedule, minute - since - 1 + 2 * MINUTES_PER_WEEK) !== open);
  if (ahead === undefined || behind === undefined)
    return { open, fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
  const minuteMs = Math.floor(wallMs / MINUTE_MS) * MINUTE_MS;
  return {
    open,
    fromMs: minuteMs - behind * MINUTE_MS,
    untilMs: minuteMs + (ahead + 1) * MINUTE_MS,
  };
}

/** Minutes since Monday 00:00 UTC. The epoch was a Thursday: three days after a Monday. */
export function minuteOfWeek(wallMs: number): number {
  const minute = (Math.floor(wallMs / MINUTE_MS) + 3 * MINUTES_PER_DAY) % MINUTES_PER_WEEK;
  return (minute + MINUTES_PER_WEEK) % MINUTES_PER_WEEK;
}

function openAt(schedule: Schedule, minuteOfAnyWeek: number): boolean {
  const minute = minuteOfAnyWeek % MINUTES_PER_WEEK;
  return schedule.some(
    ({ start, end }) =>
      (minute >= start && minute < end) ||
      (minute + MINUTES_PER_WEEK >= start && minute + MINUTES_PER_WEEK < end),
  );
}

function parseWindows(text: string): ScheduleWindow[] | undefined {
  const match = /^([a-z]{3,5})(?:-([a-z]{3}))? +(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text.slice(0, 64));
  if (match === null) return undefined;
  const days = dayRange(match[1] ?? '', match[2]);
  const from = minuteOfDay(match[3] ?? '', match[4] ?? '');
  const to = minuteOfDay(match[5] ?? '', match[6] ?? '');
  if (days === undefined || from === undefined || to === undefined || from === MINUTES_PER_DAY)
    return undefined;
  const length = to > from ? to - from : to + MINUTES_PER_DAY - from;
  return days.map((day) => ({
    start: day * MINUTES_PER_DAY + from,
    end: day * MINUTES_PER_DAY + from + length,
  }));
}

/** Numbers of days, from Monday 0: of one day, of a range that may go over the week's end, or `daily`. Undefined for anything else. */
export function dayRange(first: string, last: string | undefined): number[] | undefined {
  if (first === 'daily') return last === undefined ? [0, 1, 2, 3, 4, 5, 6] : undefined;
  const from = DAYS.indexOf(first as (typeof DAYS)[number]);
  const to = last === undefined ? from : DAYS.indexOf(last as (typeof DAYS)[number]);
  if (from < 0 || to < 0) return undefined;
  const days: number[] = [];
  for (let day = from; ; day = (day + 1) % 7) {
    days.push(day);
    if (day === to) return days;
  }
}

/** Minutes since midnight, 24:00 included; undefined for no time. */
export function minuteOfDay(hours: string, mins: string): number | undefined {
  const total = Number(hours) * 60 + Number(mins);
  return Number(mins) < 60 && total <= MINUTES_PER_DAY ? total : undefined;
}
