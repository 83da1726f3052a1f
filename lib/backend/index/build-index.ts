/**
 * Builds indexes of an open domain while writes go on.
 *
 * In three steps. 1: in a turn of the writer a snapshot is taken; from then on writes are not indexed here, the entries that they touch are only
 * remembered. The snapshot's entries are indexed as in a bulk load, into rows that nobody reads. 2: the remembered entries catch up, some in each
 * turn of the writer: what the snapshot had goes, what they have now comes. Writes of all other entries are indexed from now on. 3: nobody is
 * left behind: in the same turn the indexes are ready. Whatever ends a build early, the rows are no index: they are wiped before the next try.
 *
 * Invariant of step 2: an entry that is not behind has exactly the rows of its state in the pending layers.
 */
import type { Steps } from '../../base/steps.js';
import { isAlive } from '../../conflict/entry-state.js';
import type { Clock } from '../../port/clock.js';
import type { OrderedStore, StoreSnapshot } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId } from '../backend.js';
import { readFacts } from '../domain-facts.js';
import { EventLoopTurn } from '../event-loop-turn.js';
import type { GroupCommit } from '../group-commit.js';
import type { Dictionary } from '../rows/dictionary.js';
import { checkRecord, decodeState } from '../rows/entry-record.js';
import { type KeySpace, readId, TAG } from '../rows/key-space.js';
import { postingSink, type RowWorld } from '../rows/outcome-rows.js';
import { shownOf } from '../rows/shown.js';
import type { ValueRows } from '../rows/value-rows.js';
import type { IndexConfig } from './index-config.js';
import { type IndexedState, IndexKeys, type PostingSink } from './index-keys.js';
import type { Building } from './live-indexes.js';
import { gatherInto, PostingBuilder } from './posting-builder.js';
import type { BuilderBounds } from './posting-tables.js';

const ROWS = 128;
/** Entries that catch up in one turn of the writer. */
const CATCH_UP = 100;
/** The bulk part shares memory and the store's thread with clients. */
const BOUNDS = {
  postings: 3_000_000,
  values: 500_000,
  batchRows: 2000,
  batchIds: 20_000,
} satisfies BuilderBounds;

export interface BuildWorld {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly dictionary: Dictionary;
  readonly isSingle: (key: AttributeKey) => boolean;
  readonly clock: Clock;
  readonly pause: () => Promise<void>;
  readonly commit: GroupCommit;
  /** For catching up: rows go where writes put theirs. */
  readonly rows: Pick<RowWorld, 'keys' | 'postings' | 'rows'>;
  /** Runs in the writer's turn, with nothing pending. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

/** How far a build is. */
export interface BuildProgress {
  readonly entries: number;
  readonly total: number;
  /** Entries that were written meanwhile and must catch up. */
  readonly behind: number;
}

/** A build was told to stop. */
export class BuildStopped extends Error {
  constructor() {
    super('the build of an index was stopped');
  }
}

export class IndexBuild implements Building {
  readonly #world: BuildWorld;
  #indexKeys: IndexKeys;
  #config: IndexConfig;
  readonly #behind = new Set<EntryId>();
  #catchingUp = false;
  #snapshot: StoreSnapshot | undefined;
  /** Values as the snapshot has them. */
  #snapshotValues: ValueRows | undefined;
  #entries = 0;
  #total = 0;
  stopped = false;

  /** `config`: the indexes to build; none of them has rows. */
  constructor(world: BuildWorld, config: IndexConfig) {
    this.#world = world;
    this.#config = config;
    this.#indexKeys = new IndexKeys(config, world.keys);
  }

  /** The indexes with their common keys, known once entries catch up. */
  get built(): IndexConfig {
    return this.#config;
  }

