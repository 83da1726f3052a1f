/**
 * How a search finds its candidates: the postings of its plan, the children or the subtree of its base, or all entries, whichever reads less.
 *
 * The sizes that decide are counts of children, lists in memory and budgets: index rows are read until the other way would have cost less. An answer of
 * the index narrowed by a small base, and a base narrowed by the index, are the same set: only the work differs. The derived container
 * of lost entries stands in no index and is put in front. See docs/indexes.md.
 */
import {
  answersAll,
  describePlan,
  type IndexCatalog,
  type IndexPlan,
  narrows,
  planFilter,
} from '../../filter/filter-plan.js';
import type { Candidates, Explanation, OrderedRequest, SearchPlanRequest, StoredEntry } from '../backend.js';
import { LOST_AND_FOUND_ID } from '../rows/key-space.js';
import {
  below,
  type CandidateFacts,
  childIds,
  IdCandidates,
  type InScope,
  ListCandidates,
  ScanCandidates,
  StreamCandidates,
  subtreeIds,
} from './candidates.js';
import {
  type Ids,
  type IndexReader,
  intersection,
  type PlanBudget,
  type ReadStep,
  rowsAreExact,
} from './index-reader.js';
import { type OrderedWorld, orderedCandidates } from './ordered-candidates.js';

/** A container with more children than this share of the domain, or of a list of ids, is not read child by child. */
const WIDE_SHARE = 4;
/** Child lists up to this are read to narrow long candidate lists. */
const NARROW_CHILDREN = 10_000;
/** Index rows that are read before a scan of a quarter of the entries is thought of. */
const LEAST_BUDGET = 1024;
/** Rows worth reading for each child that need not be looked at. */
const ROWS_PER_CHILD = 4;
/** A subtree of up to so many entries is walked rather than looked up. */
const SMALL_SUBTREE = 64;
/** Index results longer than this are worth comparing with the size of the subtree. */
const LONG_LIST = 512;
/** Callers that want up to so many entries get them as they are found. */
const FEW = 16;

export interface SearchWorld extends OrderedWorld {
  readonly catalog: IndexCatalog;
  readonly reader: IndexReader;
}

/** Finds the candidates of one search. */
export function openCandidates(world: SearchWorld, request: SearchPlanRequest): Candidates {
  return new AccessPath(world, request).open();
}

/** Finds the ids of one search, counts them, and tells how. */
export async function explainSearch(world: SearchWorld, request: SearchPlanRequest): Promise<Explanation> {
  const steps: ReadStep[] = [];
  const path = new AccessPath(world, request, steps);
  const candidates = path.open();
  const count = await countOf(candidates);
  const explanation: Explanation = {
    plan: describePlan(path.plan),
    path: candidates.plan,
    unindexed: candidates.unindexed,
    exact: path.exact && !candidates.unindexed,
    candidates: count ?? candidates.most,
    counted: count !== undefined,
    steps,
  };
  candidates.close();
  return explanation;
}

/** Entries in the order of an index, where that may cost less than sorting the matches; see Backend.ordered(). */
export function openOrdered(world: SearchWorld, request: OrderedRequest): Candidates | undefined {
  const { base, scope, filter } = request;
  const { tree, catalog, reader } = world;
  const all = tree.counters.entries;
  const wide =
    scope === 'one' ? tree.rows.childCount(base.id) * WIDE_SHARE >= all : base.id === tree.base()?.id;
  if (scope === 'base' || !wide) return undefined;
  const size = reader.size(planFilter(filter, catalog).plan);
  // Few matches are found faster by their index, and sorted in no time.
  if (size !== undefined && size * WIDE_SHARE < all) return undefined;
  return orderedCandidates(world, request, scopeOf(world, base, scope));
}

function scopeOf({ tree }: SearchWorld, base: StoredEntry, scope: SearchPlanRequest['scope']): InScope {
  if (scope === 'one') return (entry) => entry.parentId === base.id;
  if (base.id !== tree.base()?.id) return below(tree, base.id, scope === 'sub');
  return scope === 'sub' ? () => true : (entry) => entry.id !== base.id;
}

/** Number of candidates, where they are numbered before they are read. */
async function countOf(candidates: Candidates): Promise<number | undefined> {
  if (candidates instanceof LateCandidates) return countOf(await candidates.opened());
  if (candidates instanceof IdCandidates) return (await candidates.ids).length;
  return candidates instanceof ListCandidates ? candidates.most : undefined;
}

class AccessPath {
  readonly #world: SearchWorld;
  readonly #request: SearchPlanRequest;
  readonly #steps: ReadStep[] | undefined;
  readonly #after: number;
  readonly #isBase: boolean;
  readonly #lost: boolean;
  readonly plan: IndexPlan;
  /** The plan's rows are the matches. */
  readonly exact: boolean;

