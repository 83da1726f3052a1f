/**
 * Group commit: while one batch is on its way to disk, what is decided gathers in the next one.
 *
 * Owns the layers, the state they lead to, and what happens when the store refuses. Invariants: batches are written one at a time in the
 * order of decisions; a waiter is told after its batch, or refused with everything that was decided on top of it.
 */
import { assert } from '../base/assert.js';
import { LdapError } from '../base/ldap-error.js';
import { type Steps, whole } from '../base/steps.js';
import { asError, reasonOf } from '../base/thrown.js';
import type { ServerState } from '../csn/server-state.js';
import type { Log } from '../port/log.js';
import { type OrderedStore, StoreError, type StoreOp } from '../port/ordered-store.js';
import type { Condition } from './backend.js';
import type { ChangeSink } from './change-sink.js';
import type { EventLoopTurn } from './event-loop-turn.js';
import { Layer, type PendingRows, type Waiter } from './layer.js';
import { SievedStore } from './memory/sieved-store.js';
import type { OwedRows } from './opening-rows.js';
import type { Counters } from './rows/counters.js';
import type { Dictionary } from './rows/dictionary.js';
import type { KeySpace } from './rows/key-space.js';

/** Rows that may gather before replays wait for the disk. */
const ROOMY_ROWS = 20_000;
/** Rows of a batch from which on they are made in turns. */
const LONG_ROWS = 5000;

export interface CommitWorld {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly dictionary: Dictionary;
  readonly rows: PendingRows;
  readonly sink: ChangeSink;
  readonly log: Log;
  /** A turn of the event loop, for batches of many rows. */
  readonly turn: () => EventLoopTurn;
  /** Rows that every batch of this layer carries besides its own. */
  readonly tail: (layer: Layer) => readonly StoreOp[];
  /** The layer is durable: memory follows, before its waiters are told. */
  readonly apply: (layer: Layer) => void;
  /** Reads the durable facts again and forgets all that memory holds. */
  readonly reload: () => Promise<{ readonly state: ServerState; readonly counters: Counters }>;
  /** Writing has ended for this run. */
  readonly onFailed: (error: Error) => void;
}

export class GroupCommit {
  readonly #world: CommitWorld;
  #gathering: Layer;
  #flying: Layer | undefined;
  #holds = 0;
  #scheduled = false;
  #condition: Condition = { kind: 'ready' };
  #reloading: Promise<void> | undefined;
  #mending = false;
  #owed: OwedRows | undefined;
  #waiters: (() => void)[] = [];
  #dropped: () => void = () => undefined;
  /** How often decisions were dropped. */
  drops = 0;

  constructor(world: CommitWorld, state: ServerState, counters: Counters) {
    this.#world = world;
    this.#gathering = new Layer(state, counters);
  }

  get condition(): Condition {
    return this.#condition;
  }

  /** State of everything decided. */
  get state(): ServerState {
    return this.#gathering.state;
  }

  get counters(): Counters {
    return this.#gathering.counters;
  }

  /** Whether writes can be decided now. */
  get usable(): boolean {
    return this.#condition.kind !== 'full' && this.#reloading === undefined;
  }

  /** Whether a batch is on its way: the store may hold it already, memory does not know it. */
  get flying(): boolean {
    return this.#flying !== undefined;
  }

  /** Refuses all writes while set: the domain is being replaced. */
  blocked: Error | undefined;

  /** Why writes are refused, or undefined. */
  get refusal(): Error | undefined {
    if (this.blocked !== undefined) return this.blocked;
    return this.#condition.kind === 'ready' ? undefined : refusalOf(this.#condition);
  }

  /** Called when decisions were dropped. */
  onDropped(run: () => void): void {
    this.#dropped = run;
  }

  /** The gathering layer, visible to decisions from now on. */
  layer(): Layer {
    this.#show(true);
    return this.#gathering;
  }

  #show(gathering: boolean): void {
    const layers: Layer[] = [];
    if (gathering || !this.#gathering.empty) layers.push(this.#gathering);
    if (this.#flying !== undefined) layers.push(this.#flying);
    this.#world.rows.layers = layers;
  }

  /** The gathering batch is not written until release(): an operation is in the middle of its changes. */
  hold(): void {
    this.#holds += 1;
  }

  release(): void {
    if (this.#holds > 0) this.#holds -= 1;
    this.#schedule();
  }

  /** `waiter` is told when everything decided so far is in the store; with `sync`, on disk. */
  wait(waiter: Waiter, sync: boolean): void {
    const refusal = this.refusal;
    if (refusal !== undefined) {
      waiter.refused(refusal);
      return;
    }
    if (this.#gathering.empty) {
      if (this.#flying === undefined) waiter.durable();
      else this.#flying.waiters.push(waiter);
      return;
    }
    this.#gathering.waiters.push(waiter);
    if (sync) this.#gathering.sync = true;
  }

  #schedule(): void {
    if (this.#scheduled || this.#holds > 0 || this.#flying !== undefined || this.#gathering.empty) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.#holds === 0 && this.#flying === undefined && !this.#gathering.empty) this.#write();
    });
  }

  #write(): void {
    const layer = this.#gathering;
    const { keys, dictionary } = this.#world;
    this.#flying = layer;
    this.#gathering = new Layer(layer.state, layer.counters);
    this.#show(false);
    const rows = layer.storeOps(keys, dictionary);
    if (!layer.long && layer.size < LONG_ROWS) {
      this.#hand(layer, whole(rows));
      return;
    }
    this.#world
      .turn()
      .run(this.#expected(rows))
      .then(
        (ops) => this.#hand(layer, ops),
        (error: unknown) => this.fail(asError(error)),
      );
  }

  /** Many rows: the store hears of them before it is given them. */
  *#expected(rows: Steps<StoreOp[]>): Steps<StoreOp[]> {
    const { store } = this.#world;
    const ops = yield* rows;
    if (store instanceof SievedStore) yield* store.expect(ops);
    return ops;
  }

