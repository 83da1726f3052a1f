/**
 * Attribute descriptions of update requests: what the schema makes of them, or the refusal.
 */
import { LdapError } from '../base/ldap-error.js';
import type { NamedAva } from '../change/change.js';
import type { AttributeDescription, AttributeType } from '../schema/attribute-type.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import type { Schema } from '../schema/schema.js';

/** A description whose type the schema knows. */
export interface KnownDescription extends AttributeDescription {
  readonly type: AttributeType;
}

/** The description that a client wrote. Throws LdapError undefinedAttributeType when it is malformed or its type unknown. */
export function resolveAttribute(text: string, schema: Schema): KnownDescription {
  const description = describeAttribute(text, schema);
  if (!isKnown(description)) throw undefinedType(text);
  return description;
}

/** As resolveAttribute, but the type may be unknown: stored attributes of another server's schema. */
export function describeAttribute(text: string, schema: Schema): AttributeDescription {
  const description = schema.describe(text);
  if (description !== undefined) return description;
  throw new LdapError(
    'undefinedAttributeType',
    `'${shortened(text)}' is not a well-formed attribute description`,
  );
}

/** How the values of an RDN's attribute compare inside the entry. Throws LdapError namingViolation when its type is malformed. */
export function ruleOfAva(ava: NamedAva, schema: Schema): EqualityRule {
  const description = schema.describe(ava.key);
  if (description !== undefined) return schema.equalityOf(description);
  throw new LdapError('namingViolation', `attribute '${shortened(ava.name)}' cannot name an entry`);
}

export function isKnown(description: AttributeDescription): description is KnownDescription {
  return description.type !== undefined;
}

export function undefinedType(text: string): LdapError {
  return new LdapError('undefinedAttributeType', `attribute '${shortened(text)}' is not in the schema`);
}

function shortened(text: string): string {
  return text.length <= 64 ? text : `${text.slice(0, 61)}...`;
}
