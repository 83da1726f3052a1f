/** The backups that this server takes by itself, by its options; what they are made of is make-backup.ts. */
import type { Settings } from '../../config/option-table.js';
import { systemClock } from '../../io/system-clock.js';
import type { Log } from '../../port/log.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import { parseWeekTimes } from '../../topology/week-times.js';
import { inDirectory, type ServerConfig } from '../config/read-config.js';
import { backUpServer } from './back-up-server.js';
import { expired, type ListedBackup, ofServer, readCatalog, removeBackups } from './backup-catalog.js';
import { scheduleBackups } from './backup-schedule.js';

/** Takes them from now on, where the options ask for any; the function that it answers ends that. */
export function takeOwnBackups(config: ServerConfig, store: OrderedStore, log: Log): () => Promise<void> {
  const { settings, files } = config;
  const times = parseWeekTimes(settings['backup.schedule']);
  const minutes = settings['backup.incrementMinutes'];
  if (times === undefined) return async () => {};
  const folder = inDirectory(files, settings['backup.folder']);
  const keyFile = settings['backup.keyFile'];
  const list = async (): Promise<readonly ListedBackup[]> =>
    ofServer(await readCatalog(folder), settings['server.id']);
  return scheduleBackups({
    times,
    incrementMs: minutes === 0 ? undefined : minutes * 60_000,
    clock: systemClock,
    log,
    list,
    take: async (incremental, stopped) => {
      const order = {
        folder,
        incremental,
        ...(keyFile === undefined ? {} : { keyFile: inDirectory(files, keyFile) }),
      };
      const made = await backUpServer(config, store, order, () => {
        if (stopped()) throw new Error('the server stops');
      });
      return made.path;
    },
    prune: () => prune(list, settings),
  });
}

async function prune(
  list: () => Promise<readonly ListedBackup[]>,
  settings: Settings,
): Promise<readonly string[]> {
  const retention = { keepDays: settings['backup.keepDays'], keepChains: settings['backup.keepChains'] };
  const gone = expired(await list(), retention, systemClock.wallMs());
  await removeBackups(gone);
  return gone.map(({ path }) => path);
}
