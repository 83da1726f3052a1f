/** Progress says what is done, how fast, and how long it still takes. */
import t from 'tap';
import { Progress } from '../../lib/cli/progress.js';

function recorded(terminal: boolean) {
  const lines: string[] = [];
  let now = 0;
  const progress = new Progress(
    'entries',
    false,
    terminal,
    (text) => lines.push(text),
    () => now,
  );
  return {
    progress,
    lines,
    at: (ms: number) => {
      now = ms;
    },
  };
}

t.test('plain lines when not a terminal, now and then', (t) => {
  const { progress, lines, at } = recorded(false);
  at(1000);
  progress.update(100, 0.1);
  t.same(lines, []);
  at(5000);
  progress.update(500, 0.25);
  t.same(lines, ['500 entries, 100/s, 25 %, 15 s left\n']);
  at(20_000);
  progress.finish(2000);
  t.equal(lines[1], '2000 entries in 20 s, 100/s\n');
  t.end();
});

t.test('one line that is rewritten on a terminal', (t) => {
  const { progress, lines, at } = recorded(true);
  at(250);
  progress.update(10);
  t.equal(lines[0], '\r\u001b[K10 entries, 40/s');
  t.end();
});

t.test('what holds the work up is told once, at once', (t) => {
  const { progress, lines } = recorded(false);
  progress.trouble(undefined);
  progress.trouble('server-2: cut; asking server-3');
  progress.trouble('server-2: cut; asking server-3');
  progress.trouble(undefined);
  t.same(lines, ['server-2: cut; asking server-3\n']);
  t.end();
});

t.test('quiet says nothing', (t) => {
  const lines: string[] = [];
  const progress = new Progress(
    'entries',
    true,
    false,
    (text) => lines.push(text),
    () => 1e9,
  );
  progress.update(1);
  progress.finish(1);
  t.same(lines, []);
  t.end();
});
