/**
 * What a set of object classes asks of an entry (RFC 4512 sections 2.4, 3.3 and 4.1.6): its structural class, what it must and may hold, and what the DIT
 * content rule of the structural class changes in that.
 *
 * Profiles depend only on the class names and the schema; most entries of a directory share a few sets, so profiles are kept, bounded, beside
 * their schema. Faults are part of a profile: reading one never throws.
 */
import { equalByteLists, latin1, utf8Decode } from '../base/bytes.js';
import type { AttributeKey, AttributeType } from '../schema/attribute-type.js';
import type { ContentRule } from '../schema/dit-structure.js';
import { type ObjectClass, standingAlone } from '../schema/object-class.js';
import type { Schema } from '../schema/schema.js';
import type { Attributes } from './entry.js';

export const OBJECT_CLASS_KEY = 'objectclass' as AttributeKey;
const EXTENSIBLE_OBJECT_OID = '1.3.6.1.4.1.1466.101.120.111';
const COLLECTIVE_SUBENTRY_OID = '2.5.17.2';
const SUBENTRY_OID = '2.5.17.0';
const KEPT_PROFILES = 1000;
/** An entry with more classes than this is not worth a place. */
const KEPT_CLASSES = 64;
const NONE: ReadonlySet<AttributeType> = new Set();

export interface ClassProfile {
  /** Classes named, in the entry's order; the unknown are left out. */
  readonly classes: readonly ObjectClass[];
  /** Values that name no class of the schema. */
  readonly unknown: readonly string[];
  /** Two values that name one class. */
  readonly twice: ObjectClass | undefined;
  /** Superclasses of the classes that no value names, nearest first. */
  readonly implied: readonly ObjectClass[];
  /** Most derived structural classes, or an auxiliary one that stands alone: exactly one in a sound entry. */
  readonly structural: readonly ObjectClass[];
  /** Required types, each with the class that requires it. */
  readonly must: ReadonlyMap<AttributeType, ObjectClass>;
  /** Attributes that the content rule precludes; they are not in `allowed`. */
  readonly precluded: ReadonlySet<AttributeType>;
  /** An auxiliary class that the content rule does not allow. */
  readonly barred: ObjectClass | undefined;
  /** Required and allowed types. */
  readonly allowed: ReadonlySet<AttributeType>;
  /** extensibleObject: every user attribute is allowed (RFC 4512 section 4.3). */
  readonly extensible: boolean;
  /** A collective subentry: collective attributes are allowed, and nowhere else (RFC 3671 section 2.1). */
  readonly collective: boolean;
}

interface KeptProfiles {
  readonly version: number;
  readonly profiles: Map<string, ClassProfile>;
  /** The one asked for last, and copies of its values: neighbours in a load, and one entry looked at twice, have the same. */
  last: { readonly values: readonly Uint8Array[]; readonly profile: ClassProfile } | undefined;
}

const kept = new WeakMap<Schema, KeptProfiles>();

/** The profile of an entry's objectClass values; that of no classes when it has none. */
export function classProfile(attributes: Attributes, schema: Schema): ClassProfile {
  const values = attributes.get(OBJECT_CLASS_KEY)?.values ?? [];
  let beside = kept.get(schema);
  if (beside === undefined || beside.version !== schema.version) {
    beside = { version: schema.version, profiles: new Map(), last: undefined };
    kept.set(schema, beside);
  }
  const { profiles, last } = beside;
  if (last !== undefined && equalByteLists(last.values, values)) return last.profile;
  if (values.length > KEPT_CLASSES) return makeProfile(values, schema);
  // With their lengths: no other values have this key.
  const key = values.map((value) => `${value.length} ${latin1(value)}`).join(' ');
  let profile = profiles.get(key);
  if (profile === undefined) {
    profile = makeProfile(values, schema);
    if (profiles.size >= KEPT_PROFILES) profiles.clear();
    profiles.set(key, profile);
  }
  beside.last = { values: values.map((value) => value.slice()), profile };
  return profile;
}

/** Whether the entry's classes let it hold the attribute. DIT content rules decide before all else. */
export function allows(profile: ClassProfile, type: AttributeType): boolean {
  if (type.operational || type.key === OBJECT_CLASS_KEY) return true;
  if (profile.precluded.has(type)) return false;
  return type.collective ? profile.collective : profile.extensible || profile.allowed.has(type);
}

/** The value of structuralObjectClass (RFC 4512 section 3.4.8); undefined while the classes do not determine one. */
export function structuralClassOf(attributes: Attributes, schema: Schema): ObjectClass | undefined {
  const { structural } = classProfile(attributes, schema);
  return structural.length === 1 ? structural[0] : undefined;
}

function makeProfile(values: readonly Uint8Array[], schema: Schema): ClassProfile {
  const classes: ObjectClass[] = [];
  const unknown: string[] = [];
  let twice: ObjectClass | undefined;
  for (const value of values) {
    const name = utf8Decode(value);
    const found = name === undefined ? undefined : schema.objectClass(name);
    if (found === undefined) unknown.push(name ?? '(not text)');
    else if (classes.includes(found)) twice = found;
    else classes.push(found);
  }
  const all = new Set(classes.flatMap((one) => [...schema.superclasses(one)]));
  const must = new Map<AttributeType, ObjectClass>();
  const allowed = new Set<AttributeType>();
  for (const one of all) {
    for (const type of one.must) {
      if (!must.has(type)) must.set(type, one);
      allowed.add(type);
    }
    for (const type of one.may) allowed.add(type);
  }
  const structural = structuralOf(all, schema);
  const [only] = structural;
  const rule = structural.length !== 1 || only === undefined ? undefined : contentRuleOf(only, schema);
  if (rule !== undefined && only !== undefined) {
    for (const type of rule.must) if (!must.has(type)) must.set(type, only);
    for (const type of [...rule.must, ...rule.may]) allowed.add(type);
    for (const type of rule.not) allowed.delete(type);
  }
  return {
    classes,
    unknown,
    twice,
    implied: [...all].filter((one) => !classes.includes(one)),
    structural,
    precluded: rule?.not ?? NONE,
    barred:
      rule === undefined
        ? undefined
        : [...all].find((one) => one.kind === 'auxiliary' && !rule.auxiliary.has(one)),
    must,
    allowed,
    extensible: [...all].some((one) => one.oid === EXTENSIBLE_OBJECT_OID),
    collective: [COLLECTIVE_SUBENTRY_OID, SUBENTRY_OID].every((oid) =>
      [...all].some((one) => one.oid === oid),
    ),
  };
}

function contentRuleOf(structural: ObjectClass, schema: Schema): ContentRule | undefined {
  return schema.ditRules.contentRules.get(structural);
}

function structuralOf(all: ReadonlySet<ObjectClass>, schema: Schema): readonly ObjectClass[] {
  const structural = mostDerived(
    [...all].filter((one) => one.kind === 'structural'),
    schema,
  );
  const alone = structural.length === 0 ? standingAlone(all) : undefined;
  return alone === undefined ? structural : [alone];
}

function mostDerived(structural: readonly ObjectClass[], schema: Schema): ObjectClass[] {
  return structural.filter(
    (one) => !structural.some((other) => other !== one && schema.isSubclass(other, one)),
  );
}
