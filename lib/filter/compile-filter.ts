/**
 * A filter seen through the schema (RFC 4511 section 4.5.1.7): descriptions resolved, assertions normalized once, constants folded.
 *
 * Nothing here is an error: an unknown type, a missing or unknown rule, an assertion that is not of the rule's syntax makes its clause Undefined.
 * Folding keeps three-valued results exactly. Recursion is bounded by LIMITS.filterDepth, which every maker of filters enforces.
 */
import { assert, must, unreachable } from '../base/assert.js';
import { latin1, utf8Decode, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { AttributeDescription, AttributeKey } from '../schema/attribute-type.js';
import { equalityRule } from '../schema/equality-rules.js';
import { extensibleRule } from '../schema/extensible-rules.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import type { Schema } from '../schema/schema.js';
import { readSubstringAssertion } from '../schema/substring-match.js';
import { substringRule } from '../schema/substring-rules.js';
import { compileExtensible, isValidFor } from './compile-extensible.js';
import type { CompiledFilter } from './compiled-filter.js';
import type { Filter } from './filter.js';

const OBJECT_CLASS_OID = '2.5.4.0';
const UNDEFINED: CompiledFilter = { kind: 'constant', value: undefined };

type FilterOf<K extends Filter['kind']> = Extract<Filter, { readonly kind: K }>;

/** The filter as this schema understands it. Total for filters within the bounds. */
export function compileFilter(filter: Filter, schema: Schema): CompiledFilter {
  return compileAt(filter, schema, 0);
}

/** Every attribute key that the filter looks at (its option subtypes go without saying); undefined: it may look at all of them. */
export function filterKeys(filter: CompiledFilter): ReadonlySet<AttributeKey> | undefined {
  const keys = new Set<AttributeKey>();
  const pending: CompiledFilter[] = [filter];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === 'and' || next.kind === 'or') pending.push(...next.clauses);
    else if (next.kind === 'not') pending.push(next.clause);
    else if (next.kind !== 'constant') {
      if (next.keys === undefined) return undefined;
      for (const key of next.keys) keys.add(key);
    }
  }
  return keys;
}

function compileAt(filter: Filter, schema: Schema, depth: number): CompiledFilter {
  assert(depth <= LIMITS.filterDepth, 'a filter deeper than LIMITS.filterDepth reached the compiler');
  switch (filter.kind) {
    case 'and':
    case 'or':
      return foldSet(
        filter.kind,
        filter.clauses.map((clause) => compileAt(clause, schema, depth + 1)),
      );
    case 'not':
      return negate(compileAt(filter.clause, schema, depth + 1));
    case 'present':
      return compilePresent(filter, schema);
    case 'equality':
    case 'approx':
      return compileEquality(filter.attribute, filter.value, schema);
    case 'greaterOrEqual':
    case 'lessOrEqual':
      return compileOrdering(filter, schema);
    case 'substrings':
      return compileSubstrings(filter, schema);
    case 'extensible':
      return compileExtensibleItem(filter, schema);
    default:
      return unreachable(filter);
  }
}

/** RFC 4511: an and is FALSE if a clause is, TRUE if all are, else Undefined; an or the mirror of it. */
function foldSet(kind: 'and' | 'or', clauses: readonly CompiledFilter[]): CompiledFilter {
  const decisive = kind === 'or';
  const kept: CompiledFilter[] = [];
  let sawUndefined = false;
  for (const clause of clauses) {
    if (clause.kind === 'constant') {
      if (clause.value === decisive) return clause;
      sawUndefined ||= clause.value === undefined;
    } else if (clause.kind === kind) {
      kept.push(...clause.clauses);
    } else {
      kept.push(clause);
    }
  }
  // One Undefined is as good as many.
  const known: CompiledFilter[] = kept.filter((clause) => clause.kind !== 'constant');
  if (sawUndefined || known.length < kept.length) known.push(UNDEFINED);
  const [first] = known;
  if (first === undefined) return { kind: 'constant', value: !decisive };
  return known.length === 1 ? first : { kind, clauses: known };
}

function negate(clause: CompiledFilter): CompiledFilter {
  if (clause.kind === 'not') return clause.clause;
  if (clause.kind !== 'constant') return { kind: 'not', clause };
  return clause.value === undefined ? clause : { kind: 'constant', value: !clause.value };
}

function compilePresent(filter: FilterOf<'present'>, schema: Schema): CompiledFilter {
  const description = schema.describe(filter.attribute);
  if (description?.type === undefined) return UNDEFINED;
  return { kind: 'present', keys: subtypeKeys(description, schema) };
}

