/** Which alerts stand: when they begin, when they end, and bounds. */
import t from 'tap';
import { AlertBook } from '../../lib/app/monitor/alert-book.js';
import type { Finding, Severity } from '../../lib/app/monitor/health-rules.js';

const finding = (code: string, severity: Severity = 'warning', about = 'x'): Finding => ({
  code,
  severity,
  about,
  what: 'w',
  why: 'y',
  mend: 'm',
});
/** Takes findings; answers changes as `raised H1`. */
const told = (book: AlertBook, findings: readonly Finding[], ms: number) =>
  book.take(findings, ms).map(({ event, alert }) => `${event} ${alert.code}`);

t.test('an error stands at once, a warning when it was found twice in a row', (t) => {
  const book = new AlertBook();
  t.same(told(book, [finding('H1'), finding('H2', 'error')], 100), ['raised H2']);
  t.same(told(book, [finding('H1'), finding('H2', 'error')], 200), ['raised H1']);
  t.same(told(book, [finding('H1'), finding('H2', 'error')], 300), []);
  t.match(book.standing(), [
    { code: 'H1', firstMs: 100, lastMs: 300 },
    { code: 'H2', firstMs: 100, lastMs: 300 },
  ]);
  t.end();
});

t.test('a warning that was found once leaves no trace; an alert ends when it was not found twice', (t) => {
  const book = new AlertBook();
  told(book, [finding('H1')], 1);
  told(book, [], 2);
  t.same(told(book, [finding('H1')], 3), [], 'not in a row');
  t.same(told(book, [finding('H1')], 4), ['raised H1']);
  t.same(told(book, [], 5), []);
  t.equal(book.standing().length, 1);
  t.same(told(book, [finding('H1')], 6), [], 'it never went');
  told(book, [], 7);
  t.same(told(book, [], 8), ['cleared H1']);
  t.same(book.standing(), []);
  t.end();
});

t.test('a warning that becomes an error is told of anew; matters of one rule are apart', (t) => {
  const book = new AlertBook();
  const warnings = [finding('H4'), finding('H4', 'warning', 'y')];
  told(book, warnings, 1);
  t.same(told(book, warnings, 2), ['raised H4', 'raised H4']);
  t.same(told(book, [finding('H4', 'error'), finding('H4', 'warning', 'y')], 3), ['raised H4']);
  t.equal(new Set(book.standing().map(({ id }) => id)).size, 2);
  t.end();
});

t.test('alerts are bounded', (t) => {
  const book = new AlertBook();
  const many = Array.from({ length: 1500 }, (_, i) => finding('H1', 'error', String(i)));
  t.equal(book.take(many, 1).length, 1000);
  t.equal(book.standing().length, 1000);
  t.end();
});
