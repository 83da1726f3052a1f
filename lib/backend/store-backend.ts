/**
 * The Backend of backend.ts over an ordered store: reads from the durable tree, searches, and the doors to the write path.
 *
 * Made by openBackend(). Owns the choice of how a search finds its candidates; everything else is done by the parts it holds.
 */
import { must } from '../base/assert.js';
import { LdapError } from '../base/ldap-error.js';
import type { Change, EntryUuid } from '../change/change.js';
import type { HistoryRow, JournalLine } from '../conflict/domain-view.js';
import type { ServerState } from '../csn/server-state.js';
import type { Dn } from '../dn/dn.js';
import { describePlan, planFilter } from '../filter/filter-plan.js';
import type { Clock } from '../port/clock.js';
import type { OrderedStore } from '../port/ordered-store.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type {
  Backend,
  Candidates,
  Condition,
  EntryId,
  ReplayResult,
  SearchPlanRequest,
  StoredEntry,
  Written,
} from './backend.js';
import {
  below,
  type CandidateWorld,
  childIds,
  IdCandidates,
  type InScope,
  ListCandidates,
  ScanCandidates,
  subtreeIds,
} from './candidates.js';
import type { AppliedLog } from './applied-log.js';
import type { ChangeFeed, ChangeSource, FeedListener } from './change-feed.js';
import type { Dictionary } from './dictionary.js';
import { textOp } from './domain-facts.js';
import type { DurableTree } from './durable-tree.js';
import type { GroupCommit } from './group-commit.js';
import { decodeHistoryRow, decodeJournalLine } from './history-rows.js';
import type { IndexConfig } from './index-config.js';
import { type Ids, type IndexReader, intersection } from './index-reader.js';
import { type KeySpace, LOST_AND_FOUND_ID, TAG } from './key-space.js';
import { type Conformance, recheckMarks } from './schema-marks.js';
import { type BackendSnapshot, ImageImport, takeSnapshot } from './total-update.js';
import type { Decide, WritePath } from './write-path.js';

/** What StoreBackend is made of; tools over whole domains (bulk load, verify, total update) use the same parts. */
export interface BackendParts {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly tree: DurableTree;
  readonly clock: Clock;
  readonly pause: () => Promise<void>;
  readonly indexes: IndexConfig;
  readonly reader: IndexReader;
  readonly writes: WritePath;
  readonly commit: GroupCommit;
  readonly applied: AppliedLog;
  readonly feed: ChangeFeed;
  readonly dictionary: Dictionary;
  readonly state: () => ServerState;
  readonly generationId: string | undefined;
  readonly isSingle: (key: AttributeKey) => boolean;
  readonly conformance: Conformance;
  /** A total update was cut short. */
  readonly importing: boolean;
  readonly onApplied?: (() => void) | undefined;
}

/** A container with more children than this share of the domain is found by scanning all entries. */
const WIDE_SHARE = 4;
/** Child lists up to this are read to narrow long candidate lists. */
const NARROW_CHILDREN = 10_000;
const JOURNAL_LINES = 200;

/** See the file header. */
export class StoreBackend implements Backend {
  readonly parts: BackendParts;
  readonly #world: CandidateWorld;
  #generationId: string | undefined;
  #importing: boolean;
  #import: ImageImport | undefined;

