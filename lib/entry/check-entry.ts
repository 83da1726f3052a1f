/**
 * Schema conformance (RFC 4512 sections 2.4, 2.5, 3.3; RFC 4511 sections 4.6, 4.7): whether an entry may be stored as a client wants it.
 *
 * The one maker of CheckedEntry: what a local write stores has passed here. A new entry is checked whole. A modified one is checked in what the
 * request changed: an entry that a merge left outside the schema can be mended step by step, and a large attribute costs its changed values
 * only. Every refusal names the attribute or class and, where there is one, the remedy.
 */
import { must } from '../base/assert.js';
import { utf8Decode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { LONG_OCTETS, StepMeter, type Steps, whole } from '../base/steps.js';
import type { AttributeChange, NamedRdn } from '../change/change.js';
import type { AttributeKey, AttributeType } from '../schema/attribute-type.js';
import { equalityRule } from '../schema/equality-rules.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import type { ObjectClass } from '../schema/object-class.js';
import type { Schema } from '../schema/schema.js';
import { passesInSteps } from '../schema/syntax-checks.js';
import { allows, type ClassProfile, classProfile, OBJECT_CLASS_KEY } from './class-profile.js';
import type { Attribute, Attributes } from './entry.js';
import type { EntryModification } from './modification.js';
import { baseKey } from './option-subtype.js';
import { describeAttribute, isKnown, ruleOfAva, undefinedType } from './resolve-attribute.js';
import { holdsValue, type ValueKey, valueCount, valueKey } from './value-index.js';

/** What an operator or a control may relax. */
export interface EntryPolicy {
  /** Values must be of their attribute's syntax. */
  readonly syntax: boolean;
  /** Attributes with NO-USER-MODIFICATION may be given (import, relax rules). */
  readonly operational: boolean;
  /** groupOfNames and groupOfUniqueNames may be without members. */
  readonly emptyGroups: boolean;
  /** A modify may change the structural class. */
  readonly structuralChange: boolean;
}

export const STRICT_POLICY: EntryPolicy = {
  syntax: true,
  operational: false,
  emptyGroups: false,
  structuralChange: false,
};

declare const checked: unique symbol;

/** Attributes of an entry that conforms to the schema. */
export interface CheckedEntry {
  readonly attributes: Attributes;
  readonly [checked]: true;
}

/**
 * Checks an entry to be added. Throws LdapError: objectClassViolation,
 * undefinedAttributeType, invalidAttributeSyntax, constraintViolation, attributeOrValueExists, namingViolation, adminLimitExceeded.
 */
export function checkNewEntry(
  attributes: Attributes,
  rdn: NamedRdn,
  schema: Schema,
  policy: EntryPolicy = STRICT_POLICY,
): CheckedEntry {
  return whole(checkNewInSteps(attributes, rdn, schema, policy));
}

/** checkNewEntry() in steps. */
export function* checkNewInSteps(
  attributes: Attributes,
  rdn: NamedRdn,
  schema: Schema,
  policy: EntryPolicy,
): Steps<CheckedEntry> {
  if (attributes.size > LIMITS.attributesPerEntry) {
    throw new LdapError(
      'adminLimitExceeded',
      `an entry may have at most ${LIMITS.attributesPerEntry} attributes`,
    );
  }
  const profile = classProfile(attributes, schema);
  checkClasses(profile);
  for (const [key, attribute] of attributes) {
    const type = knownType(key, attribute.name, schema);
    checkUserModification(type, attribute.name, policy);
    if (key === OBJECT_CLASS_KEY && policy.syntax && SOUND_CLASSES.has(profile)) continue;
    checkAllowed(type, attribute.name, profile);
    checkSingle(type, attribute);
    yield* checkSyntax(type, attribute.name, attribute.values, policy);
    if (attribute.values.length > 1) yield* checkDistinct(attribute, ruleOf(type));
    if (key === OBJECT_CLASS_KEY && policy.syntax) SOUND_CLASSES.add(profile);
  }
  checkMust(attributes, profile, policy);
  checkRdn(attributes, rdn, schema, 'namingViolation');
  return makeChecked(attributes);
}

/**
 * Checks what a modify or a rename makes of an entry. `rdn` is the name afterwards; `changes` are the net effects that lead from `before` to
 * `after`. Throws as checkNewEntry, and notAllowedOnRDN, objectClassModsProhibited.
 */
export function checkModifiedEntry(
  before: Attributes,
  after: Attributes,
  changes: readonly AttributeChange[],
  rdn: NamedRdn,
  schema: Schema,
  policy: EntryPolicy = STRICT_POLICY,
): CheckedEntry {
  return whole(checkModifiedInSteps(before, after, changes, rdn, schema, policy));
}

/** checkModifiedEntry() in steps. */
export function* checkModifiedInSteps(
  before: Attributes,
  after: Attributes,
  changes: readonly AttributeChange[],
  rdn: NamedRdn,
  schema: Schema,
  policy: EntryPolicy,
): Steps<CheckedEntry> {
  const profile = classProfile(after, schema);
  const reclassified = changes.some((change) => change.key === OBJECT_CLASS_KEY);
  if (reclassified) {
    checkClasses(profile);
    if (!policy.structuralChange) checkSameStructural(classProfile(before, schema), profile);
  }
  for (const change of changes) yield* checkChange(change, after.get(change.key), profile, schema, policy);
  if (reclassified) checkAllAllowed(after, profile, schema);
  checkRdn(after, rdn, schema, 'notAllowedOnRDN', changes);
  checkMust(after, profile, policy, reclassified ? undefined : changes);
  if (after.size > LIMITS.attributesPerEntry && after.size > before.size) {
    throw new LdapError(
      'adminLimitExceeded',
      `an entry may have at most ${LIMITS.attributesPerEntry} attributes`,
    );
  }
  return makeChecked(after);
}

/** Profiles whose values passed every check of objectClass: a profile stands for exactly these values. */
const SOUND_CLASSES = new WeakSet<ClassProfile>();

function makeChecked(attributes: Attributes): CheckedEntry {
  return { attributes } as CheckedEntry;
}

function* checkChange(
  change: AttributeChange,
  after: Attribute | undefined,
  profile: ClassProfile,
  schema: Schema,
  policy: EntryPolicy,
): Steps<void> {
  const description = schema.describe(change.key);
  const type = description?.type;
  if (type !== undefined) checkUserModification(type, change.name, policy);
  if (after === undefined) return;
  if (type === undefined) {
    // Unknown to us, known to another server: it may shrink, not grow.
    if (change.add.length > 0 || change.increment !== 0n) throw undefinedType(change.name);
    return;
  }
  checkNoRange(description?.options ?? [], change.name);
  checkAllowed(type, change.name, profile);
  checkSingle(type, after);
  yield* checkSyntax(type, change.name, change.add, policy);
}

function knownType(key: AttributeKey, name: string, schema: Schema): AttributeType {
  const description = schema.describe(key);
  if (description === undefined || !isKnown(description)) throw undefinedType(name);
  checkNoRange(description.options, name);
  return description.type;
}

/** A language range asks for attributes; no entry has it (RFC 3866 section 3). */
function checkNoRange(options: readonly string[], name: string): void {
  if (!options.some((option) => option.endsWith('-'))) return;
  throw new LdapError(
    'undefinedAttributeType',
    `'${name}' is a range of options, which no attribute can have`,
  );
}

function checkClasses(profile: ClassProfile): void {
  if (profile.unknown.length > 0) {
    throw violation(`object class '${profile.unknown[0]}' is not in the schema`);
  }
  if (profile.classes.length === 0) throw violation('the entry has no objectClass');
  if (profile.twice !== undefined) {
    throw new LdapError('attributeOrValueExists', `object class '${profile.twice.name}' is given twice`);
  }
  const [implied] = profile.implied;
  if (implied !== undefined) {
    throw violation(`object class '${implied.name}' is missing, a superclass of classes that the entry has`);
  }
  if (profile.barred !== undefined) {
    throw violation(
      `the DIT content rule of '${profile.structural[0]?.name ?? ''}' does not allow the auxiliary class '${profile.barred.name}'`,
    );
  }
  if (profile.structural.length === 0) throw violation('the entry has no structural object class');
  if (profile.structural.length > 1) {
    const names = profile.structural.map((one) => `'${one.name}'`).join(' and ');
    throw violation(`structural object classes ${names} do not derive from each other`);
  }
}

function checkSameStructural(before: ClassProfile, after: ClassProfile): void {
  const [was] = before.structural;
  const [is] = after.structural;
  // An entry that a merge left without one structural class may be mended.
  if (before.structural.length !== 1 || was === undefined || is === undefined || was === is) return;
  // What only stood in for a structural class gives way to one.
  if (was.kind === 'auxiliary') return;
  throw new LdapError(
    'objectClassModsProhibited',
    `the structural object class cannot change from '${was.name}' to '${is.name}'`,
  );
}

function checkUserModification(type: AttributeType, name: string, policy: EntryPolicy): void {
  if (!type.noUserModification || policy.operational) return;
  throw new LdapError('constraintViolation', `attribute '${name}' is maintained by the server`);
}

function checkAllowed(type: AttributeType, name: string, profile: ClassProfile): void {
  if (allows(profile, type)) return;
  if (profile.precluded.has(type)) {
    throw violation(
      `attribute '${name}' is precluded by the DIT content rule of '${profile.structural[0]?.name ?? ''}'`,
    );
  }
  if (type.collective) throw notCollective(name);
  const classes = profile.structural.map((one) => `'${one.name}'`).join(', ');
  throw violation(
    `attribute '${name}' is not allowed by the entry's object classes (${classes || 'none structural'})`,
  );
}

function notCollective(name: string): LdapError {
  return new LdapError(
    'constraintViolation',
    `attribute '${name}' is collective: it is written in a subentry of class 'collectiveAttributeSubentry', not in the entries that it is for`,
  );
}

/**
 * Throws LdapError constraintViolation where a modify would take values from an entry that another one, a collective subentry, gives it (RFC 3671 section 2): such values are not its own.
 */
export function checkCollective(
  before: Attributes,
  modifications: readonly EntryModification[],
  schema: Schema,
): void {
  for (const { operation, attribute } of modifications) {
    if (operation === 'add') continue;
    const { type, key, text } = describeAttribute(attribute.description, schema);
    if (type?.collective !== true || before.has(key) || classProfile(before, schema).collective) continue;
    throw notCollective(text);
  }
}

function checkAllAllowed(attributes: Attributes, profile: ClassProfile, schema: Schema): void {
  for (const [key, attribute] of attributes) {
    const type = schema.describe(key)?.type;
    if (type !== undefined) checkAllowed(type, attribute.name, profile);
  }
}

function checkSingle(type: AttributeType, attribute: Attribute): void {
  if (!type.singleValue || valueCount(attribute) <= 1) return;
  throw new LdapError('constraintViolation', `attribute '${attribute.name}' can have only one value`);
}

function* checkSyntax(
  type: AttributeType,
  name: string,
  values: readonly Uint8Array[],
  policy: EntryPolicy,
): Steps<void> {
  if (!policy.syntax) return;
  const meter = new StepMeter();
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as Uint8Array;
    if (meter.isFull(value.length)) yield;
    const { isValid } = type.syntax;
    if (value.length < LONG_OCTETS ? isValid(value) : yield* passesInSteps(isValid, value)) continue;
    throw new LdapError(
      'invalidAttributeSyntax',
      `value ${i + 1} of attribute '${name}' is not of syntax ${type.syntax.description}`,
    );
  }
}

