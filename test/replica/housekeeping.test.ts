/** A server whose disk was full finds that it has space again although nobody writes. */
import t from 'tap';
import type { Changelog } from '../../lib/changelog/changelog.js';
import type { Clock } from '../../lib/port/clock.js';
import { Housekeeping, type PurgeTarget } from '../../lib/replica/housekeeping.js';
import type { Membership } from '../../lib/replica/membership.js';

/** Runs what waits when it is told to. */
class HandClock implements Pick<Clock, 'monotonicMs' | 'after'> {
  #ms = 0;
  #waiting: (() => void)[] = [];

  monotonicMs(): number {
    return this.#ms;
  }

  after(_delayMs: number, run: () => void): () => void {
    this.#waiting.push(run);
    return () => undefined;
  }

  async tick(): Promise<void> {
    this.#ms += 1000;
    for (const run of this.#waiting.splice(0)) run();
    for (let turns = 0; turns < 5; turns++) await new Promise<void>((next) => setImmediate(next));
  }
}

t.test('each tick tries while the disk is full, and not afterwards', async (t) => {
  const clock = new HandClock();
  let tries = 0;
  let hasSpace = false;
  let kind = 'full';
  const target = {
    importing: false,
    get condition() {
      return { kind };
    },
    report: async () => {
      tries += 1;
      if (!hasSpace) throw new Error('the disk is full');
      kind = 'ready';
    },
  } as Partial<PurgeTarget> as PurgeTarget;
  let ticks = 0;
  const members = {
    tick: async () => {
      ticks += 1;
    },
  } as Partial<Membership> as Membership;
  const housekeeping = new Housekeeping({
    members,
    target,
    changelog: {} as Changelog,
    clock: clock as Pick<Clock, 'monotonicMs' | 'after'> as Clock,
    limits: { logMaxAgeMs: 0, logMaxBytes: 0, diskMinFreeBytes: 0, journalMaxAgeMs: 0 },
    freeBytes: async () => undefined,
    alert: () => undefined,
  });
  housekeeping.start();
  await clock.tick();
  await clock.tick();
  t.same({ tries, ticks }, { tries: 2, ticks: 2 }, 'it goes on trying, and members are looked after');
  hasSpace = true;
  await clock.tick();
  t.equal(kind, 'ready');
  await clock.tick();
  t.same({ tries, ticks }, { tries: 3, ticks: 4 }, 'and leaves it when it is done');
  await housekeeping.stop();
});
