/** A token bucket: the rate is kept over every stretch of time, nothing waits longer than it must. */
import t from 'tap';
import { charge, newBucket, waitMs } from '../../lib/sync/token-bucket.js';
import { SeededRandom } from '../sim/seeded-random.js';

t.test('a full bucket lets a burst go, then waits as long as the rate wants', (t) => {
  let bucket = newBucket(1000, 0);
  t.same([bucket.rate, bucket.burst], [125_000, 31_250]);
  t.equal(waitMs(bucket, 0), 0);
  bucket = charge(bucket, 31_250, 0);
  t.equal(waitMs(bucket, 0), 1, 'a token comes within the millisecond');
  bucket = charge(bucket, 125_000, 0);
  t.equal(waitMs(bucket, 0), 1001, 'a debt is paid first');
  t.equal(waitMs(bucket, 1001), 0);
  t.equal(waitMs(charge(bucket, 0, 100_000), 100_000), 0, 'a rest does not save more than a burst');
  t.equal(charge(bucket, 0, 100_000).tokens, 31_250);
  t.end();
});

t.test('a clock that stands or goes back gives nothing and takes nothing', (t) => {
  const bucket = charge(newBucket(64, 1000), 5000, 1000);
  t.equal(waitMs(bucket, 500), waitMs(bucket, 1000));
  t.equal(charge(bucket, 0, 500).atMs, 1000);
  t.end();
});

t.test(
  'whoever waits as told keeps the rate over any stretch, and uses it up (10,000 random sendings)',
  (t) => {
    const random = new SeededRandom(7);
    for (const kbit of [64, 1000, 80_000]) {
      let bucket = newBucket(kbit, 0);
      const sent: { readonly atMs: number; readonly bytes: number }[] = [];
      let nowMs = 0;
      for (let i = 0; i < 3333; i++) {
        nowMs += waitMs(bucket, nowMs);
        const bytes = 1 + random.below(Math.ceil(bucket.burst));
        bucket = charge(bucket, bytes, nowMs);
        sent.push({ atMs: nowMs, bytes });
      }
      // The worst stretch that ends at a sending, by the usual running maximum.
      let worst = 0;
      let over = 0;
      sent.forEach(({ atMs, bytes }, i) => {
        const passed = i === 0 ? 0 : ((atMs - (sent[i - 1]?.atMs ?? 0)) * bucket.rate) / 1000;
        over = Math.max(0, over - passed) + bytes;
        worst = Math.max(worst, over);
      });
      t.ok(worst <= 2 * bucket.burst + 1, `${kbit}: at most a burst and the last portion above the rate`);
      const total = sent.reduce((sum, { bytes }) => sum + bytes, 0);
      t.ok((total * 1000) / nowMs >= bucket.rate * 0.9, `${kbit}: the rate is used`);
    }
    t.end();
  },
);