/** How values of a type compare within an entry. */
function ruleOf(type: AttributeType): EqualityRule {
  return type.equality ?? must(equalityRule('octetStringMatch'), 'octetStringMatch is a built-in rule');
}

/** Whether two of the values are equal. */
export function hasTwins(values: readonly Uint8Array[], type: AttributeType): boolean {
  const rule = ruleOf(type);
  return new Set(values.map((value) => valueKey(value, rule))).size < values.length;
}

function* checkDistinct(attribute: Attribute, rule: EqualityRule): Steps<void> {
  const seen = new Set<ValueKey>();
  const meter = new StepMeter();
  for (let i = 0; i < attribute.values.length; i++) {
    const value = attribute.values[i] as Uint8Array;
    if (meter.isFull(value.length)) yield;
    const key = valueKey(value, rule);
    if (seen.has(key)) {
      throw new LdapError(
        'attributeOrValueExists',
        `value ${i + 1} of attribute '${attribute.name}' equals an earlier one`,
      );
    }
    seen.add(key);
  }
}

/** `changes`: only what they took away can be missing. */
function checkMust(
  attributes: Attributes,
  profile: ClassProfile,
  policy: EntryPolicy,
  changes?: readonly AttributeChange[],
): void {
  if (changes === undefined) {
    for (const [type, by] of profile.must) checkRequired(attributes, type, by, policy);
    return;
  }
  for (const change of changes) {
    if (attributes.has(change.key)) continue;
    const base = baseKey(change.key);
    for (const [type, by] of profile.must) {
      if (type.key === base) checkRequired(attributes, type, by, policy);
    }
  }
}

