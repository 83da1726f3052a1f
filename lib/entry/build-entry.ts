/**
 * An add request made into an entry's attributes (RFC 4511 section 4.7).
 *
 * The request's attributes, "along with those from the RDN", make up the entry: RDN values that the client left out are added, as that section says (and unlike
 * OpenLDAP, which refuses). Superclasses of the object classes are added too (RFC 4512 section 3.3). One attribute named twice, under
 * whatever names, is refused. Conformance, equal values included, is check-entry.ts.
 */
import { utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { NamedAva, NamedRdn } from '../change/change.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { Schema } from '../schema/schema.js';
import { classProfile, OBJECT_CLASS_KEY } from './class-profile.js';
import type { Attribute, Attributes } from './entry.js';
import type { RawValues } from './modification.js';
import { resolveAttribute, ruleOfAva } from './resolve-attribute.js';
import { holdsValue } from './value-index.js';

/**
 * The attributes of the entry that `list` and the RDN describe, in the list's order. Throws LdapError: undefinedAttributeType,
 * attributeOrValueExists (one attribute twice), protocolError (no values), adminLimitExceeded.
 */
export function buildEntry(list: readonly RawValues[], rdn: NamedRdn, schema: Schema): Attributes {
  if (list.length > LIMITS.attributesPerEntry) {
    throw new LdapError(
      'adminLimitExceeded',
      `an entry may have at most ${LIMITS.attributesPerEntry} attributes`,
    );
  }
  const attributes = new Map<AttributeKey, Attribute>();
  for (const { description, values } of list) {
    const known = resolveAttribute(description, schema);
    if (values.length === 0) {
      throw new LdapError('protocolError', `attribute '${known.text}' is given without a value`);
    }
    if (attributes.has(known.key)) {
      throw new LdapError('attributeOrValueExists', `attribute '${known.text}' is given twice`);
    }
    attributes.set(known.key, { name: known.text, values });
  }
  for (const ava of rdn.avas) addNaming(attributes, ava, schema);
  addSuperclasses(attributes, schema);
  return attributes;
}

function addNaming(attributes: Map<AttributeKey, Attribute>, ava: NamedAva, schema: Schema): void {
  const attribute = attributes.get(ava.key);
  if (attribute === undefined) {
    attributes.set(ava.key, { name: ava.name, values: [ava.value] });
    return;
  }
  const rule = ruleOfAva(ava, schema);
  if (holdsValue(attribute, ava.value, rule)) return;
  attributes.set(ava.key, { name: attribute.name, values: [...attribute.values, ava.value] });
}

function addSuperclasses(attributes: Map<AttributeKey, Attribute>, schema: Schema): void {
  const classes = attributes.get(OBJECT_CLASS_KEY);
  if (classes === undefined) return;
  const { implied } = classProfile(attributes, schema);
  if (implied.length === 0) return;
  const names = implied.map((one) => utf8Encode(one.name));
  attributes.set(OBJECT_CLASS_KEY, { name: classes.name, values: [...classes.values, ...names] });
}
