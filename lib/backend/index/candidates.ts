/**
 * The candidates of a search: ids from indexes, children, a walk down or a scan, narrowed to the scope, read in slices.
 *
 * Slices are small and their time is watched, so a large search gives way to others every few milliseconds. What is in memory is answered
 * without a promise. An entry that was deleted meanwhile is left out.
 */
import type { Clock } from '../../port/clock.js';
import type { OrderedStore, StoreRange, StoreRow } from '../../port/ordered-store.js';
import type { Candidates, EntryId, StoredEntry } from '../backend.js';
import { checkRecord } from '../rows/entry-record.js';
import { type KeySpace, ROOT_ID, readId, TAG } from '../rows/key-space.js';
import { claimIds } from '../rows/rows.js';
import type { HeldEntry } from '../rows/stored-entry.js';
import type { DurableTree } from '../tree/durable-tree.js';
import type { Ids } from './index-reader.js';
import { PostingReader } from './posting-rows.js';
import { lowerBoundId } from './postings.js';

const SLICE_ENTRIES = 128;
const SCAN_ROWS = 512;
/** Rows of a slice for a caller that wants one or two. */
const FEW_ROWS = 16;
/** Index rows of a slice for such a caller. */
const STREAM_ROWS = 64;
/** Results up to this are worth keeping in the entry cache. */
const KEEP_ENTRIES = 256;
/** Milliseconds of work after which others get their turn. */
const TURN_MS = 4;
/** A subtree with more entries than this is not walked but found by a scan of all entries. */
const WALK_ENTRIES = 50_000;

export interface CandidateWorld {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly tree: DurableTree;
  readonly clock: Clock;
  /** Resolves after other work of the event loop had its turn. */
  readonly pause: () => Promise<void>;
  /** Whether the store holds no commit that the tree does not know. */
  readonly settled: () => boolean;
}

/** What a way of finding candidates says of itself. */
export interface CandidateFacts {
  readonly unindexed: boolean;
  readonly plan: string;
  readonly most: number;
}

/** Whether an entry belongs to the result by its place. */
export type InScope = (entry: HeldEntry) => boolean;

type Slice = readonly StoredEntry[] | undefined;

/** Entries at hand. */
export class ListCandidates implements Candidates {
  #entries: readonly StoredEntry[] | undefined;
  readonly unindexed = false;
  readonly sure = false;
  readonly most: number;
  readonly plan: string;

  constructor(entries: readonly StoredEntry[], plan: string) {
    this.#entries = entries.length === 0 ? undefined : entries;
    this.most = entries.length;
    this.plan = plan;
  }

  next(): Slice {
    const entries = this.#entries;
    this.#entries = undefined;
    return entries;
  }

  close(): void {
    this.#entries = undefined;
  }
}

/** Entries of ascending ids, the ids known or on their way. */
export class IdCandidates implements Candidates {
  readonly #world: CandidateWorld;
  readonly #inScope: InScope;
  readonly #after: number;
  #ids: Ids | Promise<Ids>;
  #at = -1;
  #turnMs: number;
  #closed = false;
  readonly unindexed: boolean;
  readonly #facts: CandidateFacts;
  readonly #most: number;
  /** Commits that the tree had seen when the rows were read that are exactly the matches; -1: they are not. */
  readonly #exactAt: number;
  /** See Candidates.sure. */
  sure = false;

  /** `facts.exactAt`: DurableTree.commits before the ids were read, where they are exactly the matches. */
  constructor(
    world: CandidateWorld,
    ids: Ids | Promise<Ids>,
    inScope: InScope,
    after: number,
    facts: CandidateFacts & { readonly exactAt?: number },
  ) {
    this.#world = world;
    this.#ids = ids;
    this.#inScope = inScope;
    this.#after = after;
    this.unindexed = facts.unindexed;
    this.#facts = facts;
    this.#most = facts.most;
    this.#exactAt = facts.exactAt ?? -1;
    this.#turnMs = world.clock.monotonicMs();
  }

  get plan(): string {
    return this.#facts.plan;
  }

  get most(): number {
    return this.#ids instanceof Promise ? this.#most : this.#ids.length;
  }

  /** The ids, for explanations. */
  get ids(): Ids | Promise<Ids> {
    return this.#ids;
  }

