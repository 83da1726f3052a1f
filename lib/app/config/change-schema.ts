/**
 * Changes of the schema by local commands: through a running server's control socket, or in a stopped server's store, where the change waits in the change log and
 * replicates when the server runs again.
 */

import { EventLoopTurn } from '../../backend/event-loop-turn.js';
import type { StoreBackend } from '../../backend/store-backend.js';
import { utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { commandClock } from '../../io/system-clock.js';
import {
  decideSchemaChange,
  planSchemaChange,
  refuseUsed,
  type SearchedDomain,
} from '../../operation/schema/schema-change.js';
import { makeSchemaDomain } from '../../operation/schema/schema-genesis.js';
import { SCHEMA_ENTRY_UUID, type SchemaStore } from '../../operation/schema/schema-store.js';
import type { Clock } from '../../port/clock.js';
import type { SchemaModification } from '../../schema/edit-definitions.js';
import type { OwnDefinition } from '../../schema/own-definitions.js';
import type { Schema } from '../../schema/schema.js';
import { openOffline } from '../data/offline-store.js';
import { openStoppedDomain } from '../data/stopped-domain.js';
import type { ServerConfig } from './read-config.js';
import { readWholeSchema, SCHEMA_BASE } from './read-schema.js';

/** One change as commands send it: definitions by text, or their OIDs. */
export interface SchemaEdit {
  readonly operation: 'add' | 'delete';
  readonly kind: OwnDefinition['kind'];
  readonly values: readonly string[];
}

/** Makes the change. `clock`: its timers share the event loop. Rejects with LdapError when it is refused, or a StoreError. */
export async function changeSchema(
  store: SchemaStore,
  schema: Schema,
  domains: readonly SearchedDomain[],
  initiator: string,
  edits: readonly SchemaEdit[],
  clock: Clock,
): Promise<void> {
  const plan = planSchemaChange(store, modificationsOf(edits));
  const turn = new EventLoopTurn(clock);
  const planned = await turn.run(plan);
  await refuseUsed(domains, schema, planned, turn, () => {});
  await store.backend.submit(initiator, (view) => decideSchemaChange(store, view, planned));
  await store.followed();
}

/** Edits come over a socket as JSON: their shape is looked at. Throws LdapError protocolError. */
function modificationsOf(edits: readonly SchemaEdit[]): SchemaModification[] {
  if (!Array.isArray(edits)) throw malformed();
  return edits.map(({ operation, kind, values }): SchemaModification => {
    if ((operation !== 'add' && operation !== 'delete') || typeof kind !== 'string') throw malformed();
    if (!Array.isArray(values) || values.length === 0 || !values.every((one) => typeof one === 'string'))
      throw malformed();
    return { operation, attribute: kind, values: values.map(utf8Encode) };
  });
}

function malformed(): LdapError {
  return new LdapError('protocolError', 'the request for a change of schema is malformed');
}

/** The same in the store of a stopped server. Rejects with OperatorError SERVER_RUNNING too. */
export async function changeSchemaOffline(config: ServerConfig, edits: readonly SchemaEdit[]): Promise<void> {
  const store = await openOffline(config.files, true);
  const opened: StoreBackend[] = [];
  try {
    const { base, schema, inactive } = await readWholeSchema(config.files, store);
    await makeSchemaDomain(store, base, commandClock);
    const backend = await openStoppedDomain(config, SCHEMA_BASE, store, schema);
    opened.push(backend);
    for (const domain of config.settings.domains)
      opened.push(await openStoppedDomain(config, domain, store, schema));
    const schemaStore: SchemaStore = {
      backend,
      base,
      entry: () => backend.byUuid(SCHEMA_ENTRY_UUID),
      inactive: () => inactive,
      followed: () => Promise.resolve(),
    };
    const domains = opened.slice(1).map((one) => ({ backend: one }));
    await changeSchema(schemaStore, schema, domains, config.settings['admin.dn'], edits, commandClock);
  } finally {
    for (const backend of opened.reverse()) await backend.close();
    await store.close();
  }
}
