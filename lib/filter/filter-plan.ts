/**
 * The index planner: which index rows hold every entry that a filter may match (a superset), and whether they hold exactly those.
 *
 * Owns no rows and no statistics: it says which lookups answer; the backend says what they cost. Contract with whoever stores index rows: the index of key K
 * holds the rows of every attribute of the entry whose key is K or starts with `K;`; only keys without options are indexed. A lookup of
 * `cn;lang-en` reads the index of `cn`, so it is a superset. NOT is never answered by an index. In `intersect` every part alone is a
 * superset: a reader may leave parts out. In `union` every part is needed, and narrows.
 */
import { unreachable } from '../base/assert.js';
import { compareBytes } from '../base/bytes.js';
import { baseKey } from '../entry/option-subtype.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { CompiledFilter } from './compiled-filter.js';
import { LONG_VALUE_KEY, lookupKeys, type SubstringLookup } from './substring-keys.js';

/** The indexes that there are. Keys asked for have no options. Rule names are EqualityRule.name and so on: rows hold its normal forms. */
export interface IndexCatalog {
  /** Whether there is a row for each entry that has the attribute. */
  presence(key: AttributeKey): boolean;
  /** Name of the equality rule whose normal forms are indexed; undefined: no such index. */
  equality(key: AttributeKey): string | undefined;
  substring(key: AttributeKey): string | undefined;
  /** Whether rows do not tell what a substring lookup names: so many entries have it that it stands for any (keys-without-rows.ts). */
  common?(key: AttributeKey, lookup: SubstringLookup): boolean;
  ordering(key: AttributeKey): string | undefined;
  /** Whether no entry has more than one row of this attribute, options included: then two bounds are one range. */
  single(key: AttributeKey): boolean;
  /** Whether no entry has the attribute under any options: subtypes that nobody uses cost nothing. */
  absent(key: AttributeKey): boolean;
  /**
   * For an attribute that collective subentries give to entries (RFC 3671), which no rows tell of: false where no entry can have a value under `key` for
   * which the clause is TRUE. undefined: rows tell all.
   */
  shared?(clause: KeyedClause, key: AttributeKey): boolean | undefined;
}

/** A clause that names attributes. */
export type KeyedClause = Extract<CompiledFilter, { readonly keys: readonly AttributeKey[] | undefined }>;

export type IndexPlan =
  /** Every entry. */
  | { readonly kind: 'all' }
  /** No entry. */
  | { readonly kind: 'none' }
  | { readonly kind: 'presence'; readonly attribute: AttributeKey }
  | { readonly kind: 'equality'; readonly attribute: AttributeKey; readonly normal: Uint8Array }
  /** All keys at once. */
  | {
      readonly kind: 'substring';
      readonly attribute: AttributeKey;
      readonly keys: readonly SubstringLookup[];
    }
  /** Every entry, by the word of a substring index: too many have what is looked for. */
  | { readonly kind: 'common'; readonly attribute: AttributeKey }
  /** Normal forms between the bounds, both inclusive; undefined: open. */
  | {
      readonly kind: 'range';
      readonly attribute: AttributeKey;
      readonly from: Uint8Array | undefined;
      readonly to: Uint8Array | undefined;
    }
  | { readonly kind: 'intersect'; readonly parts: readonly IndexPlan[] }
  | { readonly kind: 'union'; readonly parts: readonly IndexPlan[] };

export interface FilterPlan {
  readonly plan: IndexPlan;
  /** The rows of `plan` are exactly the entries for which the filter is TRUE: it need not be evaluated (access rules aside). */
  readonly exact: boolean;
}

const DESCRIPTION_CHARACTERS = 200;

const ALL: FilterPlan = { plan: { kind: 'all' }, exact: false };
const EVERY: FilterPlan = { plan: { kind: 'all' }, exact: true };
const NONE: FilterPlan = { plan: { kind: 'none' }, exact: true };

