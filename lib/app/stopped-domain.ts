/**
 * The backend of one domain of a stopped server: for commands that read entries or ask its rules of them.
 *
 * Does not own the store: who opened it closes it. Nothing is replicated and nobody is told of anything.
 */
import { openBackend } from '../backend/open-backend.js';
import { must } from '../base/assert.js';
import { toReplicaId } from '../csn/csn.js';
import { parseDn } from '../dn/dn-text.js';
import { silentLog } from '../io/pino-log.js';
import { commandClock, nextTurn } from '../io/system-clock.js';
import type { OrderedStore } from '../port/ordered-store.js';
import type { Schema } from '../schema/schema.js';
import { indexOptions, openChangelog } from './domain-options.js';
import type { ServerConfig } from './read-config.js';

/** Opens the domain of base DN `base`, which the configuration names. Rejects as openBackend() does. */
export async function openStoppedDomain(
  { settings }: ServerConfig,
  base: string,
  store: OrderedStore,
  schema: Schema,
) {
  const baseDn = parseDn(base);
  const replica = must(toReplicaId(settings['server.id']), 'the configuration was checked');
  const baseKey = must(schema.dnKey(baseDn), 'the configuration was checked');
  return openBackend({
    store,
    baseDn,
    schema,
    replica,
    clock: commandClock,
    log: silentLog(),
    sink: await openChangelog(store, baseKey, replica),
    indexes: indexOptions(settings, schema),
    consistency: { unique: settings.uniqueness },
    pause: nextTurn,
  });
}
