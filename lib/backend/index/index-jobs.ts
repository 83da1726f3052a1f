/**
 * IndexJobs: makes the indexes of an open domain what they are configured to be, while it serves.
 *
 * One job at a time: indexes that are not wanted any more leave the planner and the write path, then their rows go, in slices; rows that no ready
 * index owns (a build or a drop that was cut short) go too; then what is missing is built, all of it in one pass (build-index.ts). The store lists
 * the ready indexes, so after a crash the same job begins anew. Searches that read an index when it is given up end before its rows go.
 * A full disk ends the job; it is tried again by itself, later and later, since a build may be what fills the disk.
 */
import { LdapError } from '../../base/ldap-error.js';
import { reasonOf } from '../../base/thrown.js';
import type { Log } from '../../port/log.js';
import type { StoreOp } from '../../port/ordered-store.js';
import { formatOps, readFacts } from '../domain-facts.js';
import { isForNow, RETRY_MS } from '../refused-for-now.js';
import { attributeOfIndexKey, INDEX_KIND, type IndexKind, TAG } from '../rows/key-space.js';
import { BuildStopped, type BuildWorld, IndexBuild } from './build-index.js';
import { heldOps } from './held-indexes.js';
import type { IndexConfig, IndexItem } from './index-config.js';
import type { IndexReader } from './index-reader.js';
import type { LiveIndexes } from './live-indexes.js';

/** Rows that go in one batch. */
const WIPE_ROWS = 1000;
/** Between two tries, at most. */
const MAX_RETRY_MS = 60_000;
const KINDS: ReadonlySet<number> = new Set(Object.values(INDEX_KIND));

export interface JobWorld extends BuildWorld {
  readonly indexes: LiveIndexes;
  readonly reader: IndexReader;
  readonly log: Log;
  readonly pause: () => Promise<void>;
}

/** What one index is doing. */
export interface IndexState {
  readonly item: IndexItem;
  readonly state: 'ready' | 'building' | 'waiting' | 'failed' | 'dropping';
  /** Of a build, or rows that are gone. */
  readonly done: number;
  readonly total: number | undefined;
  readonly reason: string | undefined;
}

export class IndexJobs {
  readonly #world: JobWorld;
  #build: IndexBuild | undefined;
  #building: IndexConfig | undefined;
  #wiped = 0;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #failure: { readonly reason: string; readonly passes: boolean } | undefined;
  /** Refused in a row by what passes by itself. */
  #refusals = 0;
  #cancelRetry: (() => void) | undefined;

  constructor(world: JobWorld) {
    this.#world = world;
  }

  /** Begins what there is to do, if anything is. Failures are logged, and told by states(). */
  start(): void {
    this.settle().catch(() => undefined); // logged where it happened
  }

  /** Every index that is wanted or still has rows in use. */
  states(): readonly IndexState[] {
    const { indexes } = this.#world;
    const ready = textsOf(indexes.ready);
    const building = this.#building === undefined ? new Set<string>() : textsOf(this.#building);
    const progress = this.#build?.progress;
    return indexes.wanted.items().map((item) => {
      const state = ready.has(item.text)
        ? 'ready'
        : building.has(item.text)
          ? 'building'
          : this.#failure === undefined || this.#failure.passes
            ? 'waiting'
            : 'failed';
      const told = state === 'building' && progress !== undefined ? progress : undefined;
      return {
        item,
        state,
        done: told?.entries ?? 0,
        total: told?.total,
        reason: state === 'failed' || state === 'waiting' ? this.#failure?.reason : undefined,
      };
    });
  }

  /** Rows of dropped indexes that went so far. */
  get wiped(): number {
    return this.#wiped;
  }

  /** Makes these the indexes; resolves when they are. Rejects as settle() does. */
  configure(wanted: IndexConfig): Promise<void> {
    this.#world.indexes.wanted = wanted;
    return this.settle();
  }

  /** Makes these indexes anew; meanwhile they are not used. */
  async rebuild(items: readonly IndexItem[]): Promise<void> {
    const anew = new Set(items.map(({ text }) => text));
    await this.#keep(({ text }) => !anew.has(text));
    await this.settle();
  }

