/**
 * The index commands on a stopped server: its domains are opened for one command, and closed again.
 *
 * Nothing replicates and nobody is served meanwhile. Domains are opened with the indexes of the file, so what the file had changed before is
 * made on this occasion.
 */

import type { ServerConfig } from '../config/read-config.js';
import { readWholeSchema } from '../config/read-schema.js';
import type { IndexedDomain } from './index-admin.js';
import { openOffline } from './offline-store.js';
import { openStoppedDomain } from './stopped-domain.js';

/** Runs `work` on the domains of a stopped server. Rejects with OperatorError SERVER_RUNNING, what opening rejects with, and as `work` does. */
export async function withOfflineDomains<T>(
  config: ServerConfig,
  work: (domains: readonly IndexedDomain[]) => Promise<T>,
): Promise<T> {
  const { files } = config;
  const store = await openOffline(files, false);
  const domains: IndexedDomain[] = [];
  try {
    const { schema } = await readWholeSchema(files, store);
    for (const baseText of config.settings.domains)
      domains.push({ baseText, backend: await openStoppedDomain(config, baseText, store, schema), schema });
    return await work(domains);
  } finally {
    for (const { backend } of domains) await backend.close();
    await store.close();
  }
}
