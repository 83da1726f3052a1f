/**
 * Carries out index plans (filter/filter-plan.ts): ids of a superset of the matches, ascending. Answers at once what is in memory.
 *
 * Never reads more than it is worth: every read has a budget of rows and gives up beyond it (the answer is then undefined: read the entries
 * instead). In an intersection what is known to be small comes first; unknown parts are tried in rounds of growing budgets, so the smallest is
 * found at the price of a few times its own size; the others narrow what is found only where reading them costs less than
 * reading those entries. A union shares one budget and gives way to others between its parts.
 */
import { unreachable } from '../../base/assert.js';
import type { EntryUuid } from '../../change/change.js';
import { uuidFromBytes } from '../../change/entry-uuid.js';
import { describePlan, type IndexPlan, narrows } from '../../filter/filter-plan.js';
import type { StoreRange } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import type { EventLoopTurn } from '../event-loop-turn.js';
import { INDEX_KIND, type KeySpace, prefixRange, UUID_BYTES } from '../rows/key-space.js';
import { type DerivedIndexes, derivedRule } from './derived-indexes.js';
import { IdUnion } from './id-union.js';
import { type IndexSpec, isUuidLookup } from './index-config.js';
import { INDEX_VALUE_BYTES, isWholeInKey } from './index-value.js';
import { lowerBoundId, type Postings, type ReadBudget } from './postings.js';

export type Ids = readonly EntryId[];
type Soon<T> = T | Promise<T>;
type Found = Soon<Ids | undefined>;

/** One lookup that was carried out or left out, for explanations. */
export interface ReadStep {
  readonly lookup: string;
  /** Ids that it gave; undefined: given up, it costs more than it is worth. */
  readonly ids: number | undefined;
  /** Rows that it was allowed to read; undefined: no bound. */
  readonly budget: number | undefined;
}

/** A budget of rows, and who is told of each step. */
export interface PlanBudget extends ReadBudget {
  readonly steps?: ReadStep[];
}

/** Ids from which narrowing further is not worth another read. */
const FEW_IDS = 32;
/** Rows worth reading to narrow one id more. */
const ROWS_PER_ID = 8;
/** Least budget of rows for narrowing. */
const NARROW_ROWS = 256;
/** Budgets in which unknown parts of an intersection are tried. */
const ROUNDS: readonly number[] = [256, 4096, 65_536];
/** Most parts of a union whose sizes are summed up. */
const UNION_SIZED = 64;

/** What the reader needs to know of the indexes. */
export interface IndexSpecs {
  spec(key: IndexSpec['key']): IndexSpec | undefined;
}

type Part = IndexPlan | Gram;
/** A part that is one lookup. */
type Lookup = Exclude<
  Part,
  { readonly kind: 'all' | 'common' | 'none' | 'intersect' | 'union' | 'substring' }
>;
/** One key of a substring lookup. */
interface Gram {
  readonly kind: 'key';
  readonly attribute: IndexSpec['key'];
  readonly key: Uint8Array;
  readonly prefix: boolean;
}

export class IndexReader {
  readonly #specs: IndexSpecs;
  readonly #keys: KeySpace;
  readonly #postings: Postings;
  readonly #idOf: (uuid: EntryUuid) => EntryId | undefined;
  readonly #turn: () => EventLoopTurn;
  readonly #running = new Set<Promise<unknown>>();
  /** Lookups that no rows answer. */
  derived: DerivedIndexes | undefined;

  constructor(
    specs: IndexSpecs,
    keys: KeySpace,
    postings: Postings,
    idOf: (uuid: EntryUuid) => EntryId | undefined,
    turn: () => EventLoopTurn,
  ) {
    this.#specs = specs;
    this.#keys = keys;
    this.#postings = postings;
    this.#idOf = idOf;
    this.#turn = turn;
  }

  /** Ids that the plan names; undefined: every entry, or more than the budget lets it read. */
  ids(plan: IndexPlan, budget: PlanBudget = { left: Number.POSITIVE_INFINITY }): Found {
    const found = this.#read(plan, budget);
    if (found instanceof Promise) {
      this.#running.add(found);
      const done = () => this.#running.delete(found);
      found.then(done, done);
    }
    return found;
  }

  /** Resolves when every read that runs now has ended: rows of an index that is given up may go then. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#running]);
  }

  /** Number of ids that the plan gives, where that is known without reading many rows. */
  size(plan: Part): number | undefined {
    switch (plan.kind) {
      case 'none':
        return 0;
      case 'equality': {
        if (isUuidLookup(plan.attribute)) return 1;
        if (derivedRule(plan.attribute) !== undefined)
          return this.derived?.estimate(plan.attribute, plan.normal) ?? 0;
        const value = this.#keys.indexValue(plan.attribute, INDEX_KIND.equality, plan.normal);
        return this.#postings.equalityCount(value);
      }
      case 'key':
        return plan.prefix ? undefined : this.#postings.valueCount(this.#gram(plan));
      case 'union': {
        if (plan.parts.length > UNION_SIZED) return undefined;
        let sum = 0;
        for (const part of plan.parts) {
          const size = this.size(part);
          if (size === undefined) return undefined;
          sum += size;
        }
        return sum;
      }
      default:
        return undefined;
    }
  }

