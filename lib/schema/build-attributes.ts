/**
 * Attribute types from their descriptions: superiors, rules and syntaxes resolved and checked (RFC 4512 sections 2.5.1 and 4.1.2).
 *
 * Every fault is reported and the element left out; what refers to it then reports its own. Definitions may stand in any order.
 */
import { eachInSteps, type Steps } from '../base/steps.js';
import type { AttributeKey, AttributeType, AttributeUsage } from './attribute-type.js';
import { displayName, field, fieldValues, hasField } from './description.js';
import { equalityRule } from './equality-rules.js';
import { NameTable } from './name-table.js';
import { orderingRule } from './ordering-rules.js';
import type { SchemaFaults, SourcedDescription } from './schema-fault.js';
import { substringRule } from './substring-rules.js';
import type { Syntax } from './syntax.js';

const USAGES: readonly AttributeUsage[] = [
  'userApplications',
  'directoryOperation',
  'distributedOperation',
  'dSAOperation',
];

interface Draft {
  readonly sourced: SourcedDescription;
  state: 'new' | 'open' | 'done';
  type: AttributeType | undefined;
}

/** Definitions that one step reads. */
const STEP_DEFINITIONS = 64;
/** Superiors that one step passes. */
const STEP_PASSED = 4096;

/** The types that `descriptions` define; what is wrong goes to `faults`. `syntaxOf` finds a syntax by OID. */
export function* buildAttributeTypes(
  descriptions: readonly SourcedDescription[],
  syntaxOf: (oid: string) => Syntax | undefined,
  faults: SchemaFaults,
): Steps<NameTable<AttributeType>> {
  const drafts = descriptions.map((sourced): Draft => ({ sourced, state: 'new', type: undefined }));
  const byName = new Map<string, Draft>();
  yield* eachInSteps(drafts, (draft) => {
    const { description } = draft.sourced;
    for (const name of [description.id, ...fieldValues(description, 'NAME')]) {
      if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), draft);
    }
  });
  const table = new NameTable<AttributeType>();
  const resolved = (one: Draft) => {
    const type = resolve(one.sourced, byName, syntaxOf, faults);
    if (type === undefined) return;
    const taken = table.add(type);
    if (taken === undefined) one.type = type;
    else faults.of(one.sourced, `uses '${taken}', which another attribute type has.`);
  };
  let began = 0;
  for (const draft of drafts) {
    if (draft.state === 'new')
      yield* eachInSteps(superiorsFirst(draft, byName, faults), resolved, STEP_DEFINITIONS);
    began += 1;
    if (began % STEP_DEFINITIONS === 0) yield;
  }
  return table;
}

/** The draft and its superiors that are not done yet, topmost first, all marked done. */
function superiorsFirst(draft: Draft, byName: ReadonlyMap<string, Draft>, faults: SchemaFaults): Draft[] {
  const chain: Draft[] = [];
  let at: Draft | undefined = draft;
  while (at !== undefined && at.state === 'new') {
    at.state = 'open';
    chain.push(at);
    const superior = field(at.sourced.description, 'SUP');
    at = superior === undefined ? undefined : byName.get(superior.toLowerCase());
  }
  if (at?.state === 'open') faults.of(at.sourced, 'is its own superior.');
  for (const one of chain) one.state = 'done';
  return chain.reverse();
}

