/** Opening the data of a server that starts, whatever an import or a restore that was killed has left. */
import { type LevelStore, openLevelStore } from '../../io/store/level-store.js';
import type { Log } from '../../port/log.js';
import type { ServerConfig } from '../config/read-config.js';
import { alone } from './store-lock.js';
import { discardNewStore, recoverSwap } from './store-swap.js';

const MiB = 1_048_576;

/** Opens the store; a server without data begins an empty one. Rejects as openLevelStore() does, with OperatorError DATA_DIR_LOCKED also while a command replaces the data. */
export function openServing(config: ServerConfig, log: Log): Promise<LevelStore> {
  return alone(config.files, () => open(config, log));
}

async function open({ files, settings }: ServerConfig, log: Log): Promise<LevelStore> {
  await recoverSwap(files);
  const store = await openLevelStore(files.db, { cacheBytes: settings['cache.storeMiB'] * MiB });
  if (await discardNewStore(files))
    log.warn(
      { db: files.db },
      'an import or a restore was cut before its data were whole: the data from before are served',
    );
  return store;
}
