/**
 * What a change of schema takes from entries: attribute types and object classes that go, or mean something else afterwards.
 *
 * Owns the list only; whether any entry uses them is for whoever holds the entries. What entries cannot notice (another description, one more allowed
 * attribute) is not in it.
 */
import { eachInSteps, type Steps } from '../base/steps.js';
import type { AttributeType } from './attribute-type.js';
import type { ObjectClass } from './object-class.js';
import type { Schema } from './schema.js';

/** An element that must not be in use for the change to be made. */
export interface Withdrawal {
  readonly kind: 'attribute' | 'class';
  /** Name in the schema before. */
  readonly name: string;
  /** What happens to it, as the middle of a sentence: `would be removed`. */
  readonly how: string;
}

/** Classes that one step compares: each may allow thousands of types. */
const STEP_CLASSES = 16;

/** The withdrawals between two schemas. */
export function* withdrawals(before: Schema, after: Schema): Steps<readonly Withdrawal[]> {
  const found: Withdrawal[] = [];
  yield* eachInSteps(before.attributeTypes, (type) => {
    const now = after.attributeType(type.oid);
    const how = now === type ? undefined : now === undefined ? 'would be removed' : changedType(type, now);
    if (how !== undefined) found.push({ kind: 'attribute', name: type.name, how });
  });
  yield* eachInSteps(
    before.objectClasses,
    (one) => {
      const now = after.objectClass(one.oid);
      const how = now === one ? undefined : now === undefined ? 'would be removed' : changedClass(one, now);
      if (how !== undefined) found.push({ kind: 'class', name: one.name, how });
    },
    STEP_CLASSES,
  );
  return found;
}

function changedType(was: AttributeType, is: AttributeType): string | undefined {
  if (was.key !== is.key) return 'would get another first name';
  if (was.syntax.oid !== is.syntax.oid) return 'would get another syntax';
  if (was.equality?.name !== is.equality?.name) return 'would get another equality rule';
  if (was.ordering?.name !== is.ordering?.name) return 'would get another ordering rule';
  if (was.substring?.name !== is.substring?.name) return 'would get another substring rule';
  if (!was.singleValue && is.singleValue) return 'would become single-valued';
  if (was.usage !== is.usage) return 'would get another usage';
  if (was.collective !== is.collective) return 'would change between collective and not';
  return undefined;
}

function changedClass(was: ObjectClass, is: ObjectClass): string | undefined {
  if (was.key !== is.key) return 'would get another first name';
  if (was.kind !== is.kind) return `would be ${is.kind}`;
  if (was.standsAlone && !is.standsAlone) return 'could not stand alone any more';
  if (names(was.superiors) !== names(is.superiors)) return 'would get other superiors';
  const required = new Set([...was.must].map((type) => type.oid));
  for (const type of is.must) if (!required.has(type.oid)) return `would require ${type.name}`;
  const allowed = new Set([...is.must, ...is.may].map((type) => type.oid));
  for (const type of [...was.must, ...was.may])
    if (!allowed.has(type.oid)) return `would not allow ${type.name} any more`;
  return undefined;
}

function names(classes: readonly ObjectClass[]): string {
  return classes
    .map((one) => one.oid)
    .sort()
    .join(' ');
}
