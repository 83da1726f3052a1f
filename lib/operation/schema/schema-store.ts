/** Where definitions that are changed over LDAP are kept: one entry of a domain of its own, which replicates like any other. */
import type { Backend, StoredEntry } from '../../backend/backend.js';
import { utf8Decode } from '../../base/bytes.js';
import type { EntryUuid } from '../../change/change.js';
import type { EntryView } from '../../entry/entry.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { type InactiveDefinition, OWN_KINDS, type OwnDefinition } from '../../schema/own-definitions.js';
import type { Schema } from '../../schema/schema.js';

/** The same on every server. */
export const SCHEMA_ENTRY_UUID = '00000000-0000-0000-0000-00000000005c' as EntryUuid;

export interface SchemaStore {
  /** The domain's backend, as clients may use it. */
  readonly backend: Backend;
  /** Installation and schema files: what cannot be changed. */
  readonly base: Schema;
  /** The entry as it is durably; undefined while it is being copied from a peer. */
  entry(): StoredEntry | undefined;
  /** Definitions that do not fit together with the others. */
  inactive(): readonly InactiveDefinition[];
  /** Resolves when the server's schema is that of the entry. */
  followed(): Promise<void>;
}

/** The definitions that an entry of the schema domain holds. */
export function ownDefinitions(entry: Pick<EntryView, 'attribute'>): readonly OwnDefinition[] {
  const own: OwnDefinition[] = [];
  for (const kind of OWN_KINDS) {
    for (const value of entry.attribute(kind.toLowerCase() as AttributeKey)?.values ?? []) {
      const text = utf8Decode(value);
      if (text !== undefined) own.push({ kind, text });
    }
  }
  return own;
}
