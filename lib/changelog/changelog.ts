/**
 * The durable changes of one domain, ordered by origin and CSN (replication-model.md sections 2 and 6).
 *
 * Owns the rows, the server state of what is held (durable), the trimmed marks and a tail in memory; knows nothing of entries, sessions or files.
 * Invariants: the state never runs ahead of the rows on disk; each origin's rows are a chain by `previous` without a hole after its trimmed mark;
 * readers see durable changes only. Local changes ride in the backend's batch (ops, committed); received ones come through append, many to a batch,
 * and where a backend follows the log (carryWith) in one batch with what it makes of them.
 */
import { assert, must } from '../base/assert.js';
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { EncodedChange } from '../change/change.js';
import { type Csn, csnFromBytes, csnReplica, type ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { OrderedStore, StoreOp, StoreSnapshot } from '../port/ordered-store.js';
import { AppendQueue, type CarryRows } from './append-queue.js';
import { ChangelogKeys } from './changelog-keys.js';
import { edgeOf, newestOfAll, oldestOf } from './log-edge.js';
import { LogPurge } from './log-purge.js';
import { readChain, readRow, SCAN_ROWS } from './log-read.js';
import { LogSize } from './log-size.js';
import { trimmedMark, wipeFor, wipeOrigin, without } from './log-wipe.js';
import { Provisional } from './provisional.js';
import { RecentChanges } from './recent-changes.js';

/**
 * What a reader finds after its place. `too-old`: what it needs was trimmed; `oldest` is the mark. `forked`: the place is not in this log although newer
 * changes are: reader and log hold different histories of the origin.
 */
export type LogSlice =
  | { readonly kind: 'changes'; readonly changes: readonly EncodedChange[] }
  | { readonly kind: 'too-old'; readonly oldest: Csn }
  | { readonly kind: 'forked'; readonly found: Csn };

/** What became of received changes. `durable` resolves when those taken, and those held before, are on disk. */
export type AppendOutcome =
  | {
      readonly kind: 'taken';
      readonly taken: number;
      readonly duplicates: number;
      readonly durable: Promise<void>;
    }
  | {
      readonly kind: 'gap';
      readonly origin: ReplicaId;
      readonly held: Csn | undefined;
      readonly offered: Csn;
    };

export interface ChangelogOptions {
  /** The replica whose local changes come through ops(); undefined in a broker of its own. */
  readonly ownReplica: ReplicaId | undefined;
  /** Prefix of every key. */
  readonly prefix: Uint8Array;
  /** Octets of newest changes kept in memory. */
  readonly recentBytes?: number;
}

export class Changelog {
  readonly #store: OrderedStore;
  readonly #keys: ChangelogKeys;
  readonly #own: ReplicaId | undefined;
  readonly #recent: RecentChanges;
  readonly #listeners = new Set<(origins: readonly ReplicaId[]) => void>();
  #state = ServerState.EMPTY;
  #trimmed = ServerState.EMPTY;
  #generation: string | undefined;
  /** Rows go before the state says so. */
  #wiping = false;
  /** Newest change taken of each origin whose batch is not on disk yet. */
  readonly #taken = new Map<ReplicaId, Csn>();
  /** Origins whose log is being forgotten or begun: nothing of them is taken before that is on disk. */
  readonly #closed = new Set<ReplicaId>();
  readonly #queue: AppendQueue;
  readonly #size = new LogSize();
  readonly #purge: LogPurge;
  #provisional: Provisional | undefined;

  private constructor(store: OrderedStore, options: ChangelogOptions) {
    this.#store = store;
    this.#keys = new ChangelogKeys(options.prefix);
    this.#own = options.ownReplica;
    this.#recent = new RecentChanges(options.recentBytes ?? LIMITS.recentChangeBytes);
    this.#purge = new LogPurge(store, this.#keys, this.#size, this);
    this.#queue = new AppendQueue(store, {
      row: (change) => this.#row(change),
      durable: (changes) => this.#advance(changes),
      refused: (changes) => {
        for (const { csn } of changes) this.#taken.delete(csnReplica(csn));
      },
    });
  }

  /** Opens a log and recovers its state from the rows. Rejects with a StoreError. */
  static async open(store: OrderedStore, options: ChangelogOptions): Promise<Changelog> {
    const changelog = new Changelog(store, options);
    await changelog.#recover();
    return changelog;
  }

  /** Newest change held on disk, per origin. */
  get state(): ServerState {
    return this.#state;
  }

  /** Newest change trimmed away, per origin: only what follows can be read. */
  get trimmed(): ServerState {
    return this.#trimmed;
  }

  /** Part of trimming (log-purge.ts): what is not newer counts as gone from now on. */
  trim(mark: Csn): void {
    this.#trimmed = this.#trimmed.with(mark);
  }

  /** The generation recorded by setGeneration(), for a broker without a backend. */
  get recordedGeneration(): string | undefined {
    return this.#generation;
  }

  /** Whose changes are held on the word of that server alone (a broker's log that began on an empty disk). */
  get provisional(): Provisional {
    return must(this.#provisional, 'the log is open');
  }

  /** Octets of changes held in memory. */
  get recentBytes(): number {
    return this.#recent.bytes;
  }

  /** The newest change of our own replica: what the next local change names as previous. */
  lastOwn(): Csn | undefined {
    return this.#own === undefined ? undefined : this.newest(this.#own);
  }

  /** The row of a local change, to go into the backend's batch; in CSN order, one batch after the other. Asserts the chain. */
  ops(change: EncodedChange): readonly StoreOp[] {
    assert(csnReplica(change.csn) === this.#own, 'a local change of another replica');
    assert(change.previous === this.lastOwn(), 'a local change does not follow the one before it');
    this.#taken.set(csnReplica(change.csn), change.csn);
    return [this.#row(change)];
  }

  /** The batch that held these rows is on disk: they are part of the log now. */
  committed(changes: readonly EncodedChange[]): void {
    this.#advance(changes);
  }

  /**
   * The store refused batches with rows given by ops(): they do not count, unless the store shows that they reached the disk all the same.
   * Rejects with a StoreError when that cannot be read.
   */
  async dropped(): Promise<void> {
    const own = this.#own;
    if (own === undefined) return;
    this.#taken.delete(own);
    const range = this.#keys.changes(own, this.#state.get(own), undefined);
    const newest = await edgeOf(this.#store, this.#keys, range, true);
    if (newest === undefined) return;
    this.#state = this.#state.with(newest);
    this.#tell([own]);
  }

  /**
   * Takes received changes. Those already held are ignored; one that does not follow what is held is refused with all after it (those before it are taken).
   * Many appends share one synced batch. `durable` rejects with a StoreError, and then none of the appends that waited is held.
   */
  append(changes: readonly EncodedChange[]): AppendOutcome {
    const fresh: EncodedChange[] = [];
    let gap: EncodedChange | undefined;
    for (const change of changes) {
      const origin = csnReplica(change.csn);
      const newest = this.newest(origin);
      if (newest !== undefined && change.csn <= newest) continue;
      if (change.previous !== newest || this.#closed.has(origin)) {
        gap = change;
        break;
      }
      this.#taken.set(origin, change.csn);
      fresh.push(change);
    }
    const durable = this.#queue.add(fresh);
    if (gap === undefined)
      return { kind: 'taken', taken: fresh.length, duplicates: changes.length - fresh.length, durable };
    durable.catch(() => {});
    const origin = csnReplica(gap.csn);
    return { kind: 'gap', origin, held: this.newest(origin), offered: gap.csn };
  }

  /** Appends go to disk with what `carry` makes of them, where it can. */
  carryWith(carry: CarryRows): void {
    this.#queue.carry = carry;
  }

  /**
   * Durable changes of `origin` after `after` (undefined: from the first ever), at least one when there is one, then up to `maxBytes`. Answers at once from memory
   * where it can. Rejects with a StoreError.
   */
  read(origin: ReplicaId, after: Csn | undefined, maxBytes: number): LogSlice | Promise<LogSlice> {
    const newest = this.#state.get(origin);
    if (newest === undefined || (after !== undefined && after >= newest))
      return { kind: 'changes', changes: [] };
    const oldest = this.#trimmed.get(origin);
    if (oldest !== undefined && (after === undefined || after < oldest)) return { kind: 'too-old', oldest };
    const recent = this.#recent.following(origin, after, maxBytes, LIMITS.frameChanges);
    if (recent !== undefined) return { kind: 'changes', changes: recent };
    const range = this.#keys.changes(origin, after, newest);
    return readChain(this.#store, range, after, maxBytes, () => this.#trimmed.get(origin));
  }

  /** Durable changes of `origin` with a CSN above `after`, whatever they follow. Rejects with a StoreError. */
  async *scan(
    origin: ReplicaId,
    after: Csn | undefined,
  ): AsyncGenerator<readonly EncodedChange[], undefined> {
    const range = this.#keys.changes(origin, after, this.#state.get(origin));
    for await (const rows of this.#store.scan(range, SCAN_ROWS))
      yield rows.map(({ value }) => readRow(value));
    return undefined;
  }

  /** CSNs of `origin` above `after`, up to and with `through`, as they were frozen. Rejects with a StoreError. */
  async *csns(
    origin: ReplicaId,
    after: Csn | undefined,
    through: Csn,
    snapshot: StoreSnapshot,
  ): AsyncGenerator<readonly Csn[], undefined> {
    const range = this.#keys.changes(origin, after, through);
    for await (const keys of this.#store.scanKeys(range, SCAN_ROWS, snapshot))
      yield keys.map((key) => this.#keys.csnOf(key));
    return undefined;
  }

  /** One durable change, or undefined when it is not held. */
  get(csn: Csn): EncodedChange | undefined {
    if (!this.#state.covers(csn)) return undefined;
    const bytes = this.#store.get(this.#keys.change(csn));
    return bytes === undefined ? undefined : readRow(bytes);
  }

  /** Whether the log holds or held this very change (trimmed ones included): false for one of another history. The newest, which is asked for most and may be large, is not read. */
  holds(csn: Csn): boolean {
    if (!this.#wiping && this.#state.get(csnReplica(csn)) === csn) return true;
    return this.#trimmed.covers(csn) || this.get(csn) !== undefined;
  }

  /** Calls `listener` in the turn in which changes of these origins became durable. The returned function stops it. */
  onAdvance(listener: (origins: readonly ReplicaId[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Trims changes with a CSN below `before` that `floor` covers (what every replica has, or may be lost to). Crash-safe: mark and deletions go together. Resolves with the number trimmed. */
  purge(before: Csn, floor: ServerState): Promise<number> {
    return this.#purge.byAge(before, floor);
  }

  /** Trims the oldest changes that `floor` covers until the log takes at most `bytes`. Resolves with the number trimmed. */
  purgeToSize(bytes: number, floor: ServerState): Promise<number> {
    return this.#purge.toSize(bytes, floor);
  }

  /** Octets and changes that the log takes. */
  get size(): { readonly bytes: number; readonly rows: number } {
    return this.#size;
  }

  /** Oldest change held, of any origin. Rejects with a StoreError. */
  oldest(): Promise<Csn | undefined> {
    return oldestOf(this.#store, this.#keys, this.#state.replicas());
  }

  /** Keeps the count of octets, so that the next start need not read the whole log. */
  keepSize(): Promise<void> {
    return this.#store.batch([this.#size.row(this.#keys, this.#state)], { sync: false });
  }

  /**
   * After a total update the log ends with `state`. What leads there stays where the log is of the same data, `generation`; all else counts as trimmed. Durable when it resolves.
   */
  async reset(state: ServerState, generation?: string): Promise<void> {
    assert(this.#queue.empty, 'a change log in use cannot be reset');
    const goesOn = generation !== undefined && generation === this.#generation;
    this.#wiping = true;
    this.#trimmed = await this.#purge.alone(() =>
      wipeFor(this.#store, this.#keys, this.#size, this, state, goesOn),
    );
    this.#wiping = false;
    this.#taken.clear();
    this.#recent.clear();
    this.#state = state;
    this.#generation = undefined;
    this.#tell(state.replicas());
  }

  /** Makes the log fit entries whose state is `applied`: where they hold more than the log (they were loaded from a file), what the log holds is of other data, and it begins anew after that. Durable when it resolves. */
  async adopt(applied: ServerState): Promise<void> {
    if (!this.#state.coversAll(applied)) await this.reset(applied);
  }

  /** A broker without a backend lets its log of an origin that it holds nothing of begin after `csn`, where its peers no longer have the start. Durable when it resolves. */
  async beginAfter(csn: Csn): Promise<void> {
    const origin = csnReplica(csn);
    assert(this.newest(origin) === undefined, 'the log of this origin has begun already');
    this.#closed.add(origin);
    try {
      await this.#store.batch([trimmedMark(this.#keys, csn)], { sync: true });
      this.#state = this.#state.with(csn);
      this.#trimmed = this.#trimmed.with(csn);
    } finally {
      this.#closed.delete(origin);
    }
    this.#tell([origin]);
  }

  /**
   * Gives up all that is held of an origin, the newest first, so that a crash leaves a shorter log of it, as does a store that refuses. Nothing may be on its way to the disk. Durable when it resolves with
   * how many changes went. Rejects with a StoreError.
   */
  forget(origin: ReplicaId): Promise<number> {
    this.#closed.add(origin);
    return this.#purge.alone(() => this.#forget(origin)).finally(() => this.#closed.delete(origin));
  }

  async #forget(origin: ReplicaId): Promise<number> {
    assert(this.#queue.empty && origin !== this.#own, 'changes of another replica, in a log at rest');
    const mark = this.#trimmed.get(origin);
    // Readers find nothing of it from here on: the state is never ahead of the rows.
    [this.#state, this.#trimmed] = [without(this.#state, origin), without(this.#trimmed, origin)];
    this.#recent.clear();
    const { went, left, error } = await wipeOrigin(this.#store, this.#keys, this.#size, this.#state, origin);
    if (error !== undefined) {
      this.#state = this.#state.merge(ServerState.of([mark ?? [], left ?? []].flat()));
      if (mark !== undefined) this.#trimmed = this.#trimmed.with(mark);
    }
    this.#tell([origin]);
    if (error !== undefined) throw error;
    return went;
  }

  /** Records the generation of the changes held, for a broker without a backend. */
  async setGeneration(generationId: string): Promise<void> {
    const op: StoreOp = { type: 'put', key: this.#keys.generation(), value: utf8Encode(generationId) };
    await this.#store.batch([op, ...this.provisional.ops()], { sync: true });
    this.#generation = generationId;
  }

  /** Resolves when what was taken of this origin is on disk, or refused; undefined: nothing of it is on its way. */
  settling(origin: ReplicaId): Promise<void> | undefined {
    return this.#taken.has(origin) ? this.#queue.add([]).catch(() => {}) : undefined;
  }

  /** Resolves when nothing waits to be written. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /** Newest change of an origin that was taken, durable or on its way to the disk: the place to subscribe from. */
  newest(origin: ReplicaId): Csn | undefined {
    return this.#taken.get(origin) ?? this.#state.get(origin);
  }

  #row(change: EncodedChange): StoreOp {
    return { type: 'put', key: this.#keys.change(change.csn), value: change.bytes };
  }

  /** Durable changes become part of the log; readers are woken in this turn. */
  #advance(changes: readonly EncodedChange[]): void {
    if (changes.length === 0) return;
    const newest = new Map<ReplicaId, Csn>();
    for (const change of changes) {
      newest.set(csnReplica(change.csn), change.csn);
      this.#recent.push(change);
      this.#size.came(change);
    }
    for (const [origin, csn] of newest) {
      this.#state = this.#state.with(csn);
      if (this.#taken.get(origin) === csn) this.#taken.delete(origin);
    }
    this.#tell([...newest.keys()]);
  }

  #tell(origins: readonly ReplicaId[]): void {
    for (const listener of [...this.#listeners]) listener(origins);
  }

  async #recover(): Promise<void> {
    for await (const rows of this.#store.scan(this.#keys.allTrimmed(), SCAN_ROWS)) {
      for (const row of rows) this.#trimmed = this.#trimmed.with(csnFromBytes(row.value));
    }
    const generation = this.#store.get(this.#keys.generation());
    this.#generation = generation === undefined ? undefined : utf8Decode(generation);
    const newest = await newestOfAll(this.#store, this.#keys);
    this.#state = this.#trimmed.merge(ServerState.of(newest));
    const fresh = this.#own === undefined && generation === undefined && this.#state.size === 0;
    this.#provisional = new Provisional(this.#store, this.#keys.confirmed(), fresh);
    await this.#size.count(this.#store, this.#keys, this.#state);
  }
}
