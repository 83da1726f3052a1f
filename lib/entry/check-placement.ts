/**
 * Name forms and DIT structure rules (RFC 4512 section 4.1.7): whether an entry may have its name, and stand where it stands.
 *
 * They govern what they are defined for: a class without a name form is named as anybody likes, a form without a structure rule stands anywhere, and so does
 * the base of a naming context. Entries below a renamed one are not judged again.
 */
import { LdapError } from '../base/ldap-error.js';
import type { NamedRdn } from '../change/change.js';
import type { NameForm, StructureRule } from '../schema/dit-structure.js';
import type { ObjectClass } from '../schema/object-class.js';
import type { Schema } from '../schema/schema.js';
import { structuralClassOf } from './class-profile.js';
import type { Attributes } from './entry.js';

/** An entry and its name. */
export interface NamedAttributes {
  readonly attributes: Attributes;
  readonly rdn: NamedRdn;
}

/** Checks an entry below `parent` (undefined: the base of a naming context). Throws LdapError namingViolation. */
export function checkPlacement(
  entry: NamedAttributes,
  parent: NamedAttributes | undefined,
  schema: Schema,
): void {
  const { nameForms } = schema.ditRules;
  if (nameForms.size === 0) return;
  const structural = structuralClassOf(entry.attributes, schema);
  const forms = structural === undefined ? undefined : nameForms.get(structural);
  if (structural === undefined || forms === undefined) return;
  const fitting = forms.filter((form) => fits(entry.rdn, form, schema));
  if (fitting.length === 0) throw misnamed(structural, forms);
  if (parent === undefined || fitting.some((form) => form.rules.length === 0)) return;
  const above = governing(parent, schema);
  for (const { rules } of fitting) {
    for (const { superiors } of rules) {
      if (superiors.size === 0 || above.some((id) => superiors.has(id))) return;
    }
  }
  const kind = structuralClassOf(parent.attributes, schema)?.name ?? 'no structural class';
  throw new LdapError(
    'namingViolation',
    `the DIT structure rules allow no entry of class '${structural.name}' below one of '${kind}'`,
  );
}

/**
 * The id of the structure rule that governs an entry below `parent` (RFC 4512 section 3.4.6); undefined where none does. Several: the one that is defined first. Nothing is asked for where
 * the schema has no name form.
 */
export function governingRule(
  entry: () => NamedAttributes,
  parent: () => NamedAttributes | undefined,
  schema: Schema,
): string | undefined {
  if (schema.ditRules.nameForms.size === 0) return undefined;
  const rules = rulesOf(entry(), schema);
  if (rules.length === 0) return undefined;
  const above = parent();
  const ids = above === undefined ? undefined : governing(above, schema);
  const stands = ({ superiors }: StructureRule): boolean =>
    ids === undefined || superiors.size === 0 || ids.some((id) => superiors.has(id));
  return rules.find(stands)?.id;
}

/** Ids of the structure rules that the entry's class and name make it subject to. */
function governing(entry: NamedAttributes, schema: Schema): readonly string[] {
  return rulesOf(entry, schema).map(({ id }) => id);
}

function rulesOf({ attributes, rdn }: NamedAttributes, schema: Schema): readonly StructureRule[] {
  const structural = structuralClassOf(attributes, schema);
  const forms = structural === undefined ? undefined : schema.ditRules.nameForms.get(structural);
  return (forms ?? []).filter((form) => fits(rdn, form, schema)).flatMap(({ rules }) => rules);
}

/** Every required type names the entry, and no type that is not allowed to. */
function fits(rdn: NamedRdn, { must, may }: NameForm, schema: Schema): boolean {
  let required = 0;
  for (const { key } of rdn.avas) {
    const type = schema.attributeType(key);
    if (type === undefined) return false;
    if (must.has(type)) required += 1;
    else if (!may.has(type)) return false;
  }
  return required === must.size;
}

function misnamed(structural: ObjectClass, forms: readonly NameForm[]): LdapError {
  const ways = forms.map(({ name, must, may }) => {
    const optional = may.size === 0 ? '' : `, and may be by ${list(may)}`;
    return `by ${list(must)}${optional} (name form '${name}')`;
  });
  return new LdapError(
    'namingViolation',
    `an entry of class '${structural.name}' is named ${ways.join(', or ')}`,
  );
}

function list(types: ReadonlySet<{ readonly name: string }>): string {
  return [...types].map((type) => `'${type.name}'`).join(' and ');
}
