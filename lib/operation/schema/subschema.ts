/**
 * cn=schema: the subschema subentry that governs every entry of the server (RFC 4512 section 4.2).
 *
 * It shows the whole schema, made anew when that changes, and takes modify requests (modify-schema.ts). Its definitions are operational attributes: clients
 * name them (JNDI, ldap3) or ask for `+`. Times, the author of the last change, and the entity tag, are those of the stored entry that holds what was added.
 */
import { generalizedTime } from '../../backend/rows/computed-attributes.js';
import type { Dn } from '../../dn/dn.js';
import { parseDn } from '../../dn/dn-text.js';
import type { SearchScope } from '../../ldap/message.js';
import type { Clock } from '../../port/clock.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { DESCRIPTION_KINDS } from '../../schema/description.js';
import type { Schema } from '../../schema/schema.js';
import type { Answer, Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { SUBSCHEMA_DN } from '../trees/root-dse.js';
import {
  ListedTree,
  type NamedEntry,
  type VirtualCandidates,
  type VirtualTree,
  type VirtualValues,
  virtualEntry,
} from '../trees/virtual-tree.js';
import { modifySchema } from './modify-schema.js';
import type { SchemaStore } from './schema-store.js';

/** Of the stored entry at all times: the same on all servers, and before every change of it (schema-genesis.ts). */
const CREATED = 'createTimestamp';

/** Attributes of the stored entry that the shown one has too, once somebody has changed the schema: until then its time is that of the start. */
const CHANGED = ['modifyTimestamp', 'modifiersName', 'entryUUID', 'etag', 'entryCSN'] as const;

/** The tree that holds the one subentry. */
export class SubschemaTree implements VirtualTree {
  readonly baseDn = parseDn(SUBSCHEMA_DN);
  readonly monitorOnly = false;
  readonly #schema: Schema;
  readonly #store: SchemaStore | undefined;
  readonly #made: string;
  readonly #tree: ListedTree;
  #shown: { readonly version: number; readonly stored: unknown; readonly entry: NamedEntry } | undefined;

  constructor(schema: Schema, store: SchemaStore | undefined, clock: Clock) {
    this.#schema = schema;
    this.#store = store;
    this.#made = generalizedTime(clock.wallMs());
    this.#tree = new ListedTree(schema, this.baseDn, false, () => [this.entry()]);
  }

  /** The subentry as it is now. */
  entry(): NamedEntry {
    const { version } = this.#schema;
    const stored = this.#store?.entry();
    if (this.#shown?.version === version && this.#shown.stored === stored) return this.#shown.entry;
    const entry = this.#make();
    this.#shown = { version, stored, entry };
    return entry;
  }

  holds(dn: Dn): boolean {
    return this.#tree.holds(dn);
  }

  search(base: Dn, scope: SearchScope): VirtualCandidates {
    return this.#tree.search(base, scope);
  }

  modify(parts: ServerParts, operation: Operation): Promise<Answer> {
    return modifySchema(parts, operation, this.entry());
  }

  #make(): NamedEntry {
    const operational: Record<string, VirtualValues> = {
      subtreeSpecification: '{}',
      structuralObjectClass: 'subentry',
      entryDN: SUBSCHEMA_DN,
      subschemaSubentry: SUBSCHEMA_DN,
      createTimestamp: this.#made,
      modifyTimestamp: this.#made,
      hasSubordinates: 'FALSE',
      numSubordinates: '0',
    };
    for (const kind of DESCRIPTION_KINDS) operational[kind] = this.#schema.definitions(kind);
    const stored = this.#store?.entry();
    if (stored !== undefined) {
      const isChanged = stored.state.modified.csn !== stored.state.created.csn;
      for (const name of isChanged ? [CREATED, ...CHANGED] : [CREATED]) {
        const attribute = stored.attribute(name.toLowerCase() as AttributeKey);
        if (attribute !== undefined) operational[name] = attribute.values;
      }
    }
    return virtualEntry(
      this.#schema,
      SUBSCHEMA_DN,
      { objectClass: ['top', 'subentry', 'subschema'], cn: 'schema' },
      operational,
    );
  }
}
