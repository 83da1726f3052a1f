/**
 * The one write path of a domain: what clients ask for and what other replicas did, decided one after the other.
 *
 * submit(): decide synchronously on everything decided before -> CSN -> fold -> rows in the gathering layer; answered when its batch is on disk.
 * replay(): the same with given CSNs, rows that need a scan loaded for a slice of changes together. Nothing is decided while rows are loaded.
 * A full disk refuses every write that is not durable, forgets what was decided, and mends itself; any other failure ends writing
 * for this run. Group commit is group-commit.ts; rows of an outcome are outcome-rows.ts.
 */
import type { Steps } from '../base/steps.js';
import { asError } from '../base/thrown.js';
import type { Change, EntryUuid } from '../change/change.js';
import type { EntryState } from '../conflict/entry-state.js';
import { type Csn, csnReplica, type ReplicaId } from '../csn/csn.js';
import type { CsnGenerator } from '../csn/csn-generator.js';
import type { StoreOp } from '../port/ordered-store.js';
import type { Carried, Intent, ReadView, ReplayResult, Written } from './backend.js';
import { APPLIED, ChangeFold, DroppedError, type FoldWorld } from './change-fold.js';
import { type Decision, isDecided } from './decision.js';
import { EventLoopTurn } from './event-loop-turn.js';
import { prefetch } from './memory/prefetch.js';
import { OwnChain } from './own-chain.js';
import { passStamps } from './pass-stamps.js';
import { decodeState } from './rows/entry-record.js';
import { checkFreeUuids } from './tree/free-uuid.js';
import { checkNoRing } from './tree/no-ring.js';
import type { PendingTree } from './tree/pending-tree.js';
import { WriteQueue } from './write-queue.js';

/** Changes whose scans run together. */
const REPLAY_SLICE = 64;

/** Decides at once, or in steps: reads go on between them, and no other write is decided. */
export type Decide = (view: ReadView) => Decision;

export interface WriteWorld extends FoldWorld {
  readonly tree: PendingTree;
  readonly generator: CsnGenerator;
  readonly replica: ReplicaId;
  /** A change from further ahead than the skew bound: an alert. */
  readonly onSkew: (csn: Csn, aheadMs: number) => void;
  /** Our CSNs follow one that lies beyond the skew bound: an alert. */
  readonly onFollow: (csn: Csn, aheadMs: number) => void;
}

export class WritePath {
  readonly #world: WriteWorld;
  readonly #queue: WriteQueue;
  readonly #chain: OwnChain;
  readonly #fold: ChangeFold;

  constructor(world: WriteWorld) {
    this.#world = world;
    this.#queue = new WriteQueue(world.commit);
    this.#chain = new OwnChain(world);
    this.#fold = new ChangeFold(world, this.#chain);
    world.commit.onDropped(() => {
      const wallMs = world.clock.wallMs();
      for (const csn of world.commit.state.csns()) {
        world.generator.observe(csn, wallMs, csnReplica(csn) === world.replica);
      }
      world.view.done();
      world.tree.epoch += 1;
    });
  }

  submit(initiator: string, decide: Decide): Promise<Written> {
    return new Promise<Written>((resolve, reject) => {
      this.#queue.add(() => this.#submit(initiator, decide, resolve, reject), reject);
    });
  }

  replay(changes: readonly Change[]): Promise<readonly ReplayResult[]> {
    return new Promise((resolve, reject) => {
      this.#queue.add(() => this.#replay(changes, resolve, reject), reject);
    });
  }

