/**
 * Backups that a running server takes by itself (options backup.*): when one is due, one after the other, and those that retention lets go.
 *
 * What is due follows from the clock and from the backups that stand in the folder, so a restart forgets nothing: a full one is due when a moment of the schedule has passed since
 * the newest full one, an increment when the newest of any kind is old enough. After a failure it is tried again later; a stop cuts the one that runs.
 */
import type { Clock } from '../../port/clock.js';
import type { Log } from '../../port/log.js';
import { lastWeekTime, type WeekTimes } from '../../topology/week-times.js';
import type { ListedBackup } from './backup-catalog.js';

const FIRST_MS = 2000;
const EVERY_MS = 30_000;
const AFTER_FAILURE_MS = 900_000;

export interface BackupScheduleParts {
  readonly times: WeekTimes;
  /** undefined: no increments. */
  readonly incrementMs: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** This server's backups in the folder, by rising time. */
  list(): Promise<readonly ListedBackup[]>;
  /** Takes one; `stopped` is asked now and then, and ends it. Answers the path of its file. */
  take(incremental: boolean, stopped: () => boolean): Promise<string>;
  /** Removes what need not be kept; answers their paths. */
  prune(): Promise<readonly string[]>;
}

/** What is due at a time; undefined: nothing. */
export function dueBackup(
  backups: readonly Pick<ListedBackup, 'header'>[],
  { times, incrementMs }: Pick<BackupScheduleParts, 'times' | 'incrementMs'>,
  nowMs: number,
): 'full' | 'incremental' | undefined {
  const newestFull = backups.findLast(({ header }) => header.kind === 'full')?.header.takenMs;
  const wanted = lastWeekTime(times, nowMs);
  if (wanted !== undefined && (newestFull === undefined || newestFull < wanted)) return 'full';
  const newest = backups.at(-1)?.header.takenMs;
  if (incrementMs === undefined || newest === undefined) return undefined;
  return nowMs - newest >= incrementMs ? 'incremental' : undefined;
}

/** Takes backups from now on; the function that it answers ends that, and resolves when nothing reads the store any more. */
export function scheduleBackups(parts: BackupScheduleParts): () => Promise<void> {
  const { clock, log } = parts;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let cancel: () => void = () => {};
  const look = async (): Promise<number> => {
    const due = dueBackup(await parts.list(), parts, clock.wallMs());
    if (due === undefined || stopped) return EVERY_MS;
    const path = await parts.take(due === 'incremental', () => stopped);
    log.info({ path }, 'a backup was taken');
    const removed = await parts.prune();
    if (removed.length > 0) log.info({ removed }, 'old backups were removed');
    return EVERY_MS;
  };
  const again = (afterMs: number): void => {
    if (stopped) return;
    cancel = clock.after(afterMs, () => {
      running = look().then(again, (error: unknown) => {
        if (stopped) return;
        log.error({ error: (error as Error).message }, 'the backup that was due was not taken');
        again(AFTER_FAILURE_MS);
      });
    });
  };
  again(FIRST_MS);
  return async () => {
    stopped = true;
    cancel();
    await running;
  };
}