  get progress(): BuildProgress {
    return { entries: this.#entries, total: this.#total, behind: this.#behind.size };
  }

  *written(
    id: EntryId,
    before: IndexedState | undefined,
    after: IndexedState | undefined,
    sink: PostingSink,
  ): Steps<void> {
    if (!this.#catchingUp) this.#behind.add(id);
    else if (!this.#behind.has(id)) yield* this.#indexKeys.differenceInSteps(before, after, sink);
  }

  /**
   * Builds. `begin` is called in the writer's turn before the first write that concerns the build, `finish` in the turn in which all
   * rows are there. Rejects with BuildStopped, LdapError (writes are refused) or StoreError.
   */
  async run(begin: () => void, finish: () => Promise<void>): Promise<void> {
    const { exclusively, store, commit, dictionary } = this.#world;
    await exclusively(async () => {
      this.#check();
      begin();
      this.#snapshot = store.snapshot();
      this.#snapshotValues = dictionary.values?.at(this.#snapshot);
      this.#total = commit.counters.entries;
    });
    try {
      await this.#bulk();
      while (!(await this.#catchUp(finish))) this.#check();
    } finally {
      await this.#snapshot?.close();
    }
  }

  #check(): void {
    if (this.stopped) throw new BuildStopped();
    const { refusal } = this.#world.commit;
    if (refusal !== undefined) throw refusal;
  }

  async #bulk(): Promise<void> {
    const { store, keys, clock, pause, dictionary, isSingle } = this.#world;
    const builder = new PostingBuilder(this.#config, gatherInto(store, keys, { ...BOUNDS, pause }));
    const turn = new EventLoopTurn(clock);
    for await (const rows of store.scan(keys.tagRange(TAG.entry), ROWS, this.#snapshot)) {
      this.#check();
      for (const { key, value } of rows) {
        const state = decodeState(checkRecord(value), dictionary, this.#snapshotValues);
        if (!isAlive(state)) continue;
        builder.add(readId(key, 3), { state, shown: shownOf(state, isSingle) });
        this.#entries += 1;
        if (turn.over) await turn.share();
      }
      if (builder.full) await builder.relieve();
    }
    this.#config = this.#config.withCommon(await builder.write());
    this.#indexKeys = new IndexKeys(this.#config, keys);
  }

  /** Some entries that are behind; true: none is, and the indexes are ready. */
  #catchUp(finish: () => Promise<void>): Promise<boolean> {
    const { commit, exclusively, rows, store, keys } = this.#world;
    return exclusively(async () => {
      this.#check();
      if (!this.#catchingUp) {
        this.#catchingUp = true;
        rows.postings.clear();
        const { blockId } = readFacts(store, keys, this.#snapshot).counters;
        const last = commit.counters.nextId - 1;
        // Ids of the snapshot may stand in blocks: taking one away needs a row that says so.
        if (last > blockId) commit.layer().counters = { ...commit.counters, blockId: last };
      }
      const layer = commit.layer();
      let left = CATCH_UP;
      for (const id of this.#behind) {
        if (left === 0) break;
        left -= 1;
        this.#behind.delete(id);
        this.#indexKeys.difference(this.#at(id, true), this.#at(id, false), postingSink(rows, layer, id));
      }
      await written(commit);
      if (this.#behind.size > 0) return false;
      await finish();
      return true;
    });
  }

  /** An entry as the snapshot has it, or as it is now; nothing is pending. */
  #at(id: EntryId, then: boolean): IndexedState | undefined {
    const { store, keys, dictionary, isSingle } = this.#world;
    const record = store.get(keys.entry(id), then ? this.#snapshot : undefined);
    if (record === undefined) return undefined;
    const state = decodeState(
      checkRecord(record),
      dictionary,
      then ? this.#snapshotValues : dictionary.values,
    );
    return isAlive(state) ? { state, shown: shownOf(state, isSingle) } : undefined;
  }
}

/** What stands in the gathering layer is in the store when this resolves; rejects when it was refused. */
function written(commit: GroupCommit): Promise<void> {
  return new Promise((resolve, reject) => {
    commit.hold();
    commit.wait({ durable: resolve, refused: reject }, false);
    commit.release();
  });
}
