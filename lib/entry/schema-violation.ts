/**
 * What is wrong with a whole entry (RFC 4512 sections 2.4 and 3.3), for entries that no client checked as they are: the result of a merge.
 *
 * A function of what the entry holds and the schema, whatever the order in which attributes and values came: of several faults always the same one is named.
 * Classes first, then what is missing, then what is too much. Values are not looked at: each was checked when it was added.
 */
import { latin1 } from '../base/bytes.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { Schema } from '../schema/schema.js';
import { allows, type ClassProfile, classProfile, OBJECT_CLASS_KEY } from './class-profile.js';
import type { Attribute, Attributes } from './entry.js';
import { Fraction } from './fraction.js';
import { baseKey } from './option-subtype.js';
import { valueCount } from './value-index.js';

export interface SchemaViolation {
  readonly attribute: AttributeKey;
  /** One sentence without its full stop. */
  readonly reason: string;
}

/**
 * The first fault of an entry, or undefined when it conforms. `attributes`: as shown, the values of the RDN among them. `fraction`: what is held of entries here; what is not
 * held is not missed.
 */
export function findViolation(
  attributes: Attributes,
  schema: Schema,
  fraction: Fraction = Fraction.ALL,
): SchemaViolation | undefined {
  const profile = classProfile(withSortedClasses(attributes), schema);
  const reason = classFault(profile);
  if (reason !== undefined) return { attribute: OBJECT_CLASS_KEY, reason };
  return missing(attributes, profile, fraction.holding(attributes)) ?? excess(attributes, profile, schema);
}

/** The objectClass values alone, in an order of their own: replicas hold them in different orders. */
function withSortedClasses(attributes: Attributes): Attributes {
  const classes = attributes.get(OBJECT_CLASS_KEY);
  if (classes === undefined) return attributes;
  const values = [...classes.values].sort((a, b) => (latin1(a) < latin1(b) ? -1 : 1));
  return new Map<AttributeKey, Attribute>([[OBJECT_CLASS_KEY, { name: classes.name, values }]]);
}

function classFault({
  classes,
  unknown,
  twice,
  implied,
  structural,
  barred,
}: ClassProfile): string | undefined {
  if (unknown[0] !== undefined) return `object class '${unknown[0].slice(0, 64)}' is not in the schema`;
  if (classes.length === 0) return 'the entry has no objectClass';
  if (twice !== undefined) return `object class '${twice.name}' is given twice`;
  if (implied[0] !== undefined) {
    return `object class '${implied[0].name}' is missing, a superclass of classes that the entry has`;
  }
  if (structural.length === 0) return 'the entry has no structural object class';
  if (structural.length === 1 && barred !== undefined) {
    return `the DIT content rule of '${structural[0]?.name ?? ''}' does not allow the auxiliary class '${barred.name}'`;
  }
  if (structural.length === 1) return undefined;
  const names = structural.map((one) => `'${one.name}'`).join(' and ');
  return `structural object classes ${names} do not derive from each other`;
}

function missing(
  attributes: Attributes,
  profile: ClassProfile,
  holds: (key: AttributeKey) => boolean,
): SchemaViolation | undefined {
  let first: SchemaViolation | undefined;
  for (const [type, by] of profile.must) {
    if (attributes.has(type.key) || (first !== undefined && first.attribute < type.key)) continue;
    if (!holds(type.key) || hasWithOptions(attributes, type.key)) continue;
    first = {
      attribute: type.key,
      reason: `object class '${by.name}' requires attribute '${type.name}'`,
    };
  }
  return first;
}

function hasWithOptions(attributes: Attributes, key: AttributeKey): boolean {
  for (const other of attributes.keys()) if (baseKey(other) === key) return true;
  return false;
}

function excess(attributes: Attributes, profile: ClassProfile, schema: Schema): SchemaViolation | undefined {
  let first: SchemaViolation | undefined;
  for (const [key, attribute] of attributes) {
    if (first !== undefined && first.attribute < key) continue;
    const reason = attributeFault(key, attribute, profile, schema);
    if (reason !== undefined) first = { attribute: key, reason };
  }
  return first;
}

function attributeFault(
  key: AttributeKey,
  attribute: Attribute,
  profile: ClassProfile,
  schema: Schema,
): string | undefined {
  const { name } = attribute;
  const type = schema.describe(key)?.type;
  if (type === undefined) return `attribute '${name}' is not in the schema`;
  if (!allows(profile, type)) {
    const classes = profile.structural.map((one) => `'${one.name}'`).join(', ');
    return `attribute '${name}' is not allowed by the entry's object classes (${classes})`;
  }
  const count = type.singleValue ? valueCount(attribute) : 1;
  return count > 1 ? `attribute '${name}' has ${count} values and can have only one` : undefined;
}
