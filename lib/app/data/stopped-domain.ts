/**
 * The backend of one domain of a stopped server: for commands that read entries or ask its rules of them, and for those that write where no server does.
 *
 * Does not own the store: who opened it closes it. Nothing is replicated and nobody is told of anything.
 */
import { type BackendOptions, openBackend } from '../../backend/open-backend.js';
import type { StoreBackend } from '../../backend/store-backend.js';
import { must } from '../../base/assert.js';
import type { Changelog } from '../../changelog/changelog.js';
import { toReplicaId } from '../../csn/csn.js';
import { parseDn } from '../../dn/dn-text.js';
import { silentLog } from '../../io/pino-log.js';
import { commandClock, nextTurn } from '../../io/system-clock.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { Schema } from '../../schema/schema.js';
import type { ServerConfig } from '../config/read-config.js';
import { indexOptions, openChangelog } from '../domain/domain-options.js';
import { isShared } from '../domain/shared-domains.js';

/** What a command needs otherwise; absent: the indexes and the uniqueness of the configuration. */
type Otherwise = Partial<Pick<BackendOptions, 'indexes' | 'consistency'>>;

/** Opens the domain of base DN `base`, which the configuration names or all servers share. Rejects as openBackend() does. */
export async function openStoppedDomain(
  config: ServerConfig,
  base: string,
  store: OrderedStore,
  schema: Schema,
  otherwise: Otherwise = {},
): Promise<StoreBackend> {
  return (await openWithLog(config, base, store, schema, otherwise)).backend;
}

/** The same, and the change log that it writes to. */
export async function openWithLog(
  { settings }: Pick<ServerConfig, 'settings'>,
  base: string,
  store: OrderedStore,
  schema: Schema,
  otherwise: Otherwise = {},
): Promise<{ readonly backend: StoreBackend; readonly changelog: Changelog }> {
  const baseDn = parseDn(base);
  const replica = must(toReplicaId(settings['server.id']), 'the configuration was checked');
  const baseKey = must(schema.dnKey(baseDn), 'the configuration was checked');
  const changelog = await openChangelog(store, baseKey, replica);
  const backend = await openBackend({
    store,
    baseDn,
    schema,
    replica,
    clock: commandClock,
    log: silentLog(),
    sink: changelog,
    indexes: isShared(base) ? {} : indexOptions(settings, schema),
    consistency: isShared(base) ? {} : { unique: settings.uniqueness },
    // The clock's timers would not keep the process alive.
    pause: nextTurn,
    ...otherwise,
  });
  return { backend, changelog };
}
