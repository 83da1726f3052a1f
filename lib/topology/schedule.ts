/**
 * Link schedules: when changes may flow over a link between sites.
 *
 * Text: `always`, or windows joined by commas, each `DAYS HH:MM-HH:MM` in UTC, DAYS a day or a range (`mon`, `mon-fri`, `daily`).
 * A window whose end is not after its start reaches into the next day.
 */

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 1440;
const MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY;
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
  const edges = schedule
    .flatMap(({ start, end }) => [start % MINUTES_PER_WEEK, end % MINUTES_PER_WEEK])
    .filter((edge) => openAt(schedule, edge) !== openAt(schedule, edge + MINUTES_PER_WEEK - 1));
  if (edges.length === 0)
    return { open, fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
  const ahead = edges.map((edge) => (edge - minute - 1 + MINUTES_PER_WEEK) % MINUTES_PER_WEEK);
  const behind = edges.map((edge) => (minute - edge + MINUTES_PER_WEEK) % MINUTES_PER_WEEK);
  const minuteMs = Math.floor(wallMs / MINUTE_MS) * MINUTE_MS;
  return {
    open,
    fromMs: minuteMs - Math.min(...behind) * MINUTE_MS,
    untilMs: minuteMs + (Math.min(...ahead) + 1) * MINUTE_MS,
  };
}

/** The epoch was a Thursday: three days after a Monday. */
function minuteOfWeek(wallMs: number): number {
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
  const from = minutes(match[3] ?? '', match[4] ?? '');
  const to = minutes(match[5] ?? '', match[6] ?? '');
  if (days === undefined || from === undefined || to === undefined || from === MINUTES_PER_DAY)
    return undefined;
  const length = to > from ? to - from : to + MINUTES_PER_DAY - from;
  return days.map((day) => ({
    start: day * MINUTES_PER_DAY + from,
    end: day * MINUTES_PER_DAY + from + length,
  }));
}

function dayRange(first: string, last: string | undefined): number[] | undefined {
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

function minutes(hours: string, mins: string): number | undefined {
  const total = Number(hours) * 60 + Number(mins);
  return Number(mins) < 60 && total <= MINUTES_PER_DAY ? total : undefined;
}
