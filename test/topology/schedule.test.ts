/** Link schedules: windows in a week of UTC minutes. */
import t from 'tap';
import { parseSchedule, scheduleOpen, scheduleSpan } from '../../lib/topology/schedule.js';

const at = (text: string) => Date.parse(text);

t.test('always is always', (t) => {
  t.same(parseSchedule(' Always '), []);
  t.ok(scheduleOpen([], 0));
  t.end();
});

t.test('a window opens and closes at its minutes, in UTC', (t) => {
  const schedule = parseSchedule('mon-fri 20:00-22:30') ?? [];
  t.equal(schedule.length, 5);
  // 2026-11-20 is a Friday.
  t.notOk(scheduleOpen(schedule, at('2026-11-20T19:59:59Z')));
  t.ok(scheduleOpen(schedule, at('2026-11-20T20:00:00Z')));
  t.ok(scheduleOpen(schedule, at('2026-11-20T22:29:59Z')));
  t.notOk(scheduleOpen(schedule, at('2026-11-20T22:30:00Z')));
  t.notOk(scheduleOpen(schedule, at('2026-11-21T21:00:00Z')), 'not on Saturday');
  t.end();
});

t.test('a window may reach past midnight and past the end of the week', (t) => {
  const schedule = parseSchedule('sun 22:00-02:00') ?? [];
  t.ok(scheduleOpen(schedule, at('2026-11-22T23:00:00Z')));
  t.ok(scheduleOpen(schedule, at('2026-11-23T01:59:00Z')));
  t.notOk(scheduleOpen(schedule, at('2026-11-23T02:00:00Z')));
  t.end();
});

t.test('days may be one, a range that wraps, or daily; windows are joined by commas', (t) => {
  t.equal(parseSchedule('sat-mon 00:00-24:00')?.length, 3);
  t.equal(parseSchedule('daily 01:00-02:00, sun 03:00-04:00')?.length, 8);
  t.end();
});

t.test('the stretch around each minute of a week is the one that trying minute by minute finds', (t) => {
  const MINUTE = 60_000;
  const WEEK = 10_080;
  const begin = at('2026-11-16T00:00:00Z');
  for (const text of [
    'mon-fri 20:00-22:30',
    'sun 22:00-02:00',
    'daily 00:00-12:00, daily 12:00-18:00',
    'wed 10:00-10:01',
    'mon 00:00-24:00, sun 23:00-00:00',
  ]) {
    const schedule = parseSchedule(text) ?? [];
    const open = Array.from({ length: WEEK }, (_, minute) => scheduleOpen(schedule, begin + minute * MINUTE));
    const edges = open.flatMap((one, minute) => (one === open[(minute + WEEK - 1) % WEEK] ? [] : [minute]));
    const wrong = open.filter((one, minute) => {
      const span = scheduleSpan(schedule, begin + minute * MINUTE + 7);
      const from = edges.filter((edge) => edge <= minute).at(-1) ?? (edges.at(-1) ?? 0) - WEEK;
      const until = edges.find((edge) => edge > minute) ?? (edges[0] ?? 0) + WEEK;
      return (
        span.open !== one || span.fromMs !== begin + from * MINUTE || span.untilMs !== begin + until * MINUTE
      );
    });
    t.equal(wrong.length, 0, text);
  }
  for (const text of ['always', 'daily 00:00-24:00']) {
    const span = scheduleSpan(parseSchedule(text) ?? [], begin);
    t.same([span.open, span.fromMs, span.untilMs], [true, -Infinity, Infinity], text);
  }
  t.end();
});

t.test('what is no schedule is refused', (t) => {
  for (const text of [
    '',
    'never',
    'mon',
    'mon 25:00-26:00',
    'mon 10:60-11:00',
    'mon 24:00-25:00',
    'foo 10:00-11:00',
    'mon-foo 10:00-11:00',
    'daily-mon 10:00-11:00',
    'mon 1:00-2:00',
    ','.repeat(60),
  ])
    t.equal(parseSchedule(text), undefined, JSON.stringify(text));
  t.end();
});