  /** Rows that hold ids of the plan, for reading the first few as they come; undefined where that is no simple matter. */
  ranges(plan: IndexPlan): readonly StoreRange[] | undefined {
    switch (plan.kind) {
      case 'presence':
        return [this.#presence(plan.attribute)];
      case 'range':
        return [this.#between(plan)];
      case 'equality':
        if (isUuidLookup(plan.attribute) || derivedRule(plan.attribute) !== undefined) return undefined;
        return [prefixRange(this.#keys.indexValue(plan.attribute, INDEX_KIND.equality, plan.normal))];
      case 'substring': {
        const [key] = plan.keys;
        if (key === undefined || plan.keys.length > 1) return undefined;
        const { attribute } = plan;
        return [
          key.prefix
            ? this.#keys.indexValuesFrom(attribute, INDEX_KIND.substring, key.key)
            : prefixRange(this.#keys.indexValue(attribute, INDEX_KIND.substring, key.key)),
        ];
      }
      case 'union': {
        if (plan.parts.length > UNION_SIZED) return undefined;
        const ranges = plan.parts.map((part) => this.ranges(part));
        return ranges.some((one) => one === undefined) ? undefined : ranges.flatMap((one) => one ?? []);
      }
      case 'intersect': {
        const only = onlyPart(plan.parts);
        return only === undefined ? undefined : this.ranges(only);
      }
      default:
        return undefined;
    }
  }

  #read(part: Part, budget: PlanBudget): Found {
    switch (part.kind) {
      case 'all':
      case 'common':
        return undefined;
      case 'none':
        return [];
      case 'intersect':
        return this.#intersect(part.parts.filter(narrows), budget);
      case 'union':
        return this.#union(part.parts, 0, new IdUnion(), budget);
      case 'substring': {
        const { attribute } = part;
        return this.#intersect(
          part.keys.map(({ key, prefix }) => ({ kind: 'key', attribute, key, prefix })),
          budget,
        );
      }
      default:
        return this.#traced(part, budget);
    }
  }

  /** A single lookup; its step is told. */
  #traced(part: Lookup, budget: PlanBudget): Found {
    const { steps } = budget;
    if (steps === undefined) return this.#lookup(part, budget);
    const allowed = Number.isFinite(budget.left) ? Math.max(0, Math.floor(budget.left)) : undefined;
    return soon(this.#lookup(part, budget), (ids) => {
      const lookup = part.kind === 'key' ? `sub(${part.attribute})` : describePlan(part);
      steps.push({ lookup, ids: ids?.length, budget: allowed });
      return ids;
    });
  }

  #lookup(part: Lookup, budget: PlanBudget): Found {
    switch (part.kind) {
      case 'equality':
        return this.#equality(part, budget);
      case 'presence':
        return this.#postings.range(this.#presence(part.attribute), budget);
      case 'range':
        return this.#postings.range(this.#between(part), budget);
      case 'key':
        if (!part.prefix) return this.#postings.value(this.#gram(part), budget);
        return this.#postings.range(
          this.#keys.indexValuesFrom(part.attribute, INDEX_KIND.substring, part.key),
          budget,
        );
      default:
        return unreachable(part);
    }
  }

  #gram({ attribute, key }: Gram): Uint8Array {
    return this.#keys.indexValue(attribute, INDEX_KIND.substring, key);
  }

  #presence(attribute: IndexSpec['key']): StoreRange {
    const kind = this.#specs.spec(attribute)?.presence === true ? INDEX_KIND.presence : INDEX_KIND.equality;
    return this.#keys.index(attribute, kind);
  }

  #between({ attribute, from, to }: IndexPlan & { readonly kind: 'range' }): StoreRange {
    return this.#keys.indexBetween(attribute, INDEX_KIND.ordering, from, to);
  }

  #equality(plan: IndexPlan & { readonly kind: 'equality' }, budget: PlanBudget): Found {
    if (isUuidLookup(plan.attribute)) {
      const id = plan.normal.length === UUID_BYTES ? this.#idOf(uuidFromBytes(plan.normal)) : undefined;
      return id === undefined ? [] : [id];
    }
    if (derivedRule(plan.attribute) !== undefined) {
      const { derived } = this;
      if (derived === undefined || derived.estimate(plan.attribute, plan.normal) > budget.left)
        return undefined;
      return derived.ids(plan.attribute, plan.normal);
    }
    const value = this.#keys.indexValue(plan.attribute, INDEX_KIND.equality, plan.normal);
    return this.#postings.equality(value, budget);
  }

  /** Synchronous as long as the parts are: a loop, for there may be thousands. */
  #union(parts: readonly IndexPlan[], from: number, union: IdUnion, budget: PlanBudget): Found {
    const turn = this.#turn();
    for (let at = from; at < parts.length; at++) {
      const ids = this.#read(parts[at] as IndexPlan, budget);
      if (ids instanceof Promise) {
        return ids.then((given) => {
          if (given === undefined) return undefined;
          union.add(given);
          return this.#union(parts, at + 1, union, budget);
        });
      }
      if (ids === undefined) return undefined;
      if (union.add(ids) && turn.over)
        return turn.share().then(() => this.#union(parts, at + 1, union, budget));
    }
    const steps = union.sorted();
    const first = steps.next();
    return first.done === true ? first.value : turn.run(steps);
  }

  #intersect(parts: readonly Part[], budget: PlanBudget): Found {
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return this.#read(only, budget);
    const known: { readonly part: Part; readonly size: number }[] = [];
    const unknown: Part[] = [];
    for (const part of parts) {
      const size = this.size(part);
      if (size === undefined) unknown.push(part);
      else known.push({ part, size });
    }
    known.sort((a, b) => a.size - b.size);
    unknown.sort((a, b) => rank(a) - rank(b));
    const order = [...known.map(({ part }) => part), ...unknown];
    const first = known[0];
    if (first === undefined) return this.#smallest(order, budget);
    return soon(this.#read(first.part, budget), (ids) =>
      ids === undefined ? this.#narrow(order, 1, undefined, budget) : this.#narrow(order, 1, ids, budget),
    );
  }

  /** Parts of which nothing is known: the first that a round's budget is enough for, narrowed by the others. */
  async #smallest(parts: readonly Part[], budget: PlanBudget): Promise<Ids | undefined> {
    for (const round of [...ROUNDS, Number.POSITIVE_INFINITY]) {
      for (const [at, part] of parts.entries()) {
        if (budget.left < 0) return undefined;
        const left = Math.min(round, budget.left);
        const own: PlanBudget = { left, ...steps(budget) };
        const ids = await this.#read(part, own);
        budget.left -= Number.isFinite(left) ? left - own.left : 0;
        if (ids === undefined) continue;
        return await this.#narrow([...parts.slice(0, at), ...parts.slice(at + 1)], 0, ids, budget);
      }
      if (round >= budget.left) return undefined;
    }
    return undefined;
  }

  #narrow(parts: readonly Part[], from: number, found: Ids | undefined, budget: PlanBudget): Found {
    let ids = found;
    for (let at = from; at < parts.length; at++) {
      if (ids !== undefined && ids.length <= FEW_IDS) return ids;
      const left = ids === undefined ? budget.left : Math.max(NARROW_ROWS, ids.length * ROWS_PER_ID);
      const given = this.#read(parts[at] as Part, { left, ...steps(budget) });
      if (given instanceof Promise) {
        const before = ids;
        return given.then((more) => this.#narrow(parts, at + 1, both(before, more), budget));
      }
      ids = both(ids, given);
    }
    return ids;
  }
}

