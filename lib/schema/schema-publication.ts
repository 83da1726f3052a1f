/**
 * What cn=schema shows (RFC 4512 section 4.2): every definition in strict syntax, rules and syntaxes from the tables in code.
 */
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

interface PublishedRule {
  readonly oid: string;
  readonly name: string;
  readonly syntax: string;
}

/** Values of each attribute of the subschema entry. */
export function publishSchema(
  sources: readonly SourcedDescription[],
  syntaxes: ReadonlyMap<string, Syntax>,
  types: readonly AttributeType[],
): ReadonlyMap<DescriptionKind, readonly string[]> {
  const values = new Map<DescriptionKind, readonly string[]>();
  for (const kind of DESCRIPTION_KINDS) {
    const own = sources.filter((one) => one.description.kind === kind);
    values.set(
      kind,
      own.map((one) => formatDescription(one.description)),
    );
  }
  const rules: readonly PublishedRule[] = [
    ...equalityRules(),
    ...orderingRules(),
    ...substringRules(),
    ...extensibleRules(),
  ];
  values.set('ldapSyntaxes', [...syntaxes.values()].map(syntaxText));
  values.set('matchingRules', rules.map(ruleText));
  values.set(
    'matchingRuleUse',
    usesOf(rules, types).map(([rule, applies]) => useText(rule, applies)),
  );
  return values;
}

/** The types that a filter may ask for with each rule: those that compare by it, and those whose syntax its assertions have. One pass over the types. */
function usesOf(
  rules: readonly PublishedRule[],
  types: readonly AttributeType[],
): readonly (readonly [PublishedRule, readonly AttributeType[]])[] {
  const uses = new Map(rules.map((rule) => [rule, new Set<AttributeType>()]));
  const byOid = new Map<string, PublishedRule[]>();
  const bySyntax = new Map<string, PublishedRule[]>();
  for (const rule of rules) {
    listed(byOid, rule.oid).push(rule);
    listed(bySyntax, rule.syntax).push(rule);
  }
  for (const type of types) {
    for (const used of [type.equality, type.ordering, type.substring])
      for (const rule of byOid.get(used?.oid ?? '') ?? []) uses.get(rule)?.add(type);
    if (type.equality === undefined) continue;
    for (const rule of bySyntax.get(type.syntax.oid) ?? []) uses.get(rule)?.add(type);
  }
  return [...uses].filter(([, applies]) => applies.size > 0).map(([rule, applies]) => [rule, [...applies]]);
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