  constructor(world: SearchWorld, request: SearchPlanRequest, steps?: ReadStep[]) {
    this.#world = world;
    this.#request = request;
    this.#steps = steps;
    const { base, scope, filter } = request;
    this.#after = request.afterId ?? 0;
    this.#isBase = base.id === world.tree.base()?.id;
    this.#lost = scope !== 'base' && this.#lostInScope();
    const { plan, exact } =
      scope === 'base' ? { plan: NOTHING, exact: false } : planFilter(filter, world.catalog);
    this.plan = plan;
    this.exact = exact && rowsAreExact(plan) && !this.#lost;
    this.#everything = plan.kind === 'all' && exact;
  }
  /** The filter is true for every entry: all of them are read because all of them are asked for. */
  readonly #everything: boolean;

  open(): Candidates {
    const { tree } = this.#world;
    const { base, scope } = this.#request;
    if (scope === 'base') {
      const current = tree.byId(base.id) ?? base;
      return new ListCandidates(base.id > this.#after ? [current] : [], 'base');
    }
    const children = tree.rows.childCount(base.id);
    if (children === 0 && !this.#lost) return this.#leaf();
    if (!narrows(this.plan)) return this.#entries(children, 'all');
    const stream = this.#stream();
    if (stream !== undefined) return stream;
    return scope === 'one' ? this.#children(children) : this.#subtree(children);
  }

  /** Nothing lies below the base. */
  #leaf(): Candidates {
    const { base, scope } = this.#request;
    const found = scope === 'sub' && base.id > this.#after ? [this.#world.tree.byId(base.id) ?? base] : [];
    return new ListCandidates(found, 'leaf');
  }

  /** Index rows as they come, for a caller that stops after the first few. */
  #stream(): Candidates | undefined {
    const { few, anyOrder, scope } = this.#request;
    if (few === undefined || few > FEW || anyOrder !== true || this.#after > 0) return undefined;
    if (!this.#isBase || scope === 'one') return undefined;
    const size = this.#world.reader.size(this.plan);
    const ranges = size === undefined ? this.#world.reader.ranges(this.plan) : undefined;
    if (ranges === undefined) return undefined;
    const facts = { unindexed: false, plan: `first of ${describePlan(this.plan)}`, most: this.#all() };
    const lost = this.#lost ? [LOST_AND_FOUND_ID] : [];
    return new StreamCandidates(this.#world, ranges, this.#inScope(), lost, facts);
  }

  #children(children: number): Candidates {
    const { reader, tree } = this.#world;
    const size = reader.size(this.plan);
    if (size !== undefined && children * WIDE_SHARE < size && children < NARROW_CHILDREN && !this.#lost) {
      return this.#entries(children, 'smaller than the index');
    }
    const worth = children * ROWS_PER_CHILD + SMALL_SUBTREE;
    const narrow = (found: Ids): Ids | Promise<Ids> => {
      if (children >= NARROW_CHILDREN || children * WIDE_SHARE >= found.length) return found;
      return childIds(this.#world, this.#request.base.id).then((ids) => intersection(ids, found));
    };
    const now = tree.counters.entries;
    return this.#indexed(Math.min(worth, this.#budget(now)), narrow, () =>
      this.#entries(children, 'gave up'),
    );
  }

  #subtree(children: number): Candidates {
    const { reader, tree } = this.#world;
    const { base } = this.#request;
    const indexed = () => {
      const narrow = (found: Ids): Ids | Promise<Ids> => {
        if (this.#isBase || found.length <= LONG_LIST) return found;
        const most = Math.floor(found.length / WIDE_SHARE);
        if (children > most) return found;
        return subtreeIds(this.#world, base.id, most).then((ids) =>
          ids === undefined ? found : intersection(ids, found),
        );
      };
      return this.#indexed(this.#budget(tree.counters.entries), narrow, () =>
        this.#entries(children, 'gave up'),
      );
    };
    if (this.#isBase || children > SMALL_SUBTREE) return indexed();
    const size = reader.size(this.plan);
    if (size !== undefined && size <= SMALL_SUBTREE) return indexed();
    const facts = { unindexed: false, plan: 'small subtree', most: SMALL_SUBTREE };
    return new LateCandidates(facts, async () => {
      const ids = await subtreeIds(this.#world, base.id, SMALL_SUBTREE);
      if (ids === undefined) return indexed();
      return new IdCandidates(this.#world, ids, this.#inScope(), this.#after, { ...facts, most: ids.length });
    });
  }

  /** By the plan; by the other way when the plan's rows cost more than they are worth. */
  #indexed(left: number, narrow: (found: Ids) => Ids | Promise<Ids>, other: () => Candidates): Candidates {
    const { reader, tree, settled } = this.#world;
    const exactAt = this.exact && settled() ? tree.commits : -1;
    const budget: PlanBudget = { left, ...(this.#steps === undefined ? {} : { steps: this.#steps }) };
    const ids = reader.ids(this.plan, budget);
    const facts = new IndexFacts(this.plan, this.#all(), exactAt);
    const finish = (found: Ids): Ids => (this.#lost ? [LOST_AND_FOUND_ID, ...found] : found);
    const made = (found: Ids): Candidates => {
      const narrowed = narrow(found);
      const all = narrowed instanceof Promise ? narrowed.then(finish) : finish(narrowed);
      return new IdCandidates(this.#world, all, this.#inScope(), this.#after, facts);
    };
    if (!(ids instanceof Promise)) return ids === undefined ? other() : made(ids);
    return new LateCandidates(facts, async () => {
      const found = await ids;
      return found === undefined ? other() : made(found);
    });
  }

  /** Without an index: the children, the subtree, or all entries. */
  #entries(children: number, why: string): Candidates {
    const { base, scope } = this.#request;
    const inScope = this.#inScope();
    const all = this.#all();
    const unindexed = !this.#everything && !answersAll(this.plan);
    const told = this.plan.kind === 'all' ? [] : [why === 'all' ? '' : `${why}: `, describePlan(this.plan)];
    const note = (plan: string): string => (told.length === 0 ? plan : `${plan}, ${told.join('')}`);
    if (scope === 'one' && children * WIDE_SHARE < all + 64) {
      const facts: CandidateFacts = {
        unindexed: unindexed && why !== 'smaller than the index',
        plan: note('children'),
        most: children,
      };
      const first = this.#lost ? [LOST_AND_FOUND_ID] : [];
      const ids = childIds(this.#world, base.id).then((found): Ids => [...first, ...found]);
      return new IdCandidates(this.#world, ids, inScope, this.#after, facts);
    }
    if (scope !== 'one' && !this.#isBase) {
      const facts: CandidateFacts = { unindexed, plan: note('subtree'), most: all };
      return new LateCandidates(facts, async () => {
        const ids = await subtreeIds(this.#world, base.id);
        if (ids === undefined) return this.#scan(inScope, [], facts);
        return new IdCandidates(this.#world, ids, inScope, this.#after, { ...facts, most: ids.length });
      });
    }
    const lost = this.#lost && this.#after < LOST_AND_FOUND_ID ? this.#world.tree.lostAndFound() : undefined;
    const facts: CandidateFacts = { unindexed, plan: note('all'), most: all };
    return this.#scan(inScope, lost === undefined ? [] : [lost], facts);
  }

  #scan(inScope: InScope, first: readonly StoredEntry[], facts: CandidateFacts): Candidates {
    return new ScanCandidates(this.#world, inScope, this.#after, first, facts, this.#request.few);
  }

  #all(): number {
    return this.#world.tree.counters.entries;
  }

  /** Index rows worth reading before all entries are looked at instead. */
  #budget(entries: number): number {
    return Math.max(LEAST_BUDGET, Math.floor(entries / WIDE_SHARE));
  }

  #inScope(): InScope {
    return scopeOf(this.#world, this.#request.base, this.#request.scope);
  }

  #lostInScope(): boolean {
    const { base, scope } = this.#request;
    if (this.#world.tree.lostAndFound() === undefined) return false;
    return base.id === LOST_AND_FOUND_ID ? scope === 'sub' : this.#isBase;
  }
}

const NOTHING: IndexPlan = { kind: 'all' };

/** Facts of candidates from an index. Few ask for the text of the plan: it is not made for every search. */
class IndexFacts implements CandidateFacts {
  readonly unindexed = false;
  readonly most: number;
  readonly exactAt: number;
  readonly #plan: IndexPlan;

  constructor(plan: IndexPlan, most: number, exactAt: number) {
    this.#plan = plan;
    this.most = most;
    this.exactAt = exactAt;
  }

  get plan(): string {
    return describePlan(this.#plan);
  }
}

/** Candidates of which it is not known yet how they are found. */
class LateCandidates implements Candidates {
  readonly #open: () => Promise<Candidates>;
  #facts: CandidateFacts;
  #inner: Candidates | undefined;
  #opening: Promise<Candidates> | undefined;
  #closed = false;

  constructor(facts: CandidateFacts, open: () => Promise<Candidates>) {
    this.#facts = facts;
    this.#open = open;
  }

  get unindexed(): boolean {
    return this.#inner?.unindexed ?? this.#facts.unindexed;
  }

  get plan(): string {
    return this.#inner?.plan ?? this.#facts.plan;
  }

  get most(): number {
    return this.#inner?.most ?? this.#facts.most;
  }

  get sure(): boolean {
    return this.#inner?.sure ?? false;
  }

  next(): ReturnType<Candidates['next']> {
    return this.#inner === undefined ? this.#begin() : this.#inner.next();
  }

  async #begin(): Promise<readonly StoredEntry[] | undefined> {
    const inner = await this.#found();
    return this.#closed ? undefined : await inner.next();
  }

  async #found(): Promise<Candidates> {
    this.#opening ??= this.#open();
    const inner = await this.#opening;
    if (this.#closed) inner.close();
    this.#inner = inner;
    return inner;
  }

  /** For explanations: how the candidates are found in the end. */
  opened(): Promise<Candidates> {
    return this.#found();
  }

  close(): void {
    this.#closed = true;
    this.#inner?.close();
  }
}