/** Equality by the type's own rule; also approximate match, whose meaning is the server's to choose. */
function compileEquality(attribute: string, value: Uint8Array, schema: Schema): CompiledFilter {
  const description = schema.describe(attribute);
  const rule = description?.type?.equality;
  if (description === undefined || rule === undefined) return UNDEFINED;
  if (description.type?.oid === OBJECT_CLASS_OID) return compileObjectClass(description, rule, value, schema);
  return equality(subtypeKeys(description, schema), rule, value);
}

function equality(keys: readonly AttributeKey[], rule: EqualityRule, value: Uint8Array): CompiledFilter {
  const normal = rule.normalizeAssertion(value);
  return normal === undefined ? UNDEFINED : { kind: 'equality', keys, rule, normal };
}

/** RFC 4517 section 4.2.26: a class matches under any of its names and its OID; a name that is not in the schema is Undefined. */
function compileObjectClass(
  description: AttributeDescription,
  rule: EqualityRule,
  value: Uint8Array,
  schema: Schema,
): CompiledFilter {
  const text = utf8Decode(value)?.trim();
  const objectClass = text === undefined ? undefined : schema.objectClass(text);
  if (objectClass === undefined) return UNDEFINED;
  const keys = subtypeKeys(description, schema);
  // Names that the rule knows to be one have one normal form; most classes have just one.
  const clauses = new Map<string, CompiledFilter>();
  for (const name of [...objectClass.names, objectClass.oid]) {
    const clause = equality(keys, rule, utf8Encode(name));
    if (clause.kind === 'equality') clauses.set(latin1(clause.normal), clause);
  }
  return foldSet('or', [...clauses.values()]);
}

function compileOrdering(filter: FilterOf<'greaterOrEqual' | 'lessOrEqual'>, schema: Schema): CompiledFilter {
  const description = schema.describe(filter.attribute);
  const rule = description?.type?.ordering;
  if (description === undefined || rule === undefined) return UNDEFINED;
  const normal = rule.normalize(filter.value);
  if (normal === undefined) return UNDEFINED;
  return {
    kind: 'ordering',
    keys: subtypeKeys(description, schema),
    rule,
    normal,
    direction: filter.kind,
  };
}

function compileSubstrings(filter: FilterOf<'substrings'>, schema: Schema): CompiledFilter {
  const description = schema.describe(filter.attribute);
  const rule = description?.type?.substring;
  if (description === undefined || rule === undefined) return UNDEFINED;
  const initial = filter.initial === undefined ? undefined : rule.normalizePart(filter.initial, 'initial');
  const final = filter.final === undefined ? undefined : rule.normalizePart(filter.final, 'final');
  const any: Uint8Array[] = [];
  for (const part of filter.any) {
    const normal = rule.normalizePart(part, 'any');
    if (normal === undefined) return UNDEFINED;
    any.push(normal);
  }
  if (filter.initial !== undefined && initial === undefined) return UNDEFINED;
  if (filter.final !== undefined && final === undefined) return UNDEFINED;
  return { kind: 'substrings', keys: subtypeKeys(description, schema), rule, initial, any, final };
}

/** RFC 4511 section 4.5.1.7.7. What an index can answer becomes an ordinary clause. */
function compileExtensibleItem(filter: FilterOf<'extensible'>, schema: Schema): CompiledFilter {
  const { attribute, rule, value, dnAttributes } = filter;
  const description = attribute === undefined ? undefined : schema.describe(attribute);
  if (attribute !== undefined && description?.type === undefined) return UNDEFINED;
  if (description !== undefined && !dnAttributes) {
    if (rule === undefined)
      return compileEquality(must(attribute, 'no rule, so an attribute'), value, schema);
    const keys = subtypeKeys(description, schema);
    const named = extensibleRule(rule);
    if (named !== undefined && description.type !== undefined && !isValidFor(named, description.type))
      return UNDEFINED;
    const equal = equalityRule(rule);
    if (equal !== undefined && equal.name === description.type?.equality?.name) {
      return compileEquality(must(attribute, 'described'), value, schema);
    }
    if (equal !== undefined) return equality(keys, equal, value);
    const substring = substringRule(rule);
    if (substring !== undefined) {
      const parts = readSubstringAssertion(substring, value);
      return parts === undefined ? UNDEFINED : { kind: 'substrings', keys, rule: substring, ...parts };
    }
  }
  const keys = description === undefined ? undefined : subtypeKeys(description, schema);
  return compileExtensible({ keys, description, rule, value, dnAttributes }, schema) ?? UNDEFINED;
}

/** Keys of the description and of its type's subtypes with the same options. */
function subtypeKeys(description: AttributeDescription, schema: Schema): readonly AttributeKey[] {
  const { type, key } = description;
  if (type === undefined) return [key];
  const suffix = key.slice(type.key.length);
  return schema.subtypes(type).map((subtype) => `${subtype.key}${suffix}` as AttributeKey);
}
