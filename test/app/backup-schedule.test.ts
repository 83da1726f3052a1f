/** Backups by schedule: what is due, one at a time, after a failure, at a stop. */
import t from 'tap';
import type { ListedBackup } from '../../lib/app/backup/backup-catalog.js';
import {
  type BackupScheduleParts,
  dueBackup,
  scheduleBackups,
} from '../../lib/app/backup/backup-schedule.js';
import { silentLog } from '../../lib/io/pino-log.js';
import { parseWeekTimes } from '../../lib/topology/week-times.js';
import { TestClock } from '../operation/test-server.js';

const HOUR = 3_600_000;
const backup = (kind: 'full' | 'incremental', takenMs: number) =>
  ({ path: `${kind}-${takenMs}`, header: { kind, takenMs } }) as ListedBackup;

t.test(
  'a full backup is due when its time has passed since the newest one, an increment by age',
  async (t) => {
    const times = parseWeekTimes('daily 01:00') ?? [];
    const parts = { times, incrementMs: 2 * HOUR };
    const day = Date.UTC(2026, 0, 5);
    const one = day + HOUR;
    t.equal(dueBackup([], parts, day), 'full', 'none was ever taken');
    t.equal(dueBackup([backup('full', day)], parts, one - 1), undefined);
    t.equal(dueBackup([backup('full', day)], parts, one), 'full');
    t.equal(dueBackup([backup('full', day - 9 * HOUR), backup('incremental', one - 1)], parts, one), 'full');
    t.equal(dueBackup([backup('full', one + 5)], parts, one + 2 * HOUR), undefined);
    t.equal(dueBackup([backup('full', one)], parts, one + 2 * HOUR), 'incremental');
    const both = [backup('full', one), backup('incremental', one + 2 * HOUR)];
    t.equal(dueBackup(both, parts, one + 3 * HOUR), undefined);
    t.equal(dueBackup(both, parts, one + 4 * HOUR), 'incremental');
    t.equal(dueBackup(both, { times, incrementMs: undefined }, one + 9 * HOUR), undefined);
  },
);

t.test('they are taken one after the other, tried again after a failure, and a stop ends them', async (t) => {
  const clock = new TestClock();
  const held: ListedBackup[] = [];
  const asked: boolean[] = [];
  let fails = true;
  let pruned = 0;
  const parts: BackupScheduleParts = {
    times: parseWeekTimes('daily 23:00') ?? [],
    incrementMs: HOUR,
    clock,
    log: silentLog(),
    list: async () => held,
    take: async (incremental, stopped) => {
      asked.push(incremental);
      if (fails) throw new Error('no space');
      t.equal(stopped(), false);
      held.push(backup(incremental ? 'incremental' : 'full', clock.wallMs()));
      return 'path';
    },
    prune: async () => {
      pruned += 1;
      return ['old'];
    },
  };
  const pass = async (ms: number) => {
    clock.advance(ms);
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  const end = scheduleBackups(parts);
  await pass(2000);
  t.same(asked, [false], 'soon after the start');
  await pass(30_000);
  t.equal(asked.length, 1, 'not at once after a failure');
  fails = false;
  await pass(900_000);
  t.same(asked, [false, false]);
  t.equal(pruned, 1);
  await pass(30_000);
  t.equal(asked.length, 2, 'nothing is due');
  await pass(HOUR);
  t.same(asked.slice(2), [true]);
  await end();
  await pass(9 * HOUR);
  t.equal(asked.length, 3);
});
