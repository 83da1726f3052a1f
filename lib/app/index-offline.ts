/**
 * The index commands on a stopped server: its domains are opened for one command, and closed again.
 *
 * Nothing replicates and nobody is served meanwhile. Domains are opened with the indexes of the file, so what the file had changed before is
 * made on this occasion.
 */
import { openBackend } from '../backend/open-backend.js';
import { must } from '../base/assert.js';
import { toReplicaId } from '../csn/csn.js';
import { parseDn } from '../dn/dn-text.js';
import { silentLog } from '../io/pino-log.js';
import { nextTurn, systemClock } from '../io/system-clock.js';
import { indexOptions, openChangelog } from './domain-options.js';
import type { IndexedDomain } from './index-admin.js';
import { openOffline } from './offline-store.js';
import type { ServerConfig } from './read-config.js';
import { readWholeSchema } from './read-schema.js';

/** Runs `work` on the domains of a stopped server. Rejects with OperatorError SERVER_RUNNING, what opening rejects with, and as `work` does. */
export async function withOfflineDomains<T>(
  config: ServerConfig,
  work: (domains: readonly IndexedDomain[]) => Promise<T>,
): Promise<T> {
  const { files, settings } = config;
  const store = await openOffline(files, false);
  const domains: IndexedDomain[] = [];
  try {
    const { schema } = await readWholeSchema(files, store);
    const replica = must(toReplicaId(settings['server.id']), 'the configuration was checked');
    for (const baseText of settings.domains) {
      const baseDn = parseDn(baseText);
      const baseKey = must(schema.dnKey(baseDn), 'the configuration was checked');
      const backend = await openBackend({
        store,
        baseDn,
        schema,
        replica,
        clock: systemClock,
        log: silentLog(),
        sink: await openChangelog(store, baseKey, replica),
        indexes: indexOptions(settings, schema),
        // The clock's timers would not keep this process alive.
        pause: nextTurn,
      });
      domains.push({ baseText, backend, schema });
    }
    return await work(domains);
  } finally {
    for (const { backend } of domains) await backend.close();
    await store.close();
  }
}