  constructor(parts: BackendParts) {
    this.parts = parts;
    this.#world = {
      store: parts.store,
      keys: parts.keys,
      tree: parts.tree,
      clock: parts.clock,
      pause: parts.pause,
    };
    this.#generationId = parts.generationId;
    this.#importing = parts.importing;
  }

  get baseDn(): Dn {
    return this.parts.tree.baseDn;
  }

  byDn(dn: Dn): StoredEntry | undefined {
    return this.parts.tree.byDn(dn);
  }

  byDnText(text: string): StoredEntry | undefined {
    return this.parts.tree.byDnText(text);
  }

  byUuid(uuid: EntryUuid): StoredEntry | undefined {
    return this.parts.tree.byUuid(uuid);
  }

  nearest(dn: Dn): StoredEntry | undefined {
    return this.parts.tree.nearest(dn);
  }

  parent(entry: StoredEntry): StoredEntry | undefined {
    return this.parts.tree.parent(entry);
  }

  childCount(entry: StoredEntry): number {
    return this.parts.tree.childCount(entry);
  }

  get hasAliases(): boolean {
    return this.parts.tree.hasAliases;
  }

  get hasReferrals(): boolean {
    return this.parts.tree.hasReferrals;
  }

  get state(): ServerState {
    return this.parts.state();
  }

  get generationId(): string | undefined {
    return this.#generationId;
  }

  get entryCount(): number {
    return this.parts.tree.counters.entries;
  }

  get condition(): Condition {
    return this.parts.commit.condition;
  }

  search(request: SearchPlanRequest): Candidates {
    const { base, scope, filter } = request;
    const after: number = request.afterId ?? 0;
    const { tree } = this.parts;
    const current = tree.byId(base.id) ?? base;
    if (scope === 'base') return new ListCandidates(base.id > after ? [current] : [], 'base');
    const { plan } = planFilter(filter, this.parts.indexes);
    const isBase = base.id === tree.base()?.id;
    const inScope: InScope =
      scope === 'one'
        ? (entry) => entry.parentId === base.id
        : isBase
          ? (entry) => scope === 'sub' || entry.id !== base.id
          : below(tree, base.id, scope === 'sub');
    const ids = this.parts.reader.ids(plan);
    if (ids === undefined) return this.#unindexed(request, inScope, isBase, after);
    const facts = { unindexed: false, plan: describePlan(plan) };
    return new IdCandidates(this.#world, this.#narrow(ids, request, isBase), inScope, after, facts);
  }

  /** Index results within the scope where that is cheap to tell, and the derived container, which no index knows. */
  #narrow(
    ids: Ids | undefined | Promise<Ids | undefined>,
    { base, scope }: SearchPlanRequest,
    isBase: boolean,
  ): Ids | Promise<Ids> {
    const lost = this.#lostInScope(base.id, scope, isBase);
    const finish = (found: Ids): Ids => (lost ? [LOST_AND_FOUND_ID, ...found] : found);
    const narrow = (given: Ids | undefined): Ids | Promise<Ids> => {
      const found = must(given, 'a plan with a part that needs every entry needs every entry');
      const children = scope === 'one' ? this.parts.tree.rows.childCount(base.id) : Number.POSITIVE_INFINITY;
      if (children < NARROW_CHILDREN && children * WIDE_SHARE < found.length) {
        return childIds(this.#world, base.id).then((below) => finish(intersection(below, found)));
      }
      return finish(found);
    };
    return ids instanceof Promise ? ids.then(narrow) : narrow(ids);
  }

  #lostInScope(base: EntryId, scope: SearchPlanRequest['scope'], isBase: boolean): boolean {
    if (this.parts.tree.lostAndFound() === undefined) return false;
    return base === LOST_AND_FOUND_ID ? scope === 'sub' : isBase;
  }

  #unindexed(request: SearchPlanRequest, inScope: InScope, isBase: boolean, after: number): Candidates {
    const { base, scope } = request;
    const { tree } = this.parts;
    const lost =
      this.#lostInScope(base.id, scope, isBase) && after < LOST_AND_FOUND_ID
        ? tree.lostAndFound()
        : undefined;
    const first = lost === undefined ? [] : [lost];
    const facts = { unindexed: true, plan: 'all' };
    const children = tree.rows.childCount(base.id);
    if (scope === 'one' && children * WIDE_SHARE < this.entryCount + 64) {
      const ids = childIds(this.#world, base.id).then((found) => [
        ...first.map((entry) => entry.id),
        ...found,
      ]);
      return new IdCandidates(this.#world, ids, inScope, after, { ...facts, plan: 'children' });
    }
    if (scope !== 'one' && !isBase) return new WalkCandidates(this.#world, base.id, inScope, after);
    return new ScanCandidates(this.#world, inScope, after, first, facts.plan);
  }

  async *children(entry: StoredEntry): AsyncIterable<readonly StoredEntry[]> {
    const { tree } = this.parts;
    const lost = tree.showsLostAndFound(entry.id) ? tree.lostAndFound() : undefined;
    if (lost !== undefined) yield [lost];
    const ids = await childIds(this.#world, entry.id);
    const candidates = new IdCandidates(this.#world, ids, (child) => child.parentId === entry.id, 0, {
      unindexed: false,
      plan: 'children',
    });
    for (;;) {
      const slice = await candidates.next();
      if (slice === undefined) return;
      yield slice;
    }
  }

  submit(initiator: string, decide: Decide): Promise<Written> {
    return this.parts.writes.submit(initiator, decide);
  }

  replay(changes: readonly Change[]): Promise<readonly ReplayResult[]> {
    return this.parts.writes.replay(changes);
  }

  async *journal(after?: Uint8Array): AsyncIterable<readonly JournalLine[]> {
    const all = this.parts.keys.tagRange(TAG.journal);
    const range = after === undefined ? all : { gte: after, lt: all.lt };
    for await (const rows of this.parts.store.scan(range, JOURNAL_LINES)) {
      yield rows.map(({ value }) => decodeJournalLine(value));
    }
  }

  async startGeneration(generationId: string): Promise<void> {
    await this.parts.writes.exclusively(() =>
      this.parts.store.batch([textOp(this.parts.keys, 'generation', generationId)], { sync: true }),
    );
    this.#generationId = generationId;
  }

  /** What was applied here, as it happens and since (change-feed.ts). */
  get changes(): ChangeSource {
    const { feed, commit, applied } = this.parts;
    return {
      log: applied,
      watch: (listener: FeedListener) => {
        const watcher = feed.enter(listener);
        return new Promise<() => void>((resolve) => {
          const begin = () => {
            watcher.begin();
            resolve(() => watcher.end());
          };
          commit.wait({ durable: begin, refused: begin }, false);
        });
      },
    };
  }

  /** Rows of the entry's history, ascending. */
  async history(uuid: EntryUuid): Promise<readonly HistoryRow[]> {
    const { store, keys, tree } = this.parts;
    const id = tree.rows.idOf(uuid);
    const history: HistoryRow[] = [];
    if (id === undefined) return history;
    for await (const rows of store.scan(keys.historyAfter(id, undefined))) {
      for (const { value } of rows) history.push(decodeHistoryRow(value));
    }
    return history;
  }

  /** A frozen copy of the durable state as it is now. Rejects with LdapError unavailable when there are no data, or a StoreError. */
  async exportSnapshot(): Promise<BackendSnapshot> {
    return takeSnapshot(this.parts.store, this.parts.keys);
  }

  /** Between a begun and a finished import, across restarts: writes are refused and there is nothing to read. */
  get importing(): boolean {
    return this.#importing;
  }

  /** Marks the domain as importing, on disk, then drops all that it holds. */
  async beginImport(): Promise<void> {
    const { commit, writes, store, keys, dictionary, indexes, tree } = this.parts;
    await writes.exclusively(async () => {
      this.#importing = true;
      commit.blocked = new LdapError('unavailable', 'this server takes a copy of all data; try again later');
      const { isSingle, conformance } = this.parts;
      this.#import = await ImageImport.begin({ store, keys, dictionary, indexes, isSingle, conformance });
      await commit.restart();
      tree.clear();
      this.#generationId = undefined;
    });
  }

  /** Stores images; they need not be on disk when it resolves. Rejects when one is malformed. */
  async importImages(images: readonly Uint8Array[]): Promise<void> {
    await must(this.#import, 'an import has begun').take(images);
  }

  /** Sets state and generation, puts all on disk, takes the mark away and serves. */
  async finishImport(generationId: string, state: ServerState): Promise<void> {
    const { commit } = this.parts;
    await must(this.#import, 'an import has begun').finish(generationId, state);
    this.#import = undefined;
    await commit.restart();
    await this.parts.applied.restart();
    commit.blocked = undefined;
    this.parts.feed.reset();
    this.#importing = false;
    this.#generationId = generationId;
    this.parts.onApplied?.();
  }

  /** The schema has another content: what is kept of entries, and the marks of merged ones, follow. Rejects with a StoreError. */
  schemaChanged(): Promise<void> {
    const { writes, store, keys, dictionary, isSingle, conformance, tree } = this.parts;
    return writes.exclusively(async () => {
      tree.clear();
      if (!this.#importing) await recheckMarks({ store, keys, dictionary, isSingle, conformance });
    });
  }

  close(): Promise<void> {
    return this.parts.writes.close();
  }
}

/** Entries below one that is not the base, without an index: walked down, or all scanned when there are too many. */
class WalkCandidates implements Candidates {
  readonly #world: CandidateWorld;
  readonly #base: EntryId;
  readonly #inScope: InScope;
  readonly #after: number;
  #inner: Candidates | undefined;
  #closed = false;
  readonly unindexed = true;
  readonly plan = 'subtree';

  constructor(world: CandidateWorld, base: EntryId, inScope: InScope, after: number) {
    this.#world = world;
    this.#base = base;
    this.#inScope = inScope;
    this.#after = after;
  }

  next(): readonly StoredEntry[] | undefined | Promise<readonly StoredEntry[] | undefined> {
    return this.#inner === undefined ? this.#open() : this.#inner.next();
  }

  async #open(): Promise<readonly StoredEntry[] | undefined> {
    const ids = await subtreeIds(this.#world, this.#base);
    if (this.#closed) return undefined;
    this.#inner =
      ids === undefined
        ? new ScanCandidates(this.#world, this.#inScope, this.#after, [], this.plan)
        : new IdCandidates(this.#world, ids, this.#inScope, this.#after, this);
    return this.#inner.next();
  }

  close(): void {
    this.#closed = true;
    this.#inner?.close();
  }
}
