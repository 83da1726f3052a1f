/**
 * DIT content rules, name forms and DIT structure rules, resolved (RFC 4512 sections 4.1.6 and 4.1.7), as entries are judged by them.
 *
 * Owns lookups only: dit-rules.ts has checked the references, entry/ applies the rules. Obsolete ones govern nothing.
 */
import type { Steps } from '../base/steps.js';
import type { AttributeType } from './attribute-type.js';
import { type Description, displayName, field, fieldValues, hasField } from './description.js';
import type { NameTable } from './name-table.js';
import type { ObjectClass } from './object-class.js';
import type { SourcedDescription } from './schema-fault.js';

/** What entries of one structural class may be besides it (RFC 4512 section 4.1.6). */
export interface ContentRule {
  readonly name: string;
  /** Auxiliary classes that are allowed, with their superclasses. */
  readonly auxiliary: ReadonlySet<ObjectClass>;
  readonly must: readonly AttributeType[];
  readonly may: readonly AttributeType[];
  readonly not: ReadonlySet<AttributeType>;
}

/** How entries of one structural class are named (RFC 4512 section 4.1.7.2). */
export interface NameForm {
  readonly name: string;
  readonly must: ReadonlySet<AttributeType>;
  readonly may: ReadonlySet<AttributeType>;
  /** Structure rules for entries that are named by the form. */
  readonly rules: readonly StructureRule[];
}

/** Below what such entries may stand (RFC 4512 section 4.1.7.1). */
export interface StructureRule {
  readonly id: string;
  /** Rules that may govern the parent; none: anywhere. */
  readonly superiors: ReadonlySet<string>;
}

export interface DitRules {
  readonly contentRules: ReadonlyMap<ObjectClass, ContentRule>;
  readonly nameForms: ReadonlyMap<ObjectClass, readonly NameForm[]>;
}

/** The rules among `sources`; a reference that leads nowhere is left out (it was told as a fault). */
export function* buildDitRules(
  sources: readonly SourcedDescription[],
  types: NameTable<AttributeType>,
  classes: NameTable<ObjectClass>,
): Steps<DitRules> {
  const contentRules = new Map<ObjectClass, ContentRule>();
  const nameForms = new Map<ObjectClass, NameForm[]>();
  const rules = structureRules(sources);
  for (const { description } of sources) {
    if (hasField(description, 'OBSOLETE')) continue;
    if (description.kind === 'dITContentRules') {
      yield;
      const structural = classes.get(description.id);
      if (structural !== undefined) contentRules.set(structural, contentRule(description, types, classes));
    } else if (description.kind === 'nameForms') {
      yield;
      const structural = classes.get(field(description, 'OC') ?? '');
      if (structural === undefined) continue;
      const form: NameForm = {
        name: displayName(description),
        must: new Set(resolve(description, 'MUST', types)),
        may: new Set(resolve(description, 'MAY', types)),
        rules: [description.id, ...fieldValues(description, 'NAME')].flatMap(
          (name) => rules.get(name.toLowerCase()) ?? [],
        ),
      };
      const forms = nameForms.get(structural);
      if (forms === undefined) nameForms.set(structural, [form]);
      else forms.push(form);
    }
  }
  return { contentRules, nameForms };
}

/** Structure rules by the form that they name. */
function structureRules(sources: readonly SourcedDescription[]): ReadonlyMap<string, StructureRule[]> {
  const byForm = new Map<string, StructureRule[]>();
  for (const { description } of sources) {
    if (description.kind !== 'dITStructureRules' || hasField(description, 'OBSOLETE')) continue;
    const form = (field(description, 'FORM') ?? '').toLowerCase();
    const rule = { id: description.id, superiors: new Set(fieldValues(description, 'SUP')) };
    const rules = byForm.get(form);
    if (rules === undefined) byForm.set(form, [rule]);
    else rules.push(rule);
  }
  return byForm;
}

function contentRule(
  description: Description,
  types: NameTable<AttributeType>,
  classes: NameTable<ObjectClass>,
): ContentRule {
  const auxiliary = new Set<ObjectClass>();
  for (const name of fieldValues(description, 'AUX')) {
    const one = classes.get(name);
    if (one !== undefined) auxiliary.add(one);
  }
  // A set grows while it is walked: superclasses of superclasses are reached too.
  for (const one of auxiliary) for (const superior of one.superiors) auxiliary.add(superior);
  return {
    name: displayName(description),
    auxiliary,
    must: resolve(description, 'MUST', types),
    may: resolve(description, 'MAY', types),
    not: new Set(resolve(description, 'NOT', types)),
  };
}

function resolve(
  description: Description,
  keyword: string,
  types: NameTable<AttributeType>,
): readonly AttributeType[] {
  return fieldValues(description, keyword)
    .map((name) => types.get(name))
    .filter((type) => type !== undefined);
}
