/**
 * cn=schema: the subschema subentry that governs every entry of the server (RFC 4512 section 4.2), made once a schema.
 *
 * Its definitions are operational attributes: clients name them (JNDI, ldap3) or ask for `+`.
 */

import { generalizedTime } from '../backend/computed-attributes.js';
import { parseDn } from '../dn/dn-text.js';
import type { Clock } from '../port/clock.js';
import { DESCRIPTION_KINDS } from '../schema/description.js';
import type { Schema } from '../schema/schema.js';
import { SUBSCHEMA_DN } from './root-dse.js';
import { ListedTree, type VirtualTree, virtualEntry } from './virtual-tree.js';

/** The tree that holds the one subentry. */
export function subschemaTree(schema: Schema, clock: Clock): VirtualTree {
  const made = generalizedTime(clock.wallMs());
  const definitions: Record<string, readonly string[]> = {};
  for (const kind of DESCRIPTION_KINDS) definitions[kind] = schema.definitions(kind);
  for (const kind of ['matchingRules', 'matchingRuleUse', 'ldapSyntaxes'] as const) {
    definitions[kind] = schema.definitions(kind);
  }
  const entry = virtualEntry(
    schema,
    SUBSCHEMA_DN,
    { objectClass: ['top', 'subentry', 'subschema'], cn: 'schema' },
    {
      subtreeSpecification: '{}',
      ...definitions,
      structuralObjectClass: 'subentry',
      entryDN: SUBSCHEMA_DN,
      subschemaSubentry: SUBSCHEMA_DN,
      createTimestamp: made,
      modifyTimestamp: made,
      hasSubordinates: 'FALSE',
      numSubordinates: '0',
    },
  );
  return new ListedTree(schema, parseDn(SUBSCHEMA_DN), false, () => [entry]);
}