/** Whether the rows of a plan are exactly the matches of its filter, where planFilter() said so: long values share rows. */
export function rowsAreExact(plan: IndexPlan): boolean {
  switch (plan.kind) {
    case 'equality':
      return isWholeInKey(plan.normal) && derivedRule(plan.attribute) === undefined;
    case 'range':
      // A bound shorter than what rows are cut to tells every longer value from itself.
      return (plan.from?.length ?? 0) < INDEX_VALUE_BYTES && (plan.to?.length ?? 0) < INDEX_VALUE_BYTES;
    case 'union':
      return plan.parts.every(rowsAreExact);
    case 'none':
      return true;
    // An intersection may leave parts out, substring keys are not all of a value, presence has no row for a value without a normal form.
    default:
      return false;
  }
}

/** The one part that leaves entries out; undefined: there are more, or none. */
function onlyPart(parts: readonly IndexPlan[]): IndexPlan | undefined {
  const narrowing = parts.filter(narrows);
  return narrowing.length === 1 ? narrowing[0] : undefined;
}

/** `then` that stays synchronous. */
function soon<A, B>(value: Soon<A>, use: (value: A) => Soon<B>): Soon<B> {
  return value instanceof Promise ? value.then(use) : use(value);
}

function steps({ steps: told }: PlanBudget): { readonly steps?: ReadStep[] } {
  return told === undefined ? {} : { steps: told };
}

function both(a: Ids | undefined, b: Ids | undefined): Ids | undefined {
  return a === undefined ? b : b === undefined ? a : intersection(a, b);
}

/** Which kind of unknown lookup is likely to give fewer ids. */
function rank(part: Part): number {
  switch (part.kind) {
    case 'key':
      return part.prefix ? 2 : 1;
    case 'substring':
      return 3;
    case 'equality':
      return 4;
    case 'range':
      return 6;
    case 'presence':
      return 7;
    default:
      return 5;
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
