/**
 * A modify request applied to an entry (RFC 4511 section 4.6, increment: RFC 4525): strictly, step by step, all or nothing.
 *
 * Gives the entry's attributes afterwards and the net effect per attribute as the change record carries it (change/change.ts
 * AttributeChange). Invariant: folding that effect permissively onto the attributes before (clear, remove, add, increment) gives
 * the attributes afterwards. The effect states what the client meant, not only what differs: a replace clears even when the values stay, and a value
 * that was added and deleted again is removed, so that concurrent changes of other servers meet the same intent.
 *
 * Does not check the schema beyond what comparing needs: check-entry.ts does that on the result.
 */
import { unreachable } from '../base/assert.js';
import { utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { type Steps, whole } from '../base/steps.js';
import type { AttributeChange } from '../change/change.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { Schema } from '../schema/schema.js';
import { classProfile, OBJECT_CLASS_KEY } from './class-profile.js';
import type { Attributes } from './entry.js';
import type { EntryModification } from './modification.js';
import { ModifiedAttribute } from './modified-attribute.js';
import { describeAttribute, isKnown, undefinedType } from './resolve-attribute.js';

export interface ModifyOptions {
  /** Adding a value that is there and deleting one that is not succeed without effect (control 1.2.840.113556.1.4.1413). */
  readonly permissive: boolean;
}

export interface ModifyResult {
  /** Attributes afterwards. Those that the request does not name are the same objects. */
  readonly after: Attributes;
  /** One for each attribute that the request names and that it may affect, in the request's order. */
  readonly changes: readonly AttributeChange[];
}

const STRICT_MODIFY: ModifyOptions = { permissive: false };

/**
 * Applies the modifications in order. Throws LdapError: undefinedAttributeType, attributeOrValueExists, noSuchAttribute, constraintViolation,
 * invalidAttributeSyntax (increment), protocolError (wrong number of values).
 */
export function applyModifications(
  before: Attributes,
  modifications: readonly EntryModification[],
  schema: Schema,
  options: ModifyOptions = STRICT_MODIFY,
): ModifyResult {
  return whole(applyModificationsInSteps(before, modifications, schema, options));
}

/** applyModifications() in steps: `before` stays as it is, so nothing else may change the entry until the end. */
export function* applyModificationsInSteps(
  before: Attributes,
  modifications: readonly EntryModification[],
  schema: Schema,
  options: ModifyOptions,
): Steps<ModifyResult> {
  if (modifications.length > LIMITS.modifications) {
    throw new LdapError(
      'adminLimitExceeded',
      `more than ${LIMITS.modifications} modifications in one request`,
    );
  }
  const touched = new Map<AttributeKey, ModifiedAttribute>();
  for (const modification of modifications) {
    const description = describeAttribute(modification.attribute.description, schema);
    if (!isKnown(description) && !isRepair(modification, before.has(description.key))) {
      throw undefinedType(modification.attribute.description);
    }
    let attribute = touched.get(description.key);
    if (attribute === undefined) {
      attribute = new ModifiedAttribute(
        description,
        before.get(description.key),
        schema.equalityOf(description),
        options.permissive,
      );
      touched.set(description.key, attribute);
    }
    yield* applyOne(attribute, modification);
  }
  const classes = touched.get(OBJECT_CLASS_KEY);
  if (classes !== undefined) implySuperclasses(classes, schema);
  return conclude(before, touched);
}

/**
 * RFC 4512 section 3.3: superclasses of the entry's classes are added with them. One that the request deletes by name is not put back:
 * check-entry.ts refuses the result.
 */
function implySuperclasses(classes: ModifiedAttribute, schema: Schema): void {
  const image = classes.image();
  if (image === undefined) return;
  const { implied } = classProfile(new Map([[OBJECT_CLASS_KEY, image]]), schema);
  for (const one of implied) classes.imply(utf8Encode(one.name));
}

/** An attribute that another server's schema knows and ours does not may be deleted, and nothing else. */
function isRepair(modification: EntryModification, present: boolean): boolean {
  if (!present) return false;
  const { operation, attribute } = modification;
  return operation === 'delete' || (operation === 'replace' && attribute.values.length === 0);
}

function* applyOne(attribute: ModifiedAttribute, modification: EntryModification): Steps<void> {
  const { values } = modification.attribute;
  switch (modification.operation) {
    case 'add':
      yield* attribute.addInSteps(values);
      break;
    case 'delete':
      if (values.length === 0) attribute.deleteAll();
      else yield* attribute.deleteInSteps(values);
      break;
    case 'replace':
      yield* attribute.replaceInSteps(values);
      break;
    case 'increment':
      attribute.increment(values);
      break;
    default:
      unreachable(modification.operation);
  }
}

function conclude(before: Attributes, touched: ReadonlyMap<AttributeKey, ModifiedAttribute>): ModifyResult {
  const after = new Map(before);
  const changes: AttributeChange[] = [];
  for (const [key, attribute] of touched) {
    const change = attribute.netEffect();
    if (change === undefined) continue;
    changes.push(change);
    const image = attribute.image();
    if (image === undefined) after.delete(key);
    else after.set(key, image);
  }
  return { after, changes };
}
