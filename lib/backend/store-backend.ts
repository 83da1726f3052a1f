/**
 * The Backend of backend.ts over an ordered store: reads from the durable tree, searches, and the doors to the write path.
 *
 * Made by openBackend(). How a search finds its candidates is access-path.ts.
 */
import type { Change, EntryUuid } from '../change/change.js';
import type { HistoryRow, JournalLine } from '../conflict/domain-view.js';
import type { Csn } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { Dn } from '../dn/dn.js';
import type { IndexCatalog } from '../filter/filter-plan.js';
import type { Clock } from '../port/clock.js';
import type { OrderedStore, StoreOp } from '../port/ordered-store.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { AppliedLog } from './applied-log.js';
import type {
  Backend,
  Candidates,
  Carried,
  Condition,
  EntryId,
  Explanation,
  OrderedRequest,
  ReplayResult,
  SearchPlanRequest,
  StoredEntry,
  Written,
} from './backend.js';
import type { ChangeFeed, ChangeSource, FeedListener } from './change-feed.js';
import { decidedThen } from './decision.js';
import type { DigestTree } from './digest/digest-tree.js';
import type { EntryImage } from './digest/entry-image.js';
import type { PartDigests } from './digest/part-digests.js';
import { type RestoreWorld, restoreEntry } from './digest/restore-entry.js';
import type { GroupCommit } from './group-commit.js';
import { explainSearch, openCandidates, openOrdered, type SearchWorld } from './index/access-path.js';
import { childCandidates } from './index/candidates.js';
import type { IndexJobs } from './index/index-jobs.js';
import type { IndexReader } from './index/index-reader.js';
import type { LiveIndexes } from './index/live-indexes.js';
import { SteadyCandidates } from './index/steady-candidates.js';
import { openRecent } from './index/usn-lookup.js';
import type { HeldFraction } from './load/held-fraction.js';
import { HeldGeneration } from './load/held-generation.js';
import { type BackendSnapshot, type Counted, takeSnapshot } from './load/total-update.js';
import type { Dictionary } from './rows/dictionary.js';
import { decodeJournalLine, readHistory } from './rows/history-rows.js';
import { type KeySpace, TAG } from './rows/key-space.js';
import { type Purged, type PurgeOptions, purgeRows } from './rows/purge-rows.js';
import { HeldEntry } from './rows/stored-entry.js';
import { afterSchemaChange } from './rules/after-schema.js';
import type { ConsistencyRules } from './rules/consistency-rules.js';
import type { Conformance } from './rules/schema-marks.js';
import { type DoubleValue, findDoubles } from './rules/unique-doubles.js';
import type { DurableTree } from './tree/durable-tree.js';
import type { Decide, WritePath } from './write-path.js';

/** What StoreBackend is made of; tools over whole domains (bulk load, verify, total update) use the same parts. */
export interface BackendParts {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly tree: DurableTree;
  readonly clock: Clock;
  readonly pause: () => Promise<void>;
  readonly indexes: LiveIndexes;
  readonly indexJobs: IndexJobs;
  readonly reader: IndexReader;
  readonly writes: WritePath;
  /** What local writes must keep to, beyond the schema. */
  readonly rules: ConsistencyRules;
  readonly commit: GroupCommit;
  readonly applied: AppliedLog;
  /** What replicas compare. */
  readonly digests: DigestTree;
  /** The same for parts that others hold. */
  readonly partDigests: PartDigests;
  /** The part of the attributes that is held here. */
  readonly fraction: HeldFraction;
  /** Where decided rows gather. */
  readonly pending: RestoreWorld;
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

const JOURNAL_LINES = 200;

/** See the file header. */
export class StoreBackend implements Backend {
  readonly parts: BackendParts;
  /** For cn=changelog on whoever takes a copy. */
  counted: Counted | undefined;
  readonly #world: SearchWorld;
  readonly #generation: HeldGeneration;