function checkRequired(
  attributes: Attributes,
  type: AttributeType,
  by: ObjectClass,
  policy: EntryPolicy,
): void {
  if (attributes.has(type.key)) return;
  // Only an entry with options in its keys needs the second look.
  for (const key of attributes.keys()) if (baseKey(key) === type.key) return;
  if (policy.emptyGroups && MEMBER_KEYS.has(type.key)) return;
  throw violation(`object class '${by.name}' requires attribute '${type.name}'`);
}

const MEMBER_KEYS: ReadonlySet<string> = new Set(['member', 'uniquemember']);

/** Every value of the RDN is a value of the entry, of an attribute that can name entries. */
function checkRdn(
  attributes: Attributes,
  rdn: NamedRdn,
  schema: Schema,
  result: 'namingViolation' | 'notAllowedOnRDN',
  changes?: readonly AttributeChange[],
): void {
  const named = new Set<AttributeKey>();
  for (const ava of rdn.avas) {
    if (named.has(ava.key)) {
      throw new LdapError('namingViolation', `the RDN names attribute '${ava.name}' twice`);
    }
    named.add(ava.key);
    if (changes !== undefined && !changes.some((change) => change.key === ava.key)) continue;
    const rule = ruleOfAva(ava, schema);
    if (schema.describe(ava.key)?.type === undefined) {
      throw new LdapError('namingViolation', `attribute '${ava.name}' of the RDN is not in the schema`);
    }
    if (!holdsValue(attributes.get(ava.key), ava.value, rule)) {
      const value = utf8Decode(ava.value);
      const shown = value === undefined || value.length > 64 ? 'value' : `value '${value}'`;
      throw new LdapError(
        result,
        `the RDN's ${shown} must stay among the values of attribute '${ava.name}'; rename the entry instead`,
      );
    }
  }
}

function violation(reason: string): LdapError {
  return new LdapError('objectClassViolation', reason);
}