/** How to read the candidates of a filter, given the indexes that there are. Total. */
export function planFilter(filter: CompiledFilter, catalog: IndexCatalog): FilterPlan {
  switch (filter.kind) {
    case 'constant':
      return filter.value === true ? EVERY : NONE;
    case 'and':
      return planAnd(filter.clauses, catalog);
    case 'or':
      return unite(filter.clauses.map((clause) => planFilter(clause, catalog)));
    case 'not':
      return ALL;
    case 'present':
      return ofKeys(filter, filter.keys, catalog, (key) => planPresence(key, catalog));
    case 'equality':
      return ofKeys(filter, filter.keys, catalog, (key) =>
        planEquality(key, filter.rule.name, filter.normal, catalog),
      );
    case 'ordering':
      return ofKeys(filter, filter.keys, catalog, (key) => planOrdering(key, filter, catalog));
    case 'substrings': {
      const lookups = lookupKeys(filter.initial, filter.any, filter.final);
      return ofKeys(filter, filter.keys, catalog, (key) =>
        planSubstring(key, filter.rule.name, lookups, catalog),
      );
    }
    case 'extensible':
      if (filter.dnAttributes || filter.keys === undefined) return ALL;
      return ofKeys(filter, filter.keys, catalog, (key) => fallBack(key, catalog));
    default:
      return unreachable(filter);
  }
}

/** Whether the plan leaves any entry out. */
export function narrows(plan: IndexPlan): boolean {
  if (plan.kind === 'intersect') return plan.parts.some(narrows);
  return plan.kind !== 'all' && plan.kind !== 'common';
}

/** Whether every entry is an answer of the indexes too: who reads them all does not search without an index. */
export function answersAll(plan: IndexPlan): boolean {
  switch (plan.kind) {
    case 'common':
      return true;
    case 'intersect':
      return plan.parts.some(answersAll);
    case 'union':
      return plan.parts.every(answersAll);
    default:
      return false;
  }
}

/** The plan in one line for the access log: attributes and lookup kinds, no values; cut after some 200 characters. */
export function describePlan(plan: IndexPlan): string {
  const line: Line = { out: [], left: DESCRIPTION_CHARACTERS };
  describeInto(plan, line);
  return line.out.join('');
}

function planAnd(clauses: readonly CompiledFilter[], catalog: IndexCatalog): FilterPlan {
  const parts: IndexPlan[] = [];
  let exact = true;
  for (const clause of clauses) {
    const part = planFilter(clause, catalog);
    if (part.plan.kind === 'none') return NONE;
    exact &&= part.exact;
    if (part.plan.kind === 'intersect') parts.push(...part.plan.parts);
    else if (part.plan.kind !== 'all') parts.push(part.plan);
  }
  if (parts.length === 0) return exact ? EVERY : ALL;
  const joined = joinRanges(parts, catalog);
  if (joined === undefined) return NONE;
  const only = joined.length === 1 ? joined[0] : undefined;
  return { plan: only ?? { kind: 'intersect', parts: joined }, exact };
}

type Range = IndexPlan & { readonly kind: 'range' };

/** One range for all bounds on an attribute that has one value; undefined: no value lies between them. */
function joinRanges(parts: readonly IndexPlan[], catalog: IndexCatalog): readonly IndexPlan[] | undefined {
  const ranges = new Map<AttributeKey, Range>();
  const out: IndexPlan[] = [];
  for (const part of parts) {
    if (part.kind !== 'range' || !catalog.single(part.attribute)) {
      out.push(part);
      continue;
    }
    const known = ranges.get(part.attribute);
    const joined: Range = known === undefined ? part : narrower(known, part);
    const { from, to } = joined;
    if (from !== undefined && to !== undefined && compareBytes(from, to) > 0) return undefined;
    ranges.set(part.attribute, joined);
  }
  return ranges.size === 0 ? parts : [...ranges.values(), ...out];
}

function narrower(a: Range, b: Range): Range {
  const later = (x: Uint8Array | undefined, y: Uint8Array | undefined, sign: number) =>
    x === undefined || (y !== undefined && compareBytes(x, y) * sign < 0) ? y : x;
  return { ...a, from: later(a.from, b.from, 1), to: later(a.to, b.to, -1) };
}

/** The union over an attribute and its subtypes, as far as entries have them. */
function ofKeys(
  clause: KeyedClause,
  keys: readonly AttributeKey[],
  catalog: IndexCatalog,
  plan: (key: AttributeKey) => FilterPlan,
): FilterPlan {
  const of = (key: AttributeKey): FilterPlan => {
    if (catalog.absent(baseKey(key))) return NONE;
    const shared = catalog.shared?.(clause, key);
    return shared === undefined ? plan(key) : shared ? ALL : NONE;
  };
  const [only] = keys;
  return only !== undefined && keys.length === 1 ? of(only) : unite(keys.map(of));
}

