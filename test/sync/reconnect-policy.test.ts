/**
 * When to dial again: at once, then bounded and spread (reliability.md F21).
 */
import t from 'tap';
import { failuresAfter, RECONNECT, reconnectDelayMs } from '../../lib/sync/reconnect-policy.js';

t.test('without a failure there is no wait; then the wait doubles up to its bound', (t) => {
  t.equal(reconnectDelayMs(0, 0.9), 0);
  t.same(
    [1, 2, 3, 4, 5, 6, 60].map((n) => reconnectDelayMs(n, 1)),
    [100, 200, 400, 800, 1600, 2000, 2000],
  );
  t.end();
});

t.test('the wait is spread over the upper half of its step', (t) => {
  t.equal(reconnectDelayMs(9, 0), RECONNECT.maxDelayMs / 2);
  t.ok(reconnectDelayMs(9, 0.999999) <= RECONNECT.maxDelayMs);
  t.end();
});

t.test(
  'a session that lasted counts as success, a short one as a failure: a flapping link is not hammered',
  (t) => {
    t.equal(failuresAfter(7, RECONNECT.settledMs), 0);
    t.equal(failuresAfter(7, RECONNECT.settledMs - 1), 8);
    t.end();
  },
);