  /** Gives the rows of the flying layer to the store, unless it was dropped while they were made. */
  #hand(layer: Layer, ops: StoreOp[]): void {
    if (this.#flying !== layer) return;
    const { store, tail } = this.#world;
    const sync = layer.sync || layer.changes.length > 0;
    for (const op of tail(layer)) ops.push(op);
    store.batch(ops, { sync }).then(
      () => this.#written(layer),
      (error: unknown) => this.#refused(error),
    );
  }

  #written(layer: Layer): void {
    this.#flying = undefined;
    this.#world.apply(layer);
    this.#show(false);
    if (layer.changes.length > 0) this.#world.sink.committed(layer.changes);
    // The next batch starts before the answers go out.
    if (this.#holds === 0 && !this.#gathering.empty) this.#write();
    for (const waiter of layer.waiters) waiter.durable();
    this.#wake();
  }

  /** The domain was opened on a full disk: writes are refused until what that refused is written. */
  owe(owed: OwedRows): void {
    this.#owed = owed;
    this.#full(owed.refusal.message);
  }

  #full(reason: string): void {
    if (this.#condition.kind === 'ready')
      this.#world.log.error({ reason }, 'the disk is full: writes are refused');
    this.#condition = { kind: 'full', reason };
  }

  #refused(error: unknown): void {
    const failure = error instanceof StoreError ? error.failure : 'failed';
    const reason = reasonOf(error);
    if (failure === 'full') {
      this.#full(reason);
      this.#drop();
      this.#reloading = this.#reload().finally(() => {
        this.#reloading = undefined;
        this.#wake();
      });
    } else {
      this.fail(error instanceof Error ? error : new Error(reason));
    }
  }

  /** Ends writing for this run. */
  fail(error: Error): void {
    if (this.#condition.kind === 'failed') return;
    this.#world.log.error(
      { reason: error.message },
      'the store failed: this server is read-only until it is restarted',
    );
    this.#condition = { kind: 'failed', reason: error.message };
    this.#drop();
    this.#world.onFailed(error);
    this.#wake();
  }

  /** Everything undurable is forgotten and its waiters are refused. */
  #drop(): void {
    this.drops += 1;
    const refusal = refusalOf(this.#condition);
    const waiters = [...(this.#flying?.waiters ?? []), ...this.#gathering.waiters];
    const dropped = this.#flying === undefined ? [this.#gathering] : [this.#gathering, this.#flying];
    this.#world.dictionary.values?.dropped(dropped.map(({ values }) => values));
    this.#flying = undefined;
    this.#gathering = new Layer(this.#gathering.state, this.#gathering.counters);
    this.#world.rows.layers = [];
    this.#dropped();
    for (const waiter of waiters) waiter.refused(refusal);
  }

  /** Reads the durable facts again after the rows were replaced. */
  async restart(): Promise<void> {
    this.#owed = undefined;
    this.drops += 1;
    await this.#reload();
  }

  async #reload(): Promise<void> {
    try {
      await this.#world.sink.dropped?.();
      const { state, counters } = await this.#world.reload();
      this.#gathering = new Layer(state, counters);
      this.#dropped();
    } catch (error) {
      this.fail(asError(error));
    }
  }

  /** After a full disk: tries a write of nothing new, and what is owed; when it succeeds, all is read again and writes are taken. Once at a time: two would read all again into one another. */
  async mend(): Promise<void> {
    assert(!this.#mending, 'one attempt to mend at a time');
    this.#mending = true;
    try {
      await this.#mend();
    } finally {
      this.#mending = false;
    }
  }

  async #mend(): Promise<void> {
    await this.#reloading;
    if (this.#condition.kind !== 'full') return;
    try {
      await this.#world.store.batch([], { sync: true });
      await this.#owed?.write();
      this.#owed = undefined;
    } catch (error) {
      if (error instanceof StoreError && error.failure === 'full') return;
      this.fail(asError(error));
      return;
    }
    await this.#reload();
    if (this.#condition.kind !== 'full') return;
    this.#condition = { kind: 'ready' };
    this.#world.log.info({}, 'the disk has space again: writes are taken');
  }

  /** Resolves when no batch gathers or flies. */
  async drained(): Promise<void> {
    for (;;) {
      await this.#reloading;
      if (this.#flying === undefined && this.#gathering.empty) return;
      this.#schedule();
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  /** Resolves when the gathering batch is not too large. */
  async roomy(): Promise<void> {
    while (
      this.#flying !== undefined &&
      this.#gathering.ops.length + this.#gathering.historyRows > ROOMY_ROWS
    ) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}

function refusalOf(condition: Condition): LdapError {
  if (condition.kind === 'full') {
    return new LdapError('unavailable', 'the disk is full; writes are taken again when there is space');
  }
  const reason = condition.kind === 'failed' ? condition.reason : '';
  return new LdapError('unavailable', `the store failed and this server takes no writes: ${reason}`);
}
