/**
 * Sort keys (RFC 2891): what the request asks for as rules over entries, and the order of two entries by them.
 *
 * A key of an entry is the least of its values in the normal form of the ordering rule, as text of octets: it compares as octets do. An entry without a value is
 * larger than all that have one (RFC 2891 section 2.2), so it comes last, and first where the order is reversed. What is hidden from the requester is absent.
 */
import type { Reader } from '../../access/access-policy.js';
import { latin1 } from '../../base/bytes.js';
import type { EntryView } from '../../entry/entry.js';
import { ruleApplies } from '../../filter/compile-extensible.js';
import type { SortKey, SortResult } from '../../ldap/controls/sort.js';
import type { AttributeKey, AttributeType } from '../../schema/attribute-type.js';
import type { OrderingRule } from '../../schema/matching-rule.js';
import { orderingRule } from '../../schema/ordering-rules.js';
import type { Schema } from '../../schema/schema.js';

/** One key of a sort, compiled. */
export interface SortRule {
  /** The attribute's and those of its subtypes. */
  readonly keys: readonly AttributeKey[];
  /** Normal form whose octets are in order; undefined: not of the syntax. */
  readonly normalize: (value: Uint8Array) => Uint8Array | undefined;
  readonly reverse: boolean;
  /** Name of the rule that normalizes. */
  readonly rule: string;
}

/** The keys of one entry, in the order of the rules; undefined: it has none. */
export type EntryKeys = readonly (string | undefined)[];

/** The rules, or the first key that cannot be used and why: noSuchAttribute or inappropriateMatching. */
export function compileSortKeys(
  schema: Schema,
  keys: readonly SortKey[],
): { readonly rules: readonly SortRule[] } | { readonly fault: SortResult } {
  const rules: SortRule[] = [];
  for (const { attribute, rule, reverse } of keys) {
    const description = schema.describe(attribute);
    const type = description?.type;
    if (description === undefined || type === undefined)
      return { fault: { result: 'noSuchAttribute', attribute } };
    const normal = normalForm(type, rule);
    if (normal === undefined) return { fault: { result: 'inappropriateMatching', attribute } };
    const suffix = description.key.slice(type.key.length);
    const all = schema.subtypes(type).map((subtype) => `${subtype.key}${suffix}` as AttributeKey);
    rules.push({ keys: all, normalize: (value) => normal.normalize(value), reverse, rule: normal.name });
  }
  return { rules };
}

/**
 * The rule asked for, or the type's own. Many types of the standard schema have no ordering rule (cn, sn, uid): then the one that goes with their equality rule,
 * or else the octets of their normal form, so that the order is at least a fixed one.
 */
function normalForm(
  type: AttributeType,
  asked: string | undefined,
): Pick<OrderingRule, 'name' | 'normalize'> | undefined {
  if (asked !== undefined) {
    const named = orderingRule(asked) ?? orderingOf(asked);
    return named !== undefined && ruleApplies(named, type) ? named : undefined;
  }
  const { ordering, equality } = type;
  return ordering ?? (equality === undefined ? undefined : orderingOf(equality.name)) ?? equality;
}

/** caseIgnoreMatch -> caseIgnoreOrderingMatch. Clients name equality rules too. */
function orderingOf(equality: string) {
  return equality.endsWith('Match') ? orderingRule(`${equality.slice(0, -5)}OrderingMatch`) : undefined;
}

/** The keys of an entry as the reader sees it. */
export function keysOf(rules: readonly SortRule[], reader: Reader, entry: EntryView): EntryKeys {
  return rules.map((rule) => leastOf(rule, reader, entry));
}

function leastOf(rule: SortRule, reader: Reader, entry: EntryView): string | undefined {
  let least: string | undefined;
  for (const key of rule.keys) {
    if (reader.mayHide(key) && !reader.sees(entry, key)) continue;
    for (const value of entry.attribute(key)?.values ?? []) {
      const normal = rule.normalize(value);
      if (normal === undefined) continue;
      const text = latin1(normal);
      if (least === undefined || text < least) least = text;
    }
  }
  return least;
}

/** Negative: a comes first. */
export function compareKeys(rules: readonly SortRule[], a: EntryKeys, b: EntryKeys): number {
  for (let i = 0; i < rules.length; i++) {
    const order = compareOne(a[i], b[i]);
    if (order !== 0) return rules[i]?.reverse === true ? -order : order;
  }
  return 0;
}

function compareOne(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  return a < b ? -1 : 1;
}
