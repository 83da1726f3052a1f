/**
 * The newest changes in memory: contiguous per origin, bounded as a whole.
 */
import t from 'tap';
import { HELD_CHANGE_BYTES, RecentChanges } from '../../lib/changelog/recent-changes.js';
import { change, changes, csn, replica } from '../sync/session-fixtures.js';

const SIZE = change(2).bytes.length + HELD_CHANGE_BYTES;

t.test('gives what follows a place that it holds, and says so when it does not', (t) => {
  const recent = new RecentChanges(1_000_000);
  for (const one of changes(5, 9)) recent.push(one);
  t.same(
    recent.following(replica(1), csn(6), 10_000, 100)?.map((c) => c.csn),
    [csn(7), csn(8), csn(9)],
  );
  t.same(
    recent.following(replica(1), csn(4), 10_000, 2)?.map((c) => c.csn),
    [csn(5), csn(6)],
  );
  t.equal(recent.following(replica(1), csn(3), 10_000, 100), undefined, 'older than what is held');
  t.equal(recent.following(replica(1), undefined, 10_000, 100), undefined);
  t.equal(recent.following(replica(1), csn(9), 10_000, 100), undefined, 'nothing follows');
  t.equal(recent.following(replica(2), csn(6), 10_000, 100), undefined, 'unknown origin');
  t.equal(recent.following(replica(1), csn(4), 1, 100)?.length, 1, 'at least one');
  t.end();
});

t.test('from the first change ever, when it is held', (t) => {
  const recent = new RecentChanges(1_000_000);
  for (const one of changes(1, 3)) recent.push(one);
  t.equal(recent.following(replica(1), undefined, 10_000, 100)?.length, 3);
  t.end();
});

t.test('what comes again is held once', (t) => {
  const recent = new RecentChanges(1_000_000);
  for (const one of [...changes(1, 3), ...changes(1, 4)]) recent.push(one);
  t.same(
    recent.following(replica(1), undefined, 10_000, 100)?.map((c) => c.csn),
    [csn(1), csn(2), csn(3), csn(4)],
  );
  t.end();
});

t.test('stays within its bound by dropping the oldest of all origins', (t) => {
  const recent = new RecentChanges(SIZE * 10);
  for (let n = 2; n < 5000; n++) {
    recent.push(change(n, 1 + (n % 3)));
    recent.following(replica(1), csn(1), 1, 1);
    if (recent.bytes > SIZE * 10) t.fail('over the bound');
  }
  t.ok(recent.bytes > SIZE * 8);
  t.end();
});

t.test('holds an eighth of its bound while nobody asks', (t) => {
  const recent = new RecentChanges(SIZE * 80);
  for (let n = 2; n <= 80; n++) recent.push(change(n));
  t.ok(recent.bytes > SIZE * 76, 'until it is full somebody may still come');
  for (let n = 81; n <= 200; n++) recent.push(change(n));
  t.ok(recent.bytes <= SIZE * 10, 'nobody came');
  t.equal(recent.following(replica(1), csn(195), 10_000, 100)?.length, 5, 'the newest are held');
  t.end();
});

t.test('for a reader that follows closely no more is held than twice what it asks for', (t) => {
  const recent = new RecentChanges(SIZE * 80);
  for (let n = 2; n <= 400; n++) {
    recent.push(change(n));
    if (n % 15 === 0) recent.following(replica(1), csn(n - 15), 100_000, 100);
  }
  t.ok(recent.bytes <= SIZE * 31, 'not all of the bound');
  t.equal(recent.following(replica(1), csn(400 - 28), 100_000, 100)?.length, 28, 'and it may fall behind');
  t.end();
});

t.test(
  'all of the bound is held for a reader that fell behind what was held, until it is not needed',
  (t) => {
    const recent = new RecentChanges(SIZE * 80);
    for (let n = 2; n <= 200; n++) recent.push(change(n));
    t.equal(recent.following(replica(1), csn(150), 100_000, 100), undefined, 'too late');
    for (let n = 201; n <= 260; n++) recent.push(change(n));
    t.equal(recent.following(replica(1), csn(195), 100_000, 100)?.length, 65, 'all since then');
    for (let n = 261; n <= 480; n++) recent.push(change(n));
    t.ok(recent.bytes <= SIZE * 10, 'nobody asks any more');
    t.end();
  },
);

t.test('clear forgets all', (t) => {
  const recent = new RecentChanges(1000);
  recent.push(change(1));
  recent.clear();
  t.equal(recent.bytes, 0);
  t.equal(recent.following(replica(1), undefined, 1000, 10), undefined);
  t.end();
});