  next(): Slice | Promise<Slice> {
    if (this.#closed) return undefined;
    const ids = this.#ids;
    if (ids instanceof Promise) {
      return ids.then((known) => {
        this.#ids = known;
        this.#turnMs = this.#world.clock.monotonicMs();
        return this.next();
      });
    }
    if (this.#at < 0) this.#at = lowerBoundId(ids, this.#after + 1);
    if (ids.length > SLICE_ENTRIES && this.#world.clock.monotonicMs() - this.#turnMs > TURN_MS) {
      return this.#world.pause().then(() => {
        this.#turnMs = this.#world.clock.monotonicMs();
        return this.next();
      });
    }
    return this.#slice(ids);
  }

  #slice(ids: Ids): Slice | Promise<Slice> {
    const { tree } = this.#world;
    // What was committed since the rows were read may have changed these entries.
    this.sure = this.#exactAt === tree.commits && this.#world.settled();
    const keep = ids.length <= KEEP_ENTRIES;
    const entries: StoredEntry[] = [];
    const stop = Math.min(ids.length, this.#at + SLICE_ENTRIES);
    while (this.#at < stop) {
      const id = ids[this.#at++] as EntryId;
      const entry = keep ? tree.byId(id) : tree.glance(id);
      if (entry !== undefined && this.#inScope(entry)) entries.push(entry);
    }
    if (entries.length > 0) return entries;
    return this.#at >= ids.length ? undefined : this.next();
  }

  close(): void {
    this.#closed = true;
  }
}

/** Every entry of the domain in id order. */
export class ScanCandidates implements Candidates {
  readonly #world: CandidateWorld;
  readonly #inScope: InScope;
  #rows: AsyncIterator<readonly StoreRow[]>;
  #ahead: Promise<IteratorResult<readonly StoreRow[]>> | undefined;
  #first: readonly StoredEntry[] | undefined;
  readonly sure = false;
  readonly unindexed: boolean;
  readonly plan: string;
  readonly most: number;
  /** Rows to read before the caller is taken to want many after all. */
  #few: number;

  /** `first`: entries that stand before all others. `few`: about so many are wanted; nothing is read ahead for them. */
  constructor(
    world: CandidateWorld,
    inScope: InScope,
    after: number,
    first: readonly StoredEntry[],
    facts: CandidateFacts,
    few = Number.POSITIVE_INFINITY,
  ) {
    this.#world = world;
    this.#inScope = inScope;
    this.unindexed = facts.unindexed;
    this.plan = facts.plan;
    this.most = facts.most;
    this.#few = few < SCAN_ROWS / 8 ? Math.max(FEW_ROWS, few * 2) : 0;
    this.#first = first.length === 0 ? undefined : first;
    this.#rows = this.#from(after, this.#few === 0 ? SCAN_ROWS : this.#few);
  }

  #from(after: number, rows: number): AsyncIterator<readonly StoreRow[]> {
    const { store, keys } = this.#world;
    const range = { gte: keys.entry((after + 1) as EntryId), lt: keys.tagRange(TAG.entry).lt };
    return store.scan(range, rows)[Symbol.asyncIterator]();
  }

  next(): Slice | Promise<Slice> {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      return first;
    }
    return this.#read();
  }

