/** The generator of CSNs: they rise, whatever clocks do. */
import t from 'tap';
import { LIMITS } from '../../lib/base/limits.js';
import { csnTimeMs, MAX_CSN_SEQUENCE, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { CsnGenerator, csnSalt, MAX_CSN_SALT } from '../../lib/csn/csn-generator.js';

const ONE = 1 as ReplicaId;
const TWO = 2 as ReplicaId;
const NOW = 1_700_000_000_000;

t.test('model 2: CSNs strictly rise whatever the wall clock does', async (t) => {
  const generator = new CsnGenerator(ONE, undefined);
  let last = generator.next(NOW);
  let seed = 42;
  let wall = NOW;
  for (let i = 0; i < 20_000; i++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    wall += (seed % 2001) - 1000;
    const next = generator.next(wall);
    if (!(next > last)) t.fail(`${next} after ${last}`);
    last = next;
  }
  t.ok(csnTimeMs(last) >= NOW);
});

t.test(
  'model 2: a clock that jumped back across a restart makes no CSN smaller than one already issued',
  async (t) => {
    const before = new CsnGenerator(ONE, undefined).next(NOW);
    const after = new CsnGenerator(ONE, before).next(NOW - 3_600_000);
    t.ok(after > before);
  },
);

t.test('model 2: a CSN seen is in the past of the next one issued', async (t) => {
  const generator = new CsnGenerator(ONE, undefined);
  generator.next(NOW);
  const seen = makeCsn(NOW + LIMITS.clockSkewMs, 7, TWO);
  t.same(generator.observe(seen, NOW), { kind: 'ok' });
  t.ok(generator.next(NOW) > seen);
});

t.test('model 2: a remote clock beyond the bound is reported and does not drag ours', async (t) => {
  const generator = new CsnGenerator(ONE, undefined);
  const seen = makeCsn(NOW + LIMITS.clockSkewMs + 1, 0, TWO);
  t.same(generator.observe(seen, NOW), { kind: 'skewed', aheadMs: LIMITS.clockSkewMs + 1 });
  t.equal(csnTimeMs(generator.next(NOW)), NOW);
});

t.test('model 2 as amended: what was not followed is remembered, until a CSN of ours is newer', async (t) => {
  const generator = new CsnGenerator(ONE, undefined);
  const seen = (aheadMs: number) => makeCsn(NOW + aheadMs, 3, TWO);
  generator.observe(seen(LIMITS.clockSkewMs), NOW);
  t.notOk(generator.isBehind(NOW), 'followed at once');
  generator.observe(seen(3_600_000), NOW);
  generator.observe(seen(1_800_000), NOW);
  t.ok(generator.isBehind(NOW));
  t.ok(generator.isPast(generator.next(NOW), NOW), 'an own one is followed');
  generator.follow(seen(1_800_000));
  t.ok(generator.next(NOW) > seen(1_800_000));
  t.equal(generator.aheadMs(NOW), 1_800_000);
  t.ok(generator.isBehind(NOW), 'not yet past the newest');
  generator.follow(seen(3_600_000));
  t.notOk(generator.isBehind(NOW));
  t.ok(generator.next(NOW) > seen(3_600_000));
  generator.observe(seen(7_200_000), NOW);
  t.notOk(generator.isBehind(NOW + 7_200_001), 'the wall clock is past it');
  t.equal(generator.aheadMs(NOW + 7_200_001), 0);
  const last = generator.next(NOW);
  generator.follow(seen(1));
  t.ok(generator.next(NOW) > last, 'never back');
});

t.test('F29: own CSNs recovered from a peer are always followed, so that none is issued twice', async (t) => {
  const generator = new CsnGenerator(ONE, undefined);
  const own = makeCsn(NOW + 10 * LIMITS.clockSkewMs, 3, ONE);
  t.same(generator.observe(own, NOW, true), { kind: 'ok' });
  t.ok(generator.next(NOW) > own);
});

t.test('F38: the sequence carries into the time when a millisecond is full', async (t) => {
  const generator = new CsnGenerator(ONE, makeCsn(NOW, MAX_CSN_SEQUENCE, ONE));
  t.equal(generator.next(NOW), makeCsn(NOW + 1, 0, ONE));
});

t.test(
  'two lives that begin with the same newest CSN never make one twice, whatever their clocks do (section 2: incarnations)',
  (t) => {
    const last = makeCsn(NOW, 7, ONE);
    const lives = [undefined, 50, 1000, 100_000, MAX_CSN_SALT].map(
      (salt) => new CsnGenerator(ONE, last, undefined, salt),
    );
    const made = new Set<string>();
    for (const life of lives) {
      let before: string = last;
      for (const wallMs of [NOW - 3_600_000, NOW, NOW + 1, NOW + 5, NOW + 5]) {
        const csn = life.next(wallMs);
        t.ok(csn > before);
        t.notOk(made.has(csn), csn);
        before = csn;
        made.add(csn);
      }
    }
    const full = new CsnGenerator(ONE, makeCsn(NOW, MAX_CSN_SEQUENCE - 5, ONE), undefined, 9);
    t.equal(
      full.next(NOW),
      makeCsn(NOW + 1, 9, ONE),
      'a sequence that is used up goes on in the next millisecond',
    );
    t.equal(csnSalt(new Uint8Array([255, 255, 255])), MAX_CSN_SALT);
    t.end();
  },
);

t.test(
  'nor do they where both have made some and then see the same newer one, their own of a former life or one of another server',
  async (t) => {
    for (const [replica, own] of [
      [ONE, true],
      [TWO, false],
    ] as const) {
      const made = new Set<string>();
      for (const salt of [0, 1, 50, 1000, MAX_CSN_SALT]) {
        const life = new CsnGenerator(ONE, makeCsn(NOW, 7, ONE), undefined, salt);
        life.next(NOW - 1000);
        life.observe(makeCsn(NOW + 10, 99, replica), NOW, own);
        let before: string = makeCsn(NOW + 10, 99, replica);
        for (let i = 0; i < 3; i++) {
          const csn = life.next(NOW);
          t.ok(csn > before);
          before = csn;
          if (i > 0 && salt < 50) continue;
          t.notOk(made.has(csn), csn);
          made.add(csn);
        }
      }
    }
    const life = new CsnGenerator(ONE, makeCsn(NOW, 7, ONE), undefined, 50);
    const first = life.next(NOW);
    t.equal(life.next(NOW), makeCsn(NOW, 7 + 50 + 2, ONE), 'its own it goes on from one by one');
    life.observe(first, NOW, true);
    t.equal(life.next(NOW), makeCsn(NOW, 7 + 50 + 3, ONE), 'an older one changes nothing');
  },
);