function resolve(
  sourced: SourcedDescription,
  byName: ReadonlyMap<string, Draft>,
  syntaxOf: (oid: string) => Syntax | undefined,
  faults: SchemaFaults,
): AttributeType | undefined {
  const { description } = sourced;
  const before = faults.list.length;
  const superiorName = field(description, 'SUP');
  const superior = superiorName === undefined ? undefined : byName.get(superiorName.toLowerCase())?.type;
  if (superiorName !== undefined && superior === undefined) {
    faults.of(sourced, `has the superior '${superiorName}', which is not defined.`);
  }
  if (superior?.collective === true && !hasField(description, 'COLLECTIVE'))
    faults.of(sourced, `is not COLLECTIVE, as its superior ${superior.name} is.`);
  const syntaxName = field(description, 'SYNTAX');
  const oid = syntaxName?.split('{', 1)[0];
  const syntax = oid === undefined ? superior?.syntax : syntaxOf(oid);
  if (syntax === undefined && (oid !== undefined || superiorName === undefined)) {
    faults.of(
      sourced,
      oid === undefined
        ? 'has neither SYNTAX nor SUP.'
        : `has the syntax ${oid}, which this server does not have.`,
    );
  }
  const equality = ruleOf(sourced, 'EQUALITY', equalityRule, faults) ?? superior?.equality;
  const ordering = ruleOf(sourced, 'ORDERING', orderingRule, faults) ?? superior?.ordering;
  const substring = ruleOf(sourced, 'SUBSTR', substringRule, faults) ?? superior?.substring;
  const usage = usageOf(sourced, faults);
  if (superior !== undefined && superior.usage !== usage) {
    faults.of(sourced, `has another usage than its superior ${superior.name} (RFC 4512 section 2.5.1).`);
  }
  checkFlags(sourced, usage, faults);
  if (faults.list.length > before || syntax === undefined) return undefined;
  return {
    oid: description.id,
    names: fieldValues(description, 'NAME'),
    name: displayName(description),
    key: displayName(description).toLowerCase() as AttributeKey,
    superior,
    equality,
    ordering,
    substring,
    syntax,
    singleValue: hasField(description, 'SINGLE-VALUE'),
    collective: hasField(description, 'COLLECTIVE'),
    noUserModification: hasField(description, 'NO-USER-MODIFICATION'),
    obsolete: hasField(description, 'OBSOLETE'),
    usage,
    operational: usage !== 'userApplications',
  };
}

function ruleOf<R>(
  sourced: SourcedDescription,
  keyword: string,
  lookup: (name: string) => R | undefined,
  faults: SchemaFaults,
): R | undefined {
  const name = field(sourced.description, keyword);
  if (name === undefined) return undefined;
  const rule = lookup(name);
  if (rule === undefined)
    faults.of(sourced, `has the ${keyword} rule '${name}', which this server does not have.`);
  return rule;
}

function usageOf(sourced: SourcedDescription, faults: SchemaFaults): AttributeUsage {
  const written = field(sourced.description, 'USAGE');
  if (written === undefined) return 'userApplications';
  const usage = USAGES.find((one) => one.toLowerCase() === written.toLowerCase());
  if (usage === undefined) faults.of(sourced, `has the usage '${written}', which does not exist.`);
  return usage ?? 'userApplications';
}

/** RFC 4512 section 4.1.2: COLLECTIVE excludes SINGLE-VALUE and operational use; NO-USER-MODIFICATION needs operational use. */
function checkFlags(sourced: SourcedDescription, usage: AttributeUsage, faults: SchemaFaults): void {
  const { description } = sourced;
  const collective = hasField(description, 'COLLECTIVE');
  if (collective && hasField(description, 'SINGLE-VALUE'))
    faults.of(sourced, 'is both COLLECTIVE and SINGLE-VALUE.');
  if (collective && usage !== 'userApplications') faults.of(sourced, 'is COLLECTIVE and operational.');
  if (hasField(description, 'NO-USER-MODIFICATION') && usage === 'userApplications') {
    faults.of(sourced, 'has NO-USER-MODIFICATION without an operational USAGE.');
  }
}

/** Types by type: each with itself and everything below it, in definition order. */
export function* subtypeClosure(
  types: readonly AttributeType[],
): Steps<ReadonlyMap<AttributeType, readonly AttributeType[]>> {
  const closure = new Map<AttributeType, AttributeType[]>(types.map((type) => [type, [type]]));
  let passed = 0;
  for (const type of types) {
    for (let at = type.superior; at !== undefined; at = at.superior) {
      closure.get(at)?.push(type);
      passed += 1;
    }
    if (passed < STEP_PASSED) continue;
    passed = 0;
    yield;
  }
  return closure;
}
