/** Moments of the week: their text, and the newest that has passed. */
import t from 'tap';
import { lastWeekTime, parseWeekTimes } from '../../lib/topology/week-times.js';

const DAY = 1440;
/** 2026-11-21 is a Saturday. */
const at = (text: string) => Date.parse(`2026-11-${text}:00Z`);

t.test('days and ranges of days, at a time', async (t) => {
  t.same(parseWeekTimes('mon 01:00'), [60]);
  t.same(
    parseWeekTimes(' Daily 00:00 '),
    [0, 1, 2, 3, 4, 5, 6].map((day) => day * DAY),
  );
  t.same(parseWeekTimes('sat-mon 12:30, mon 12:30'), [750, 5 * DAY + 750, 6 * DAY + 750]);
  for (const text of [
    '',
    'none',
    'mon',
    'mon 24:00',
    'mon 1:00',
    'day 01:00',
    'mon 01:60',
    'mon 01:00,',
    'mon 01:00-02:00',
  ])
    t.equal(parseWeekTimes(text), undefined, text);
});

t.test('the newest moment that is not after a time, around the end of the week too', async (t) => {
  const times = parseWeekTimes('mon 01:00, sat 12:00') ?? [];
  t.equal(lastWeekTime(times, at('21T12:00')), at('21T12:00'));
  t.equal(lastWeekTime(times, at('21T11:59')), at('16T01:00'));
  t.equal(lastWeekTime(times, at('23T00:59')), at('21T12:00'));
  t.equal(lastWeekTime(times, at('23T01:00') + 59_999), at('23T01:00'));
  t.equal(lastWeekTime([], 0), undefined);
});
