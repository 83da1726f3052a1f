/**
 * Export: the entries of a domain as LDIF records, parents before children, with what an import needs to make them again.
 */

import type { StoredEntry } from '../../backend/backend.js';
import { COMPUTED } from '../../backend/rows/computed-attributes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LOST_AND_FOUND_UUID } from '../../conflict/entry-state.js';
import { parseDn } from '../../dn/dn-text.js';
import type { RawValues } from '../../entry/modification.js';
import { compileFilter } from '../../filter/compile-filter.js';
import type { Filter } from '../../filter/filter.js';
import { prepareMatch } from '../../filter/filter-match.js';
import type { LdifRecord } from '../../ldif/ldif-record.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Schema } from '../../schema/schema.js';
import type { ServerConfig } from '../config/read-config.js';
import { readWholeSchema } from '../config/read-schema.js';
import { openOffline } from './offline-store.js';
import type { RecordSelection } from './record-selection.js';
import { openStoppedDomain } from './stopped-domain.js';

/** Operational attributes that an import keeps. */
const KEPT = ['entryUUID', 'createTimestamp', 'creatorsName', 'modifyTimestamp', 'modifiersName'];

export type ExportScope = 'base' | 'one' | 'sub';

export interface ExportRequest {
  /** Text of the base DN of the domain. */
  readonly domain: string;
  /** Where the export begins; absent: at the domain's base. */
  readonly root?: string | undefined;
  readonly scope: ExportScope;
  readonly filter: Filter | undefined;
  /** Without operational attributes. */
  readonly userOnly: boolean;
  /** Branches and attributes, once the schema is known. */
  select?(schema: Schema): RecordSelection;
}

/** Entries of a stopped server. Rejects with OperatorError SERVER_RUNNING, or LdapError noSuchObject for a root that there is not. */
export async function* exportEntries(
  config: ServerConfig,
  request: ExportRequest,
): AsyncGenerator<LdifRecord> {
  const { files } = config;
  const store = await openOffline(files, false);
  try {
    const { schema } = await readWholeSchema(files, store);
    const baseDn = parseDn(request.domain);
    const backend = await openStoppedDomain(config, request.domain, store, schema);
    const matches =
      request.filter === undefined ? undefined : prepareMatch(compileFilter(request.filter, schema));
    const selection = request.select?.(schema);
    const root = backend.byDn(request.root === undefined ? baseDn : parseDn(request.root));
    if (root === undefined && request.root !== undefined)
      throw new LdapError('noSuchObject', `there is no entry ${request.root}`);
    if (root !== undefined)
      for await (const entry of within(backend, root, request.scope)) {
        if (matches !== undefined && matches(entry) !== true) continue;
        const record = recordOf(entry, request.userOnly);
        const taken = selection === undefined ? record : selection.record(record);
        if (taken !== undefined) yield taken;
      }
    await backend.close();
  } finally {
    await store.close();
  }
}

/** The entries of a scope, parents first. */
async function* within(tree: Tree, root: StoredEntry, scope: ExportScope): AsyncGenerator<StoredEntry> {
  if (scope === 'sub') yield* walkEntries(tree, root);
  else if (scope === 'base') yield root;
  else
    for await (const slice of tree.children(root))
      for (const child of slice) if (child.uuid !== LOST_AND_FOUND_UUID) yield child;
}

interface Tree {
  children(entry: StoredEntry): AsyncIterable<readonly StoredEntry[]>;
}

/** Depth first; no deeper than DNs are long. The derived container is left out: its entries follow under their own names. */
export async function* walkEntries(tree: Tree, entry: StoredEntry): AsyncGenerator<StoredEntry> {
  if (entry.uuid !== LOST_AND_FOUND_UUID) yield entry;
  for await (const slice of tree.children(entry)) for (const child of slice) yield* walkEntries(tree, child);
}

/** An entry as a record, with the operational attributes that an import keeps unless `userOnly`. */
export function recordOf(entry: StoredEntry, userOnly: boolean): LdifRecord {
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
