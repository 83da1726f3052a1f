/**
 * The schema of a server: the standard files, those in its own schema folder, and what was added over LDAP and stands in its store.
 */
import { storedState } from '../../backend/rows/stored-state.js';
import { must } from '../../base/assert.js';
import { parseDn } from '../../dn/dn-text.js';
import { readSchemaFolder, readStandardSchemaFiles } from '../../io/schema-files.js';
import { ownDefinitions, SCHEMA_ENTRY_UUID } from '../../operation/schema/schema-store.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import { type BuiltSchema, buildServerSchema, type PassedOver } from '../../schema/load-schema.js';
import { extendSchema, type InactiveDefinition, type OwnDefinition } from '../../schema/own-definitions.js';
import type { Schema } from '../../schema/schema.js';
import type { ServerFiles } from '../server-files.js';

/** Base DN of the domain that holds what was added over LDAP. */
export const SCHEMA_BASE = 'cn=schema';

/** The whole schema of a server, for its start and for commands that work on its store. */
export interface ServerSchema {
  /** Installation and schema files. */
  readonly base: Schema;
  /** All that takes effect. */
  readonly schema: Schema;
  readonly inactive: readonly InactiveDefinition[];
  /** Of the schema files, what others define. */
  readonly passedOver: readonly PassedOver[];
}

/** Throws OperatorError SCHEMA_INVALID with all faults. `files`: undefined for the standard schema alone. */
export async function readServerSchema(files: ServerFiles | undefined): Promise<Schema> {
  return (await builtSchema(files)).schema;
}

async function builtSchema(files: ServerFiles | undefined): Promise<BuiltSchema> {
  const standard = await readStandardSchemaFiles();
  return buildServerSchema(standard, files === undefined ? [] : await readSchemaFolder(files.schema));
}

/** Reads files and store. Rejects with OperatorError SCHEMA_INVALID for faults of files, or a StoreError. */
export async function readWholeSchema(
  files: ServerFiles,
  store: OrderedStore | undefined,
): Promise<ServerSchema> {
  const { schema: base, passedOver } = await builtSchema(files);
  const own = store === undefined ? [] : await storedDefinitions(base, store);
  return { base, passedOver, ...extended(base, own) };
}

/** What was added over LDAP, as it stands in a store. Rejects with a StoreError. */
async function storedDefinitions(base: Schema, store: OrderedStore): Promise<readonly OwnDefinition[]> {
  const baseKey = must(base.dnKey(parseDn(SCHEMA_BASE)), 'a well-formed DN');
  const state = await storedState(store, baseKey, SCHEMA_ENTRY_UUID);
  return state === undefined ? [] : ownDefinitions({ attribute: (key) => state.attributes.get(key) });
}

/** A schema object of its own, with these definitions. */
function extended(base: Schema, own: readonly OwnDefinition[]): Pick<ServerSchema, 'schema' | 'inactive'> {
  return own.length === 0 ? { schema: base.copy(), inactive: [] } : extendSchema(base, own);
}
