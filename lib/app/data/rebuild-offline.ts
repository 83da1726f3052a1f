/**
 * Rebuilds the index rows of a stopped server by its present configuration.
 */
import { rebuildIndexes } from '../../backend/index/rebuild-index.js';
import { parseDn } from '../../dn/dn-text.js';
import type { ServerConfig } from '../config/read-config.js';
import { readWholeSchema } from '../config/read-schema.js';
import { indexOptions } from '../domain/domain-options.js';
import { openOffline } from './offline-store.js';

/** Rebuilds those of every domain; answers the number of entries. Rejects with OperatorError SERVER_RUNNING or LOAD_UNFINISHED. */
export async function rebuildOffline(
  config: ServerConfig,
  onProgress: (entries: number) => void,
): Promise<number> {
  const store = await openOffline(config.files, false);
  try {
    const { schema } = await readWholeSchema(config.files, store);
    let done = 0;
    for (const base of config.settings.domains) {
      const before = done;
      done += await rebuildIndexes({
        store,
        baseDn: parseDn(base),
        schema,
        indexes: indexOptions(config.settings, schema),
        onProgress: (entries) => onProgress(before + entries),
      });
    }
    return done;
  } finally {
    await store.close();
  }
}