  constructor(parts: BackendParts) {
    this.parts = parts;
    const { store, keys, tree, clock, pause, indexes, reader, commit } = parts;
    const settled = () => !commit.flying;
    this.#world = { store, keys, tree, clock, pause, indexes, reader, catalog: indexes, settled };
    this.#generation = new HeldGeneration(parts);
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

  byId(id: EntryId): StoredEntry | undefined {
    return this.parts.tree.glance(id);
  }

  byUuid(uuid: EntryUuid): StoredEntry | undefined {
    return this.parts.tree.byUuid(uuid);
  }

  byKey(key: string): StoredEntry | undefined {
    return this.parts.tree.byKey(key);
  }

  holders(key: AttributeKey, normal: Uint8Array): readonly StoredEntry[] {
    return this.parts.tree.holders(key, normal);
  }

  holderCount(key: AttributeKey, normal: Uint8Array): number {
    return this.parts.tree.holderCount(key, normal);
  }

  nearest(dn: Dn): StoredEntry | undefined {
    return this.parts.tree.nearest(dn);
  }

  parent(entry: StoredEntry): StoredEntry | undefined {
    checkHere(entry);
    return this.parts.tree.parent(entry);
  }

  childCount(entry: StoredEntry): number {
    checkHere(entry);
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
    return this.#generation.generationId;
  }

  get entryCount(): number {
    return this.parts.tree.counters.entries;
  }

  get condition(): Condition {
    return this.parts.commit.condition;
  }

  search(request: SearchPlanRequest): Candidates {
    checkHere(request.base);
    return this.#ofThese(
      openRecent(this.#world, this.parts.applied, request) ?? openCandidates(this.#world, request),
    );
  }

  ordered(request: OrderedRequest): Candidates | undefined {
    checkHere(request.base);
    const ordered = openOrdered(this.#world, request);
    return ordered && this.#ofThese(ordered);
  }

  #ofThese(candidates: Candidates): Candidates {
    return new SteadyCandidates(candidates, this.parts.dictionary);
  }

  async explain(request: SearchPlanRequest): Promise<Explanation> {
    checkHere(request.base);
    return explainSearch(this.#world, request);
  }

  get catalog(): IndexCatalog {
    return this.parts.indexes;
  }

  async *children(entry: StoredEntry): AsyncIterable<readonly StoredEntry[]> {
    const { tree } = this.parts;
    checkHere(entry);
    const lost = tree.showsLostAndFound(entry.id) ? tree.lostAndFound() : undefined;
    if (lost !== undefined) yield [lost];
    const count = tree.childCount(entry);
    if (count === 0) return;
    const candidates = this.#ofThese(childCandidates(this.#world, entry.id, count));
    for (;;) {
      const slice = await candidates.next();
      if (slice === undefined) return;
      yield slice;
    }
  }

  submit(initiator: string, decide: Decide, last?: () => void): Promise<Written> {
    const { writes, rules } = this.parts;
    return writes.submit(initiator, (view) =>
      decidedThen(decide(view), (decided) =>
        decidedThen(rules.completed(view, decided, initiator), (intents) => {
          this.parts.fraction.checkLocal(intents, view);
          last?.();
          return intents;
        }),
      ),
    );
  }

  replay(changes: readonly Change[]): Promise<readonly ReplayResult[]> {
    return this.#watched(changes, this.parts.writes.replay(changes));
  }

  carry(changes: readonly Change[], rows: readonly StoreOp[], durable: () => void): Carried | undefined {
    const carried = this.parts.writes.carry(changes, rows, durable);
    return carried && { ...carried, replayed: this.#watched(changes, carried.replayed) };
  }

  #watched(changes: readonly Change[], done: Promise<readonly ReplayResult[]>): typeof done {
    const { rules } = this.parts;
    if (rules.unique.length === 0) return done;
    return done.then((results) => {
      rules.replayed(changes);
      return results;
    });
  }

  /** What this replica may say of itself: all that it had applied, and a CSN that its later changes are newer than. */
  async report(): Promise<{ readonly state: ServerState; readonly clock: Csn }> {
    const { clock } = await this.parts.writes.report();
    return { state: this.state, clock };
  }

  /** Changes of clients are newer than `csn` from now on. */
  passClock(csn: Csn): void {
    this.parts.writes.passClock(csn);
  }

  /** Values that must be unique and are double, as replication made them since the start. */
  doubles(): readonly DoubleValue[] {
    return this.parts.rules.watch.list();
  }

  /** Every value that must be unique and is double: reads the indexes of the rules whole. */
  findDoubles(): Promise<readonly DoubleValue[]> {
    return findDoubles(this.parts, this.parts.rules.unique);
  }

  /** Forgets rows that no later change can need; see purge-rows.ts. Rejects with a StoreError. */
  purge(options: PurgeOptions): Promise<Purged> {
    return purgeRows(this.parts, options);
  }

  /** Puts a state and the whole history of an entry in the place of its own; see restore-entry.ts. */
  restore(image: EntryImage, wanted: () => boolean): Promise<boolean> {
    return restoreEntry(this.parts, image, wanted);
  }

  async *journal(after?: Uint8Array): AsyncIterable<readonly JournalLine[]> {
    const all = this.parts.keys.tagRange(TAG.journal);
    const range = after === undefined ? all : { gte: after, lt: all.lt };
    for await (const rows of this.parts.store.scan(range, JOURNAL_LINES)) {
      yield rows.map(({ value }) => decodeJournalLine(value));
    }
  }

  startGeneration(generationId: string): Promise<void> {
    return this.#generation.start(generationId);
  }

  lastName(uuid: EntryUuid): string | undefined {
    return this.parts.tree.lastName(uuid);
  }

  /** What was applied here, as it happens and since (change-feed.ts). */
  get changes(): ChangeSource {
    const { feed, commit, applied } = this.parts;
    return {
      log: applied,
      settledUsn: applied.settled,
      onAdvance: (listener) => feed.onAdvance(listener),
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
    return id === undefined ? [] : await readHistory(store, keys.historyAfter(id, undefined));
  }

  /** A frozen copy of the durable state as it is now, for whom shall hold `fraction`. Rejects with LdapError unavailable when there are no data, or a StoreError. */
  async exportSnapshot(fraction = ''): Promise<BackendSnapshot> {
    this.parts.fraction.checkGives(fraction);
    return takeSnapshot(this.parts.store, this.parts.keys, this.counted);
  }

  /** Between a begun and a finished import, across restarts: writes are refused and there is nothing to read. */
  get importing(): boolean {
    return this.#generation.importing;
  }

  /** Marks the domain as importing, on disk, then drops all that it holds. A store that refuses the mark leaves the domain as it was. */
  beginImport(first?: () => Promise<void>): Promise<void> {
    return this.#generation.beginCopy(first);
  }

  /** Stores images; they need not be on disk when it resolves. Rejects when one is malformed. */
  importImages(images: readonly Uint8Array[]): Promise<void> {
    return this.#generation.take(images);
  }

  /** Sets state and generation, puts all on disk, takes the mark away and serves. */
  finishImport(generationId: string, state: ServerState): Promise<void> {
    return this.#generation.finishCopy(generationId, state);
  }

  /** The schema has another content: what is kept of entries, and the marks of merged ones, follow. Rejects with a StoreError. */
  schemaChanged(): Promise<void> {
    const { writes, tree } = this.parts;
    return writes.exclusively(async () => {
      tree.clear();
      if (!this.importing) await afterSchemaChange(this.parts);
    });
  }

  async close(): Promise<void> {
    const jobs = this.parts.indexJobs.stop();
    await this.parts.writes.close();
    await jobs;
  }
}

/** Numbers of entries mean others once a copy took the place of the data. Throws LdapError unavailable. */
function checkHere(entry: StoredEntry): void {
  if (entry instanceof HeldEntry) entry.checkHere();
}
