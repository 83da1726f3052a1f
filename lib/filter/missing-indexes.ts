/**
 * Which indexes would have answered a filter: what advice to operators is made of. Attributes and kinds alone, never values.
 *
 * Owns no statistics. Of an and the most selective kind that is missing is named, for one is enough; of an or every one, for all are needed.
 */
import { baseKey } from '../entry/option-subtype.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { CompiledFilter } from './compiled-filter.js';
import type { IndexCatalog } from './filter-plan.js';
import { lookupKeys } from './substring-keys.js';

export type MissingKind = 'equality' | 'substring' | 'ordering' | 'presence';

/** An index that there is not. */
export interface MissingIndex {
  readonly attribute: AttributeKey;
  readonly kind: MissingKind;
}

/** Whether such an index can be made: the schema has the rule, and the attribute has values of its own. */
export type CanIndex = (index: MissingIndex, rule: string | undefined) => boolean;

/** Most indexes that one filter names. */
const MAX_MISSING = 16;
/** Clauses of an and or an or that are looked at: where there are more, they name the same attributes. */
const MAX_CLAUSES = 256;
/** Kinds, the most selective first. */
const RANK: Readonly<Record<MissingKind, number>> = { equality: 0, substring: 1, ordering: 2, presence: 3 };

const NONE: readonly MissingIndex[] = [];

/** The indexes that would help; none where nothing can be done. Total. */
export function missingIndexes(
  filter: CompiledFilter,
  catalog: IndexCatalog,
  canIndex: CanIndex,
): readonly MissingIndex[] {
  switch (filter.kind) {
    case 'and': {
      const each = filter.clauses
        .slice(0, MAX_CLAUSES)
        .map((clause) => missingIndexes(clause, catalog, canIndex));
      const best = each.filter((list) => list.length > 0).sort((a, b) => worst(a) - worst(b))[0];
      return best ?? NONE;
    }
    case 'or': {
      const all: MissingIndex[] = [];
      for (const clause of filter.clauses.slice(0, MAX_CLAUSES)) {
        for (const one of missingIndexes(clause, catalog, canIndex)) add(all, one);
        if (all.length >= MAX_MISSING) break;
      }
      return all;
    }
    case 'present':
      return ofKeys(filter.keys, 'presence', undefined, catalog, (key) => catalog.presence(key), canIndex);
    case 'equality': {
      const { name } = filter.rule;
      const has = (key: AttributeKey) => catalog.equality(key) === name;
      return ofKeys(filter.keys, 'equality', name, catalog, has, canIndex);
    }
    case 'ordering': {
      const { name } = filter.rule;
      const has = (key: AttributeKey) => catalog.ordering(key) === name;
      return ofKeys(filter.keys, 'ordering', name, catalog, has, canIndex);
    }
    case 'substrings': {
      if (lookupKeys(filter.initial, filter.any, filter.final).length === 0) return NONE;
      const { name } = filter.rule;
      const has = (key: AttributeKey) => catalog.substring(key) === name;
      return ofKeys(filter.keys, 'substring', name, catalog, has, canIndex);
    }
    default:
      return NONE;
  }
}

function ofKeys(
  keys: readonly AttributeKey[],
  kind: MissingKind,
  rule: string | undefined,
  catalog: IndexCatalog,
  has: (key: AttributeKey) => boolean,
  canIndex: CanIndex,
): readonly MissingIndex[] {
  const missing: MissingIndex[] = [];
  for (const key of keys) {
    const index: MissingIndex = { attribute: baseKey(key), kind };
    if (catalog.absent(index.attribute) || has(index.attribute)) continue;
    if (canIndex(index, rule)) add(missing, index);
    if (missing.length >= MAX_MISSING) break;
  }
  return missing;
}

function add(list: MissingIndex[], index: MissingIndex): void {
  const known = list.some(({ attribute, kind }) => attribute === index.attribute && kind === index.kind);
  if (!known) list.push(index);
}

function worst(list: readonly MissingIndex[]): number {
  return Math.max(...list.map(({ kind }) => RANK[kind]));
}
