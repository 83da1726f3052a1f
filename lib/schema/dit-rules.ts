/**
 * References of matching rules, rule uses, name forms, DIT content rules and DIT structure rules (RFC 4512 sections 4.1.3 to 4.1.7).
 *
 * References only: dit-structure.ts resolves what governs entries.
 */
import type { Steps } from '../base/steps.js';
import type { AttributeType } from './attribute-type.js';
import { field, fieldValues } from './description.js';
import { extensibleRule } from './extensible-rules.js';
import type { NameTable } from './name-table.js';
import type { ObjectClass, ObjectClassKind } from './object-class.js';
import type { SchemaFaults, SourcedDescription } from './schema-fault.js';

/** Reports every reference that leads nowhere or to the wrong kind. */
export function* checkDitRules(
  sources: readonly SourcedDescription[],
  types: NameTable<AttributeType>,
  classes: NameTable<ObjectClass>,
  faults: SchemaFaults,
): Steps<void> {
  const forms = namesOf(sources, 'nameForms');
  const rules = namesOf(sources, 'dITStructureRules');
  for (const sourced of sources) {
    switch (sourced.description.kind) {
      case 'matchingRules':
        if (extensibleRule(sourced.description.id) === undefined)
          faults.of(sourced, 'is not built in, and a rule is code.');
        break;
      case 'matchingRuleUse':
        checkAttributes(sourced, ['APPLIES'], types, faults);
        break;
      case 'nameForms':
        yield;
        checkClasses(sourced, 'OC', 'structural', classes, faults);
        checkAttributes(sourced, ['MUST', 'MAY'], types, faults);
        checkNotCollective(sourced, ['MUST', 'MAY'], 'names entries by', types, faults);
        if (fieldValues(sourced.description, 'MUST').length === 0)
          faults.of(sourced, 'has no MUST attribute (RFC 4512 section 4.1.7.2).');
        break;
      case 'dITContentRules':
        yield;
        if (classes.get(sourced.description.id)?.kind !== 'structural') {
          faults.of(sourced, 'has the OID of no structural object class.');
        }
        checkClasses(sourced, 'AUX', 'auxiliary', classes, faults);
        checkAttributes(sourced, ['MUST', 'MAY', 'NOT'], types, faults);
        checkNotCollective(sourced, ['MUST'], 'requires', types, faults);
        checkPrecluded(sourced, types, classes, faults);
        break;
      case 'dITStructureRules':
        checkStructureRule(sourced, forms, rules, faults);
        break;
      default:
        break;
    }
  }
  yield* spreadFaults(sources, faults);
}

/** What names a structure rule with a fault as its superior has one, too, and so on. */
function* spreadFaults(sources: readonly SourcedDescription[], faults: SchemaFaults): Steps<void> {
  const rules = sources.filter(({ description }) => description.kind === 'dITStructureRules');
  const below = new Map<string, SourcedDescription[]>();
  for (const rule of rules)
    for (const superior of fieldValues(rule.description, 'SUP')) {
      const known = below.get(superior);
      if (known === undefined) below.set(superior, [rule]);
      else known.push(rule);
    }
  const faulty = rules.filter((rule) => faults.faulty.has(rule));
  for (const { description } of faulty) {
    yield;
    for (const rule of below.get(description.id) ?? []) {
      if (faults.faulty.has(rule)) continue;
      faults.of(rule, `has the superior rule ${description.id}, which is not defined.`);
      faulty.push(rule);
    }
  }
}

function namesOf(
  sources: readonly SourcedDescription[],
  kind: 'nameForms' | 'dITStructureRules',
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { description } of sources) {
    if (description.kind !== kind) continue;
    names.add(description.id);
    for (const name of fieldValues(description, 'NAME')) names.add(name.toLowerCase());
  }
  return names;
}

function checkAttributes(
  sourced: SourcedDescription,
  keywords: readonly string[],
  types: NameTable<AttributeType>,
  faults: SchemaFaults,
): void {
  for (const keyword of keywords) {
    for (const name of fieldValues(sourced.description, keyword)) {
      if (types.get(name) === undefined)
        faults.of(sourced, `has the ${keyword} attribute '${name}', which is not defined.`);
    }
  }
}

/** X.501: no entry has a collective attribute of its own, so none is required, and none names an entry. */
function checkNotCollective(
  sourced: SourcedDescription,
  keywords: readonly string[],
  what: string,
  types: NameTable<AttributeType>,
  faults: SchemaFaults,
): void {
  for (const keyword of keywords) {
    for (const name of fieldValues(sourced.description, keyword)) {
      if (types.get(name)?.collective === true)
        faults.of(sourced, `${what} '${name}', which is COLLECTIVE (X.501).`);
    }
  }
}

/** RFC 4512 section 4.1.6: what classes require cannot be precluded. */
function checkPrecluded(
  sourced: SourcedDescription,
  types: NameTable<AttributeType>,
  classes: NameTable<ObjectClass>,
  faults: SchemaFaults,
): void {
  const { description } = sourced;
  const named = [description.id, ...fieldValues(description, 'AUX')].map((name) => classes.get(name));
  for (const name of fieldValues(description, 'NOT')) {
    const type = types.get(name);
    const by = type === undefined ? undefined : named.find((one) => one?.must.has(type) === true);
    if (by !== undefined) faults.of(sourced, `precludes '${name}', which ${by.name} requires.`);
  }
}

function checkClasses(
  sourced: SourcedDescription,
  keyword: string,
  kind: ObjectClassKind,
  classes: NameTable<ObjectClass>,
  faults: SchemaFaults,
): void {
  for (const name of fieldValues(sourced.description, keyword)) {
    if (classes.get(name)?.kind !== kind)
      faults.of(sourced, `has in ${keyword} '${name}', which is no ${kind} class.`);
  }
}

function checkStructureRule(
  sourced: SourcedDescription,
  forms: ReadonlySet<string>,
  rules: ReadonlySet<string>,
  faults: SchemaFaults,
): void {
  const form = field(sourced.description, 'FORM');
  if (form === undefined || !forms.has(form.toLowerCase()))
    faults.of(sourced, `has no name form '${form ?? ''}'.`);
  for (const superior of fieldValues(sourced.description, 'SUP')) {
    if (!rules.has(superior)) faults.of(sourced, `has the superior rule ${superior}, which is not defined.`);
  }
}
