/**
 * Export: the entries of a domain as LDIF records, parents before children, with what an import needs to make them again.
 */

import type { StoredEntry } from '../backend/backend.js';
import { COMPUTED } from '../backend/computed-attributes.js';
import { openBackend } from '../backend/open-backend.js';
import { must } from '../base/assert.js';
import { LOST_AND_FOUND_UUID } from '../conflict/entry-state.js';
import { toReplicaId } from '../csn/csn.js';
import { parseDn } from '../dn/dn-text.js';
import type { RawValues } from '../entry/modification.js';
import { compileFilter } from '../filter/compile-filter.js';
import type { Filter } from '../filter/filter.js';
import { matchFilter } from '../filter/filter-match.js';
import { silentLog } from '../io/pino-log.js';
import { commandClock, nextTurn } from '../io/system-clock.js';
import type { LdifRecord } from '../ldif/ldif-record.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import { indexOptions, openChangelog } from './domain.js';
import { openOffline } from './offline-store.js';
import type { ServerConfig } from './read-config.js';
import { readWholeSchema } from './read-schema.js';

/** Operational attributes that an import keeps. */
const KEPT = ['entryUUID', 'createTimestamp', 'creatorsName', 'modifyTimestamp', 'modifiersName'];

/** Entries of a stopped server. Rejects with OperatorError SERVER_RUNNING. `userOnly`: without operational attributes. */
export async function* exportEntries(
  config: ServerConfig,
  base: string,
  filter: Filter | undefined,
  userOnly: boolean,
): AsyncGenerator<LdifRecord> {
  const { files, settings } = config;
  const store = await openOffline(files, false);
  try {
    const { schema } = await readWholeSchema(files, store);
    const baseDn = parseDn(base);
    const replica = must(toReplicaId(settings['server.id']), 'the configuration was checked');
    const baseKey = must(schema.dnKey(baseDn), 'the configuration was checked');
    const backend = await openBackend({
      store,
      baseDn,
      schema,
      replica,
      clock: commandClock,
      log: silentLog(),
      sink: await openChangelog(store, baseKey, replica),
      indexes: indexOptions(settings, schema),
      pause: nextTurn,
    });
    const compiled = filter === undefined ? undefined : compileFilter(filter, schema);
    const root = backend.byDn(baseDn);
    if (root !== undefined)
      for await (const entry of walk(backend, root))
        if (compiled === undefined || matchFilter(compiled, entry) === true) yield recordOf(entry, userOnly);
    await backend.close();
  } finally {
    await store.close();
  }
}

interface Tree {
  children(entry: StoredEntry): AsyncIterable<readonly StoredEntry[]>;
}

/** Depth first; no deeper than DNs are long. The derived container is left out: its entries follow under their own names. */
async function* walk(tree: Tree, entry: StoredEntry): AsyncGenerator<StoredEntry> {
  if (entry.uuid !== LOST_AND_FOUND_UUID) yield entry;
  for await (const slice of tree.children(entry)) for (const child of slice) yield* walk(tree, child);
}

function recordOf(entry: StoredEntry, userOnly: boolean): LdifRecord {
  const attributes: RawValues[] = [];
  for (const [key, { name, values }] of entry.stored)
    if (!(COMPUTED as ReadonlyMap<string, unknown>).has(key)) attributes.push({ description: name, values });
  if (!userOnly)
    for (const name of KEPT) {
      const attribute = entry.attribute(name.toLowerCase() as AttributeKey);
      if (attribute !== undefined) attributes.push({ description: name, values: attribute.values });
    }
  return { kind: 'content', dn: entry.dnText, attributes };
}