  /**
   * replay() with rows that must be on disk whatever becomes of the changes: one batch for both. Undefined when the turn is another job's or the store takes no
   * writes: then nothing was done. `durable` is called in the turn in which the rows are on disk.
   */
  carry(changes: readonly Change[], rows: readonly StoreOp[], durable: () => void): Carried | undefined {
    const { commit } = this.#world;
    if (!this.#queue.idle || commit.refusal !== undefined) return undefined;
    const layer = commit.layer();
    // Held until the changes stand beside their rows.
    commit.hold();
    for (const row of rows) layer.ops.push(row);
    const onDisk = new Promise<void>((resolve, refused) => {
      const told = (): void => {
        durable();
        resolve();
      };
      commit.wait({ durable: told, refused }, true);
    });
    const replayed = new Promise<readonly ReplayResult[]>((resolve, reject) => {
      this.#queue.add(() => this.#replay(changes, resolve, reject).finally(() => commit.release()), reject);
    });
    return { onDisk, replayed };
  }

  /** A CSN such that all that is decided later has a newer one, and the state on disk once all that was decided before is there. */
  report(): Promise<{ readonly clock: Csn }> {
    const { commit, generator, clock } = this.#world;
    return new Promise((resolve, reject) => {
      this.#queue.add(() => {
        const promised = generator.promise(clock.wallMs());
        commit.wait({ durable: () => resolve({ clock: promised }), refused: reject }, true);
      }, reject);
    });
  }

  /** Local changes are newer than `csn` from now on. */
  passClock(csn: Csn): void {
    this.#world.generator.observe(csn, this.#world.clock.wallMs(), true);
  }

  /** By how much the CSNs of local changes are ahead of this server's clock, ms. */
  get clockAheadMs(): number {
    return this.#world.generator.aheadMs(this.#world.clock.wallMs());
  }

  /** The entry as all that was decided leaves it, dead or alive; for decide functions. */
  stateOf(uuid: EntryUuid): EntryState | undefined {
    const { rows, dictionary } = this.#world;
    const id = rows.idOf(uuid);
    const record = id === undefined ? undefined : rows.record(id);
    return record === undefined ? undefined : decodeState(record, dictionary);
  }

  /** Runs `work` when its turn comes, with nothing pending and nothing decided meanwhile. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.add(async () => {
        try {
          await this.#world.commit.drained();
          resolve(await work());
        } catch (error) {
          reject(error);
        }
      }, reject);
    });
  }

  /** Refuses new writes; resolves when the running ones are done. */
  async close(): Promise<void> {
    await this.#queue.close();
    await this.#world.commit.drained();
  }

  #submit(
    initiator: string,
    decide: Decide,
    resolve: (written: Written) => void,
    reject: (error: unknown) => void,
  ): void | Promise<void> {
    const { commit, tree } = this.#world;
    const refusal = commit.refusal ?? this.#chain.overtaken;
    if (refusal !== undefined) return reject(refusal);
    let decision: Decision;
    try {
      decision = decide(tree);
      if (isDecided(decision)) return this.#decided(initiator, decision, resolve, reject);
    } catch (error) {
      return reject(error);
    }
    return this.#inTurns(decision)
      .then((intents) => {
        const late = commit.refusal ?? this.#chain.overtaken;
        if (late !== undefined) throw late;
        return this.#decided(initiator, intents, resolve, reject);
      })
      .catch((error: unknown) => reject(error instanceof DroppedError ? error.refusal : error));
  }

  /** The steps of a decision, with turns for others between. Rejects with DroppedError when what it looks at is no more. */
  #inTurns(decision: Steps<readonly Intent[]>): Promise<readonly Intent[]> {
    const { clock, commit } = this.#world;
    const { drops } = commit;
    return new EventLoopTurn(clock).run(decision, () => {
      if (commit.drops !== drops) throw new DroppedError(commit.refusal);
    });
  }

  /** Checks what was decided and makes it. Throws LdapError. */
  #decided(
    initiator: string,
    decision: readonly Intent[],
    resolve: (written: Written) => void,
    reject: (error: unknown) => void,
  ): void | Promise<void> {
    const { rows, tree } = this.#world;
    const intents = checkNoRing(checkFreeUuids(decision, rows), tree, (uuid) => this.stateOf(uuid));
    const passed = passStamps(this.#world, intents);
    if (passed === undefined) return this.#make(initiator, intents, resolve, reject);
    return passed
      .then((late) => {
        if (late !== undefined) throw late;
        return this.#make(initiator, intents, resolve, reject);
      })
      .catch((error: unknown) => {
        this.#world.view.done();
        reject(error);
      });
  }

  /** Makes what was decided. */
  #make(
    initiator: string,
    intents: readonly Intent[],
    resolve: (written: Written) => void,
    reject: (error: unknown) => void,
  ): void | Promise<void> {
    const { tree, commit } = this.#world;
    const target = intents[0]?.entry;
    const before = target === undefined ? undefined : tree.byUuid(target);
    const waiter = { resolve, reject, before, target };
    commit.hold();
    const step = this.#applyIntents(initiator, intents, 0);
    if (!(step instanceof Promise)) return this.#submitted(step, waiter);
    return step.then((csn) => this.#submitted(csn, waiter));
  }

  #submitted(
    outcome: { readonly csn: Csn | undefined } | { readonly error: unknown },
    waiter: {
      readonly resolve: (written: Written) => void;
      readonly reject: (error: unknown) => void;
      readonly before: Written['before'];
      readonly target: EntryUuid | undefined;
    },
  ): void {
    const { commit, tree, view } = this.#world;
    try {
      // Loaded rows are those of this turn: the next late write must see what this one changed.
      view.done();
      if ('error' in outcome) {
        waiter.reject(outcome.error);
        return;
      }
      const after = waiter.target === undefined ? undefined : tree.byUuid(waiter.target);
      if (waiter.before === undefined && after !== undefined) tree.came(after);
      const written: Written = { csn: outcome.csn, before: waiter.before, after };
      commit.wait({ durable: () => waiter.resolve(written), refused: waiter.reject }, true);
    } finally {
      // Whatever goes wrong with this answer, later writes reach the disk.
      commit.release();
    }
  }

  /** Stamps and folds intents from `from` on. Answers the last CSN, or the error when the first one could not be applied. */
  #applyIntents(
    initiator: string,
    intents: readonly Intent[],
    from: number,
  ): { csn: Csn | undefined } | { error: unknown } | Promise<{ csn: Csn | undefined } | { error: unknown }> {
    let csn: Csn | undefined;
    for (let i = from; i < intents.length; i++) {
      const intent = intents[i] as Intent;
      try {
        const change = this.#chain.stamp(initiator, intent.entry, intent.body);
        csn = change.csn;
        const step = this.#fold.fold(change, true);
        if (step instanceof Promise)
          return step.then(
            () => {
              this.#note(intent);
              return i + 1 < intents.length
                ? this.#applyIntents(initiator, intents, i + 1)
                : { csn: change.csn };
            },
            (failure: unknown) => this.#broken(failure, i > 0),
          );
        this.#note(intent);
      } catch (error) {
        return this.#broken(error, i > 0);
      }
    }
    return { csn };
  }

  /** Rows that go with the change. */
  #note({ rows = [] }: Intent): void {
    const { ops } = this.#world.commit.layer();
    for (const op of rows) ops.push(op);
  }

  /** A local change that cannot be folded is our bug; half of an operation must not stay. */
  #broken(error: unknown, half: boolean): { error: unknown } {
    if (error instanceof DroppedError) return { error: error.refusal };
    if (half) this.#world.commit.fail(asError(error));
    return { error };
  }

  async #replay(
    changes: readonly Change[],
    resolve: (results: readonly ReplayResult[]) => void,
    reject: (error: unknown) => void,
  ): Promise<void> {
    const { commit, view } = this.#world;
    const results: ReplayResult[] = [];
    const stopped = new Map<ReplicaId, ReplayResult>();
    const turn = new EventLoopTurn(this.#world.clock);
    try {
      for (let at = 0; at < changes.length; at += REPLAY_SLICE) {
        if (commit.refusal !== undefined) throw commit.refusal;
        const slice = changes.slice(at, at + REPLAY_SLICE);
        const { drops } = commit;
        await prefetch(view, slice);
        if (commit.drops !== drops) throw new DroppedError(commit.refusal);
        commit.hold();
        try {
          for (const change of slice) {
            const step = this.#replayOne(change, stopped);
            const result = step instanceof Promise ? await step : step;
            if (result.kind !== 'applied') stopped.set(csnReplica(change.csn), result);
            results.push(result);
            if (!turn.over) continue;
            await turn.share();
            if (commit.drops !== drops) throw new DroppedError(commit.refusal);
          }
        } finally {
          view.done();
          commit.release();
        }
        if (at + REPLAY_SLICE < changes.length) await commit.roomy();
      }
    } catch (error) {
      // What was read for a slice that was not begun is of this turn too.
      view.done();
      reject(error instanceof DroppedError ? error.refusal : error);
      return;
    }
    commit.wait({ durable: () => resolve(results), refused: reject }, false);
  }

  /** One change of a replay. Changes behind one of the same origin that could not be applied share its result. */
  #replayOne(
    change: Change,
    stopped: ReadonlyMap<ReplicaId, ReplayResult>,
  ): ReplayResult | Promise<ReplayResult> {
    const { commit, generator, clock, replica } = this.#world;
    const origin = csnReplica(change.csn);
    const before = stopped.get(origin);
    if (before !== undefined) return before;
    if (commit.state.covers(change.csn)) return APPLIED;
    const { previous } = change;
    if (previous !== undefined && !commit.state.covers(previous)) return { kind: 'gap', missing: previous };
    const own = origin === replica;
    const seen = generator.observe(change.csn, clock.wallMs(), own);
    if (seen.kind === 'skewed') this.#world.onSkew(change.csn, seen.aheadMs);
    return this.#fold.fold(change, false);
  }
}