  /** Resolves when all wanted indexes are ready and no others have rows. Rejects with LdapError, StoreError or BuildStopped. */
  settle(): Promise<void> {
    if (this.#stopped) return Promise.reject(new BuildStopped());
    if (this.#running !== undefined) {
      this.#again = true;
      return this.#running;
    }
    this.#cancelRetry?.();
    const running = this.#settle().finally(() => {
      this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  /** Ends the job that runs; resolves when nothing of it touches the store any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    if (this.#build !== undefined) this.#build.stopped = true;
    await this.#running?.catch(() => undefined);
  }

  /** After stop(): jobs may run again. */
  resume(): void {
    this.#stopped = false;
  }

  async #settle(): Promise<void> {
    const { indexes } = this.#world;
    try {
      do {
        this.#again = false;
        this.#failure = undefined;
        const wanted = textsOf(indexes.wanted);
        if (!this.#isTold || indexes.ready.items().some(({ text }) => !wanted.has(text))) {
          await this.#keep(({ text }) => wanted.has(text));
        }
        // An index that is given up from here on keeps its rows until the next pass, so that one builds it.
        const ready = textsOf(indexes.ready);
        await this.#wipeUnused();
        await this.#buildMissing(new Set([...wanted].filter((text) => !ready.has(text))));
      } while (this.#again);
      this.#refusals = 0;
    } catch (error) {
      if (!(error instanceof BuildStopped)) this.#failed(error);
      throw error;
    } finally {
      indexes.building = undefined;
      this.#build = undefined;
      this.#building = undefined;
    }
  }

  #failed(error: unknown): void {
    const { log, clock, commit } = this.#world;
    const reason = reasonOf(error);
    const passes = isForNow(error) || commit.condition.kind === 'full';
    this.#failure = { reason, passes };
    if (!passes) {
      log.error({ reason }, 'indexes could not be made as configured');
    } else if (!this.#stopped) {
      if (this.#refusals === 0)
        log.warn({ reason }, 'indexes are made as configured later, when there is space');
      const waitMs = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** Math.min(this.#refusals, 10));
      this.#refusals += 1;
      this.#cancelRetry = clock.after(waitMs, () => this.start());
    }
  }

  /** Whether the store says of which format it is and which indexes are ready: before it does, no row of another may go or come. A full disk may have refused it at the start (opening-rows.ts). */
  get #isTold(): boolean {
    const { store, keys, indexes } = this.#world;
    return formatOps(store).length === 0 && readFacts(store, keys).indexes === indexes.ready.description();
  }

  /** Takes indexes out of use. */
  #keep(keep: (item: IndexItem) => boolean): Promise<void> {
    const { indexes, exclusively, store, keys, rows } = this.#world;
    return exclusively(async () => {
      const left = indexes.ready.restricted(keep);
      await store.batch([...formatOps(store), ...heldOps(keys, left)], { sync: true });
      indexes.ready = left;
      rows.postings.clear();
    });
  }

  /** Deletes the rows of all indexes that are not ready as it begins. */
  async #wipeUnused(): Promise<void> {
    const { keys, indexes, rows, reader } = this.#world;
    const used = new Set(indexes.ready.items().map(({ key, kind }) => `${key} ${kind}`));
    await reader.settled();
    let { gte, lt } = keys.tagRange(TAG.index);
    for (;;) {
      const first = await firstKey(this.#world, { gte, lt });
      if (first === undefined) return;
      const { attribute, kind } = attributeOfIndexKey(first);
      const range = keys.index(attribute, kind as IndexKind);
      gte = range.lt;
      if (used.has(`${attribute} ${kind}`) && KINDS.has(kind)) continue;
      await this.#wipe(range);
      rows.postings.clear();
      ({ lt } = keys.tagRange(TAG.index));
    }
  }

  async #wipe(range: { readonly gte: Uint8Array; readonly lt: Uint8Array }): Promise<void> {
    const { store, pause } = this.#world;
    for await (const found of store.scanKeys(range, WIPE_ROWS)) {
      if (this.#stopped) throw new BuildStopped();
      const ops: StoreOp[] = found.map((key) => ({ type: 'del', key }));
      await store.batch(ops, { sync: false });
      this.#wiped += ops.length;
      await pause();
    }
  }

  /** `bare`: the indexes that have no rows. */
  async #buildMissing(bare: ReadonlySet<string>): Promise<void> {
    const { indexes, store, keys, log, commit } = this.#world;
    const missing = indexes.wanted.restricted(({ text }) => bare.has(text));
    if (missing.specs.length === 0) return;
    if (this.#stopped) throw new BuildStopped();
    if (commit.blocked !== undefined) throw new LdapError('unavailable', commit.blocked.message);
    const names = missing.items().map(({ text }) => text);
    if (this.#refusals === 0)
      log.info({ indexes: names, entries: commit.counters.entries }, 'indexes are being built');
    const build = new IndexBuild(this.#world, missing);
    const built = textsOf(missing);
    this.#build = build;
    this.#building = missing;
    await build.run(
      () => {
        indexes.building = build;
      },
      async () => {
        const kept = textsOf(indexes.ready);
        const common = new Map([...indexes.ready.commonKeys(), ...build.built.commonKeys()]);
        const now = indexes.wanted
          .restricted(({ text }) => kept.has(text) || built.has(text))
          .withCommon(common);
        await store.batch(heldOps(keys, now), { sync: true });
        indexes.ready = now;
        indexes.building = undefined;
      },
    );
    this.#build = undefined;
    this.#building = undefined;
    log.info({ indexes: names }, 'indexes are ready');
  }
}

function textsOf(config: IndexConfig): Set<string> {
  return new Set(config.items().map(({ text }) => text));
}

async function firstKey(
  { store }: JobWorld,
  range: { readonly gte: Uint8Array; readonly lt: Uint8Array },
): Promise<Uint8Array | undefined> {
  for await (const found of store.scanKeys({ ...range, limit: 1 }, 1)) {
    const [key] = found;
    if (key !== undefined) return key;
  }
  return undefined;
}
