/**
 * Object classes from their descriptions: superiors and attribute sets resolved and checked (RFC 4512 sections 2.4 and 4.1.1).
 *
 * Invariants: `must` and `may` of a class include what it inherits and share no type; superiors are acyclic.
 */
import { eachInSteps, type Steps } from '../base/steps.js';
import type { AttributeType } from './attribute-type.js';
import { displayName, field, fieldValues, hasField } from './description.js';
import { NameTable } from './name-table.js';
import type { ObjectClass, ObjectClassKind } from './object-class.js';
import type { SchemaFaults, SourcedDescription } from './schema-fault.js';

interface Draft {
  readonly sourced: SourcedDescription;
  state: 'new' | 'open' | 'done';
  objectClass: ObjectClass | undefined;
}

/** The classes that `descriptions` define; what is wrong goes to `faults`. */
export function* buildObjectClasses(
  descriptions: readonly SourcedDescription[],
  types: NameTable<AttributeType>,
  faults: SchemaFaults,
): Steps<NameTable<ObjectClass>> {
  const drafts = descriptions.map((sourced): Draft => ({ sourced, state: 'new', objectClass: undefined }));
  const byName = new Map<string, Draft>();
  yield* eachInSteps(drafts, (draft) => {
    const { description } = draft.sourced;
    for (const name of [description.id, ...fieldValues(description, 'NAME')]) {
      if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), draft);
    }
  });
  const table = new NameTable<ObjectClass>();
  for (const draft of drafts) yield* visit(draft, byName, types, table, faults);
  return table;
}

/** Resolves a class after its superiors, with a stack of our own: schema text decides how deep superiors go. */
function* visit(
  root: Draft,
  byName: ReadonlyMap<string, Draft>,
  types: NameTable<AttributeType>,
  table: NameTable<ObjectClass>,
  faults: SchemaFaults,
): Steps<void> {
  const stack: Draft[] = [root];
  while (stack.length > 0) {
    const draft = stack[stack.length - 1] as Draft;
    if (draft.state === 'done') {
      stack.pop();
      continue;
    }
    const superiors = superiorNames(draft.sourced)
      .map((name) => byName.get(name.toLowerCase()))
      .filter((one) => one !== undefined);
    if (draft.state === 'new') {
      draft.state = 'open';
      if (superiors.some((one) => one.state === 'open')) faults.of(draft.sourced, 'is its own superior.');
      stack.push(...superiors.filter((one) => one.state === 'new'));
      continue;
    }
    stack.pop();
    draft.state = 'done';
    const objectClass = resolve(draft.sourced, byName, types, faults);
    // A class has all attributes of its superiors: thousands.
    yield;
    if (objectClass === undefined) continue;
    const taken = table.add(objectClass);
    if (taken === undefined) draft.objectClass = objectClass;
    else faults.of(draft.sourced, `uses '${taken}', which another object class has.`);
  }
}

/** A structural class without SUP is directly below top (RFC 4512 section 2.4.1 lets none stand elsewhere). */
function superiorNames(sourced: SourcedDescription): readonly string[] {
  const { description } = sourced;
  const written = fieldValues(description, 'SUP');
  const isTop = description.id === '2.5.6.0';
  return written.length === 0 && kindOf(sourced) === 'structural' && !isTop ? ['top'] : written;
}

function resolve(
  sourced: SourcedDescription,
  byName: ReadonlyMap<string, Draft>,
  types: NameTable<AttributeType>,
  faults: SchemaFaults,
): ObjectClass | undefined {
  const { description } = sourced;
  const before = faults.list.length;
  const kind = kindOf(sourced);
  const superiors: ObjectClass[] = [];
  const must = new Set<AttributeType>();
  const may = new Set<AttributeType>();
  for (const name of superiorNames(sourced)) {
    const superior = byName.get(name.toLowerCase())?.objectClass;
    if (superior === undefined) {
      faults.of(sourced, `has the superior '${name}', which is not defined.`);
      continue;
    }
    if (!mayStandBelow(kind, superior.kind)) {
      faults.of(
        sourced,
        `is ${kind} and has the ${superior.kind} superior ${superior.name} (RFC 4512 section 2.4).`,
      );
    }
    superiors.push(superior);
    for (const type of superior.must) must.add(type);
    for (const type of superior.may) may.add(type);
  }
  collect(sourced, 'MUST', types, must, faults);
  collect(sourced, 'MAY', types, may, faults);
  for (const type of must) may.delete(type);
  if (['ABSTRACT', 'STRUCTURAL', 'AUXILIARY'].filter((one) => hasField(description, one)).length > 1) {
    faults.of(sourced, 'is of more than one kind.');
  }
  if (faults.list.length > before) return undefined;
  return {
    oid: description.id,
    names: fieldValues(description, 'NAME'),
    name: displayName(description),
    key: displayName(description).toLowerCase(),
    kind,
    standsAlone: kind === 'auxiliary' && field(description, 'X-STANDS-ALONE') === 'TRUE',
    obsolete: hasField(description, 'OBSOLETE'),
    superiors,
    must,
    may,
  };
}

function collect(
  sourced: SourcedDescription,
  keyword: 'MUST' | 'MAY',
  types: NameTable<AttributeType>,
  into: Set<AttributeType>,
  faults: SchemaFaults,
): void {
  for (const name of fieldValues(sourced.description, keyword)) {
    const type = types.get(name);
    if (type === undefined)
      faults.of(sourced, `has the ${keyword} attribute '${name}', which is not defined.`);
    else if (keyword === 'MUST' && type.collective)
      faults.of(sourced, `requires '${name}', which is COLLECTIVE: no entry has it of its own (X.501).`);
    else into.add(type);
  }
}

function kindOf(sourced: SourcedDescription): ObjectClassKind {
  if (hasField(sourced.description, 'ABSTRACT')) return 'abstract';
  return hasField(sourced.description, 'AUXILIARY') ? 'auxiliary' : 'structural';
}

/** RFC 4512 sections 2.4.1 to 2.4.3. */
function mayStandBelow(kind: ObjectClassKind, superior: ObjectClassKind): boolean {
  return superior === 'abstract' || kind === superior;
}