/** The union of alternatives. One that needs every entry makes the whole need every entry. */
function unite(alternatives: readonly FilterPlan[]): FilterPlan {
  const parts: IndexPlan[] = [];
  let exact = true;
  let all: FilterPlan | undefined;
  let common: IndexPlan | undefined;
  for (const { plan, exact: partExact } of alternatives) {
    exact &&= partExact;
    if (plan.kind === 'all') {
      if (partExact) return EVERY;
      all = ALL;
    } else if (!narrows(plan)) common = plan;
    else if (plan.kind === 'union') parts.push(...plan.parts);
    else if (plan.kind !== 'none') parts.push(plan);
  }
  if (all !== undefined) return all;
  if (common !== undefined) return { plan: common, exact: false };
  if (parts.length === 0) return { plan: { kind: 'none' }, exact };
  const only = parts.length === 1 ? parts[0] : undefined;
  return { plan: only ?? { kind: 'union', parts }, exact };
}

function planPresence(key: AttributeKey, catalog: IndexCatalog): FilterPlan {
  const base = baseKey(key);
  if (!catalog.presence(base)) return ALL;
  return { plan: { kind: 'presence', attribute: base }, exact: base === key };
}

function planEquality(
  key: AttributeKey,
  rule: string,
  normal: Uint8Array,
  catalog: IndexCatalog,
): FilterPlan {
  const base = baseKey(key);
  if (catalog.equality(base) !== rule) return fallBack(key, catalog);
  return { plan: { kind: 'equality', attribute: base, normal }, exact: base === key };
}

function planOrdering(
  key: AttributeKey,
  filter: CompiledFilter & { readonly kind: 'ordering' },
  catalog: IndexCatalog,
): FilterPlan {
  const base = baseKey(key);
  if (catalog.ordering(base) !== filter.rule.name) return fallBack(key, catalog);
  const from = filter.direction === 'greaterOrEqual' ? filter.normal : undefined;
  const to = filter.direction === 'lessOrEqual' ? filter.normal : undefined;
  return { plan: { kind: 'range', attribute: base, from, to }, exact: base === key };
}

function planSubstring(
  key: AttributeKey,
  rule: string,
  lookups: readonly SubstringLookup[],
  catalog: IndexCatalog,
): FilterPlan {
  const base = baseKey(key);
  if (lookups.length === 0 || catalog.substring(base) !== rule) return fallBack(key, catalog);
  const long: IndexPlan = {
    kind: 'substring',
    attribute: base,
    keys: [{ key: LONG_VALUE_KEY, prefix: false }],
  };
  const keys = lookups.filter((lookup) => catalog.common?.(base, lookup) !== true);
  const common: IndexPlan = { kind: 'common', attribute: base };
  if (keys.length === 0) return { plan: common, exact: false };
  const short: IndexPlan = { kind: 'substring', attribute: base, keys };
  const listed: IndexPlan = { kind: 'union', parts: [short, long] };
  const plan: IndexPlan =
    keys.length === lookups.length ? listed : { kind: 'intersect', parts: [listed, common] };
  return { plan, exact: false };
}

/** Without the right index: the entries that have the attribute at all. */
function fallBack(key: AttributeKey, catalog: IndexCatalog): FilterPlan {
  return { plan: planPresence(key, catalog).plan, exact: false };
}

/** What is left of the line. */
interface Line {
  readonly out: string[];
  left: number;
}

function describeInto(plan: IndexPlan, line: Line): void {
  if (plan.kind === 'intersect' || plan.kind === 'union') describeParts(plan.kind, plan.parts, line);
  else say(line, describeLookup(plan));
}

function describeLookup(plan: Exclude<IndexPlan, { readonly kind: 'intersect' | 'union' }>): string {
  switch (plan.kind) {
    case 'all':
    case 'none':
      return plan.kind;
    case 'common':
      return `common(${plan.attribute})`;
    case 'presence':
      return `pres(${plan.attribute})`;
    case 'equality':
      return `eq(${plan.attribute})`;
    case 'range':
      return `${plan.from === undefined ? 'le' : plan.to === undefined ? 'ge' : 'range'}(${plan.attribute})`;
    case 'substring':
      return `sub(${plan.attribute},${plan.keys.length})`;
    default:
      return unreachable(plan);
  }
}

function describeParts(kind: 'intersect' | 'union', parts: readonly IndexPlan[], line: Line): void {
  say(line, '(');
  for (const [index, part] of parts.entries()) {
    if (index > 0) say(line, kind === 'union' ? ' | ' : ' & ');
    if (line.left <= 0) {
      say(line, `${parts.length - index} more`);
      break;
    }
    describeInto(part, line);
  }
  say(line, ')');
}

function say(line: Line, text: string): void {
  line.out.push(text);
  line.left -= text.length;
}
