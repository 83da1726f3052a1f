/**
 * Extensible match clauses that are no ordinary equality or substring clause (RFC 4511 section 4.5.1.7.7): DN values, rules without an attribute,
 * ordering, bits and words.
 *
 * The rules are schema/extensible-rules.ts; here they are tied to the attributes and DN parts that they apply to.
 */
import type { Dn } from '../dn/dn.js';
import { isOptionSubtype } from '../entry/option-subtype.js';
import type { AttributeDescription, AttributeKey, AttributeType } from '../schema/attribute-type.js';
import {
  type ExtensibleRule,
  extensibleRule,
  extensibleRules,
  type ValueMatcher,
} from '../schema/extensible-rules.js';
import type { Schema } from '../schema/schema.js';
import type { CompiledFilter } from './compiled-filter.js';

const SYNTAX = '1.3.6.1.4.1.1466.115.121.1.';
/** Syntaxes of character strings and of assertions on them: country, directory, IA5, numeric, printable, telephone, substring. */
const STRINGS: ReadonlySet<string> = new Set(
  ['11', '15', '26', '36', '44', '50', '58'].map((arc) => `${SYNTAX}${arc}`),
);

const ONLY_NAMED: ReadonlySet<string> = new Set(extensibleRules().map((rule) => rule.oid));

export interface ExtensibleItem {
  /** undefined: no attribute was named. */
  readonly keys: readonly AttributeKey[] | undefined;
  readonly description: AttributeDescription | undefined;
  readonly rule: string | undefined;
  readonly value: Uint8Array;
  readonly dnAttributes: boolean;
}

/** The clause, or undefined where it is Undefined for every entry: unknown rule, assertion not of its syntax. */
export function compileExtensible(item: ExtensibleItem, schema: Schema): CompiledFilter | undefined {
  const type = item.description?.type;
  const name = item.rule ?? type?.equality?.name;
  const rule = name === undefined ? undefined : extensibleRule(name);
  const matches = rule?.matcher(item.value, type);
  if (rule === undefined || matches === undefined) return undefined;
  if (type !== undefined && !isValidFor(rule, type)) return undefined;
  const applies = rememberApplies(rule, schema);
  return {
    kind: 'extensible',
    keys: item.keys,
    applies,
    dnAttributes: item.dnAttributes,
    matchesDn: (dn) => matchesDn(dn, item.keys, applies, matches, schema),
    matches,
  };
}

function rememberApplies(rule: ExtensibleRule, schema: Schema): (key: AttributeKey) => boolean {
  const known = new Map<AttributeKey, boolean>();
  return (key) => {
    let answer = known.get(key);
    if (answer === undefined) {
      const type = schema.describe(key)?.type;
      answer = type !== undefined && ruleApplies(rule, type);
      known.set(key, answer);
    }
    return answer;
  };
}

/** Whether values of the type are what the rule compares: it is one of the type's own, or their syntaxes are of one kind. */
export function ruleApplies(rule: Pick<ExtensibleRule, 'name' | 'syntax'>, type: AttributeType): boolean {
  const own = [type.equality?.name, type.ordering?.name, type.substring?.name];
  if (own.includes(rule.name) || type.syntax.oid === rule.syntax) return true;
  return STRINGS.has(rule.syntax) && STRINGS.has(type.syntax.oid);
}

/**
 * Whether a filter may name the rule together with the attribute; if not, its clause is Undefined (RFC 4511 section 4.5.1.7). Rules that are no
 * attribute's own judge the values themselves.
 */
export function isValidFor(rule: ExtensibleRule, type: AttributeType): boolean {
  return ruleApplies(rule, type) || ONLY_NAMED.has(rule.oid);
}

/** The values in the parts of a name: TRUE if one matches, else Undefined if one could not be judged. */
function matchesDn(
  dn: Dn,
  keys: readonly AttributeKey[] | undefined,
  applies: (key: AttributeKey) => boolean,
  matches: ValueMatcher,
  schema: Schema,
): boolean | undefined {
  let result: boolean | undefined = false;
  for (const rdn of dn.rdns) {
    for (const ava of rdn) {
      const key = schema.describe(ava.type)?.key;
      if (key === undefined) continue;
      const concerned =
        keys === undefined ? applies(key) : keys.some((wanted) => isOptionSubtype(key, wanted));
      if (!concerned) continue;
      const one = matches(ava.value);
      if (one === true) return true;
      if (one === undefined) result = undefined;
    }
  }
  return result;
}