  async #read(): Promise<Slice> {
    for (;;) {
      const turn = await (this.#ahead ?? this.#rows.next());
      if (turn.done === true) return undefined;
      if (this.#few > 0) this.#goOn(turn.value);
      this.#ahead = this.#few > 0 ? undefined : this.#rows.next();
      this.#ahead?.catch(() => undefined); // told when it is awaited
      const entries: StoredEntry[] = [];
      for (const { key, value } of turn.value) {
        const entry = this.#world.tree.passing(readId(key, 3), checkRecord(value));
        if (entry !== undefined && this.#inScope(entry)) entries.push(entry);
      }
      if (entries.length > 0) return entries;
    }
  }

  /** Who did not find enough in a few slices gets large ones. */
  #goOn(rows: readonly StoreRow[]): void {
    this.#few -= FEW_ROWS / 4;
    const last = rows.at(-1);
    if (this.#few > 0 || last === undefined) return;
    this.close();
    this.#rows = this.#from(readId(last.key, 3), SCAN_ROWS);
  }

  close(): void {
    this.#rows.return?.().catch(() => undefined); // nobody waits for a search that was given up
  }
}

/** Entries as index rows name them, each once, in no order: for a caller that stops after a few. */
export class StreamCandidates implements Candidates {
  readonly #world: CandidateWorld;
  readonly #inScope: InScope;
  readonly #ranges: readonly StoreRange[];
  readonly #met = new Set<EntryId>();
  #at = 0;
  #rows: AsyncIterator<readonly StoreRow[]> | undefined;
  #reader = new PostingReader();
  #left: EntryId[] = [];
  #slice = FEW_ROWS;
  readonly sure = false;
  readonly unindexed = false;
  readonly plan: string;
  readonly most: number;

  /** `first`: ids that no index knows. */
  constructor(
    world: CandidateWorld,
    ranges: readonly StoreRange[],
    inScope: InScope,
    first: Ids,
    facts: CandidateFacts,
  ) {
    this.#world = world;
    this.#ranges = ranges;
    this.#inScope = inScope;
    this.#left = [...first];
    this.plan = facts.plan;
    this.most = facts.most;
  }

  async next(): Promise<Slice> {
    for (;;) {
      const entries: StoredEntry[] = [];
      const now = this.#left.splice(0, this.#slice);
      this.#slice = Math.min(SLICE_ENTRIES, this.#slice * 2);
      for (const id of now) {
        if (this.#met.has(id)) continue;
        this.#met.add(id);
        const entry = this.#world.tree.glance(id);
        if (entry !== undefined && this.#inScope(entry)) entries.push(entry);
      }
      if (entries.length > 0) return entries;
      if (this.#left.length === 0 && !(await this.#more())) return undefined;
    }
  }

  /** Reads on; false at the end. An id that was taken away is named too: its entry does not match. */
  async #more(): Promise<boolean> {
    for (;;) {
      const range = this.#ranges[this.#at];
      if (range === undefined) return false;
      this.#rows ??= this.#world.store.scan(range, STREAM_ROWS)[Symbol.asyncIterator]();
      const turn = await this.#rows.next();
      if (turn.done !== true) {
        this.#reader.take(turn.value);
        this.#left = this.#reader.drain();
        return true;
      }
      this.#rows = undefined;
      this.#at += 1;
    }
  }

  close(): void {
    this.#rows?.return?.().catch(() => undefined); // nobody waits for a search that was given up
    this.#rows = undefined;
    this.#at = this.#ranges.length;
  }
}

/** The entries directly below, `most` of them at most. */
export function childCandidates(world: CandidateWorld, parent: EntryId, most: number): Candidates {
  const facts = { unindexed: false, plan: 'children', most };
  return new IdCandidates(world, childIds(world, parent), (child) => child.parentId === parent, 0, facts);
}

/** Numbers of the entries directly below, ascending. */
export async function childIds(world: CandidateWorld, parent: EntryId): Promise<EntryId[]> {
  const ids: EntryId[] = [];
  for await (const rows of world.store.scan(world.keys.names(parent), 2000)) {
    for (const { value } of rows) claimIds(value, ids);
  }
  return sorted(ids);
}

/** Numbers of all entries below, the base included, ascending; undefined when there are more than `most`. */
export async function subtreeIds(
  world: CandidateWorld,
  base: EntryId,
  most = WALK_ENTRIES,
): Promise<EntryId[] | undefined> {
  const ids: EntryId[] = [base];
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at] as EntryId;
    const count = world.tree.rows.childCount(id);
    if (count === 0) continue;
    if (ids.length + count > most) return undefined;
    for (const child of await childIds(world, id)) ids.push(child);
  }
  return sorted(ids);
}

/** Numbers of all entries, deleted ones too, ascending. */
export async function allIds({ store, keys }: Pick<CandidateWorld, 'store' | 'keys'>): Promise<EntryId[]> {
  const ids: EntryId[] = [];
  for await (const found of store.scanKeys(keys.tagRange(TAG.entry), 2000))
    for (const key of found) ids.push(readId(key, 3));
  return ids;
}

function sorted(ids: EntryId[]): EntryId[] {
  return Array.from(Float64Array.from(ids).sort()) as EntryId[];
}

/** Scope `sub` or `subordinates` below an entry that is not the base of the domain: by walking up, parents remembered. */
export function below(tree: DurableTree, base: EntryId, included: boolean): InScope {
  const known = new Map<EntryId, boolean>([
    [base, true],
    [ROOT_ID, false],
  ]);
  const isBelow = (id: EntryId, depth: number): boolean => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const entry = depth > 300 ? undefined : tree.byId(id);
    const answer = entry !== undefined && isBelow(entry.parentId, depth + 1);
    known.set(id, answer);
    return answer;
  };
  return (entry) => (entry.id === base ? included : isBelow(entry.parentId, 0));
}
