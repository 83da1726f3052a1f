/**
 * What cn=schema shows (RFC 4512 section 4.2): every definition in strict syntax, rules and syntaxes from the tables in code. Made in steps: there may be thousands.
 */
import { eachInSteps, type Steps } from '../base/steps.js';
import type { AttributeType } from './attribute-type.js';
import type { Description, DescriptionKind } from './description.js';
import { DESCRIPTION_KINDS } from './description.js';
import { equalityRules } from './equality-rules.js';
import { extensibleRules } from './extensible-rules.js';
import { orderingRules } from './ordering-rules.js';
import type { SourcedDescription } from './schema-fault.js';
import { formatDescription } from './schema-format.js';
import { substringRules } from './substring-rules.js';
import type { Syntax } from './syntax.js';

/** Rules that one step makes the text of: thousands of types may apply to each. */
const STEP_USES = 4;

interface PublishedRule {
  readonly oid: string;
  readonly name: string;
  readonly syntax: string;
}

/** Values of each attribute of the subschema entry. */
export function* publishSchema(
  sources: readonly SourcedDescription[],
  syntaxes: ReadonlyMap<string, Syntax>,
  types: readonly AttributeType[],
): Steps<ReadonlyMap<DescriptionKind, readonly string[]>> {
  const own = new Map<DescriptionKind, string[]>(DESCRIPTION_KINDS.map((kind) => [kind, []]));
  yield* eachInSteps(sources, ({ description }) =>
    own.get(description.kind)?.push(formatDescription(description)),
  );
  const values = new Map<DescriptionKind, readonly string[]>(own);
  const rules: readonly PublishedRule[] = [
    ...equalityRules(),
    ...orderingRules(),
    ...substringRules(),
    ...extensibleRules(),
  ];
  values.set('ldapSyntaxes', [...syntaxes.values()].map(syntaxText));
  values.set('matchingRules', rules.map(ruleText));
  const uses: string[] = [];
  yield* eachInSteps(
    yield* usesOf(rules, types),
    ([rule, applies]) => uses.push(useText(rule, applies)),
    STEP_USES,
  );
  values.set('matchingRuleUse', uses);
  return values;
}

/** The types that a filter may ask for with each rule: those that compare by it, and those whose syntax its assertions have. One pass over the types. */
function* usesOf(
  rules: readonly PublishedRule[],
  types: readonly AttributeType[],
): Steps<readonly (readonly [PublishedRule, readonly AttributeType[]])[]> {
  const uses = new Map(rules.map((rule) => [rule, [] as AttributeType[]]));
  const use = (rule: PublishedRule, type: AttributeType): void => {
    const list = uses.get(rule);
    if (list?.at(-1) !== type) list?.push(type);
  };
  const byOid = new Map<string, PublishedRule[]>();
  const bySyntax = new Map<string, PublishedRule[]>();
  for (const rule of rules) {
    listed(byOid, rule.oid).push(rule);
    listed(bySyntax, rule.syntax).push(rule);
  }
  yield* eachInSteps(types, (type) => {
    for (const used of [type.equality, type.ordering, type.substring])
      for (const rule of byOid.get(used?.oid ?? '') ?? []) use(rule, type);
    if (type.equality === undefined) return;
    for (const rule of bySyntax.get(type.syntax.oid) ?? []) use(rule, type);
  });
  return [...uses].filter(([, applies]) => applies.length > 0);
}

function listed(lists: Map<string, PublishedRule[]>, key: string): PublishedRule[] {
  const known = lists.get(key);
  if (known !== undefined) return known;
  const list: PublishedRule[] = [];
  lists.set(key, list);
  return list;
}

function syntaxText(syntax: Syntax): string {
  return formatDescription(
    described('ldapSyntaxes', syntax.oid, [
      ['DESC', [syntax.description]],
      ...(syntax.humanReadable ? [] : ([['X-NOT-HUMAN-READABLE', ['TRUE']]] as const)),
    ]),
  );
}

function ruleText(rule: PublishedRule): string {
  return formatDescription(
    described('matchingRules', rule.oid, [
      ['NAME', [rule.name]],
      ['SYNTAX', [rule.syntax]],
    ]),
  );
}

function useText(rule: PublishedRule, applies: readonly AttributeType[]): string {
  return formatDescription(
    described('matchingRuleUse', rule.oid, [
      ['NAME', [rule.name]],
      ['APPLIES', applies.map((type) => type.name)],
    ]),
  );
}

function described(
  kind: DescriptionKind,
  id: string,
  fields: readonly (readonly [string, readonly string[]])[],
): Description {
  return { kind, id, fields: new Map(fields) };
}
