/**
 * Carries out index plans (filter/filter-plan.ts): ids of a superset of the matches, ascending. Answers at once what is in memory.
 *
 * In an intersection the smallest part is read first, and the others are left out once few ids remain: reading those entries costs less.
 */
import { unreachable } from '../base/assert.js';
import type { EntryUuid } from '../change/change.js';
import { uuidFromBytes } from '../change/entry-uuid.js';
import type { IndexPlan } from '../filter/filter-plan.js';
import type { EntryId } from './backend.js';
import { type IndexConfig, isUuidLookup } from './index-config.js';
import { INDEX_KIND, type KeySpace, UUID_BYTES } from './key-space.js';
import { sortedIds } from './posting-rows.js';
import { lowerBoundId, type Postings } from './postings.js';

export type Ids = readonly EntryId[];
type Soon<T> = T | Promise<T>;

/** Ids from which narrowing further is not worth another read. */
const FEW_IDS = 32;

/** `then` that stays synchronous. */
function soon<A, B>(value: Soon<A>, use: (value: A) => Soon<B>): Soon<B> {
  return value instanceof Promise ? value.then(use) : use(value);
}

export class IndexReader {
  readonly #config: IndexConfig;
  readonly #keys: KeySpace;
  readonly #postings: Postings;
  readonly #idOf: (uuid: EntryUuid) => EntryId | undefined;

  constructor(
    config: IndexConfig,
    keys: KeySpace,
    postings: Postings,
    idOf: (uuid: EntryUuid) => EntryId | undefined,
  ) {
    this.#config = config;
    this.#keys = keys;
    this.#postings = postings;
    this.#idOf = idOf;
  }

  /** Ids that the plan names; undefined: every entry. */
  ids(plan: IndexPlan): Soon<Ids | undefined> {
    switch (plan.kind) {
      case 'all':
        return undefined;
      case 'none':
        return [];
      case 'equality':
        return this.#equality(plan);
      case 'presence': {
        const spec = this.#config.spec(plan.attribute);
        const kind = spec?.presence === true ? INDEX_KIND.presence : INDEX_KIND.equality;
        return this.#postings.range(this.#keys.index(plan.attribute, kind));
      }
      case 'range':
        return this.#postings.range(
          this.#keys.indexBetween(plan.attribute, INDEX_KIND.ordering, plan.from, plan.to),
        );
      case 'substring':
        return this.#substring(plan);
      case 'union':
        return this.#union(plan.parts, 0, []);
      case 'intersect':
        return this.#intersect(this.#bySize(plan.parts), 0, undefined);
      default:
        return unreachable(plan);
    }
  }

  #equality(plan: IndexPlan & { readonly kind: 'equality' }): Soon<Ids> {
    if (isUuidLookup(plan.attribute)) {
      const id = plan.normal.length === UUID_BYTES ? this.#idOf(uuidFromBytes(plan.normal)) : undefined;
      return id === undefined ? [] : [id];
    }
    return this.#postings.equality(this.#keys.indexValue(plan.attribute, INDEX_KIND.equality, plan.normal));
  }

  #substring(plan: IndexPlan & { readonly kind: 'substring' }): Soon<Ids> {
    const lookups = plan.keys.map(({ key, prefix }) => () => {
      if (prefix) {
        return this.#postings.range(this.#keys.indexValuesFrom(plan.attribute, INDEX_KIND.substring, key));
      }
      return this.#postings.value(this.#keys.indexValue(plan.attribute, INDEX_KIND.substring, key));
    });
    const next = (at: number, found: Ids | undefined): Soon<Ids> => {
      const lookup = lookups[at];
      if (lookup === undefined || (found !== undefined && found.length <= FEW_IDS)) return found ?? [];
      return soon(lookup(), (ids) => next(at + 1, found === undefined ? ids : intersection(found, ids)));
    };
    return next(0, undefined);
  }

  #union(parts: readonly IndexPlan[], at: number, found: EntryId[]): Soon<Ids | undefined> {
    const part = parts[at];
    if (part === undefined) return sortedIds(found);
    return soon(this.ids(part), (ids) => {
      if (ids === undefined) return undefined;
      if (at === 0 && parts.length === 1) return ids;
      for (const id of ids) found.push(id);
      return this.#union(parts, at + 1, found);
    });
  }

  #intersect(parts: readonly IndexPlan[], at: number, found: Ids | undefined): Soon<Ids | undefined> {
    const part = parts[at];
    if (part === undefined || (found !== undefined && found.length <= FEW_IDS)) return found;
    return soon(this.ids(part), (ids) => {
      const rest = ids === undefined ? found : found === undefined ? ids : intersection(found, ids);
      return this.#intersect(parts, at + 1, rest);
    });
  }

  #bySize(parts: readonly IndexPlan[]): readonly IndexPlan[] {
    return parts
      .map((part) => ({ part, size: this.#size(part) }))
      .sort((a, b) => a.size - b.size)
      .map(({ part }) => part);
  }

  /** A guess at how many ids a part gives: known for values in memory, else by kind. */
  #size(plan: IndexPlan): number {
    switch (plan.kind) {
      case 'none':
        return 0;
      case 'equality': {
        if (isUuidLookup(plan.attribute)) return 1;
        const value = this.#keys.indexValue(plan.attribute, INDEX_KIND.equality, plan.normal);
        return this.#postings.equalityCount(value) ?? 1e6;
      }
      case 'substring':
        return 1e5;
      case 'range':
      case 'intersect':
        return 2e6;
      case 'union':
        return plan.parts.reduce((sum, part) => sum + this.#size(part), 0);
      default:
        return 1e9;
    }
  }
}

/** Ids in both ascending lists. */
export function intersection(a: Ids, b: Ids): Ids {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  const out: EntryId[] = [];
  if (short.length * 16 < long.length) {
    for (const id of short) if (long[lowerBoundId(long, id)] === id) out.push(id);
    return out;
  }
  let j = 0;
  for (const id of short) {
    while (j < long.length && (long[j] as number) < id) j += 1;
    if (long[j] === id) out.push(id);
  }
  return out;
}
