/**
 * Replays the change log into the entries: whatever the log holds and the backend lacks, origin by origin, until nothing is left.
 *
 * Level-triggered: the place of each origin is the backend's own state, so first start, catch-up, retry and crash are one path. A change is never skipped and never
 * counted as done unless applied: one that waits for another, or fails, stops its origin (and only that), is retried, and is told of (replication-model.md section 6).
 */

import type { Backend } from '../backend/backend.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { reasonOf } from '../base/thrown.js';
import type { Change, EncodedChange } from '../change/change.js';
import { decodeChange } from '../change/change-codec.js';
import type { Changelog, LogSlice } from '../changelog/changelog.js';
import { type Csn, csnReplica, csnTimeMs, type ReplicaId } from '../csn/csn.js';
import type { Clock } from '../port/clock.js';
import { StoreError, type StoreOp } from '../port/ordered-store.js';
import { follows, inCsnOrder, lags } from './follows.js';
import { LogAhead } from './log-ahead.js';

/** Changes given to the backend in one call. */
const ROUND_CHANGES = 512;
/** Changes that go into the entries in one batch with their log rows: more would keep local writes from the disk for long. */
const CARRIED_CHANGES = 256;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5000;
/** An origin that waits longer than this for another is told of. */
const STUCK_MS = 10_000;
const WATCH_MS = 1000;

/** An origin whose next change cannot be applied at the moment. */
export interface BlockedOrigin {
  readonly origin: ReplicaId;
  readonly csn: Csn;
  readonly kind: 'waiting' | 'failing';
  /** What it waits for, or why it fails. */
  readonly reason: string;
  readonly sinceMs: number;
}

export interface ReplayAlert {
  readonly kind: 'replay-waiting' | 'replay-failing' | 'replay-store' | 'clock-skew';
  readonly key: string;
  readonly message: string;
}

export interface ReplayOptions {
  readonly changelog: Changelog;
  readonly backend: Pick<Backend, 'replay' | 'carry' | 'state'>;
  readonly clock: Clock;
  /** Whether an origin is to be replayed now: our own only while it is being recovered. */
  wanted(origin: ReplicaId): boolean;
  alert(alert: ReplayAlert): void;
  /** Changes were applied. */
  progressed(): void;
}

interface Block extends BlockedOrigin {
  readonly tries: number;
  readonly retryAtMs: number;
  told: boolean;
}

export class Replay {
  readonly #options: ReplayOptions;
  readonly #ahead: LogAhead;
  readonly #blocked = new Map<ReplicaId, Block>();
  readonly #skewed = new Set<ReplicaId>();
  #running = false;
  /** Calls of carry() on their way. */
  #carrying = 0;
  #again = false;
  #stopped = true;
  #storeTries = 0;
  #cancelWatch: (() => void) | undefined;
  #stopListening: (() => void) | undefined;
  #whenIdle: (() => void)[] = [];
  /** Changes applied since start. */
  applied = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#ahead = new LogAhead(options.changelog);
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#blocked.clear();
    this.#ahead.clear();
    const { backend, changelog, wanted } = this.#options;
    this.#stopListening = changelog.onAdvance(() => {
      if (lags(backend.state, changelog.state, wanted)) this.poke();
    });
    this.poke();
  }

  /** Resolves when no call to the backend is on its way. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening?.();
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
    if (!this.#running && this.#carrying === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** There may be something to do: begins in this turn when nothing runs. */
  poke(): void {
    this.#again = true;
    if (!this.#running && !this.#stopped) void this.#run();
  }

  /** Origins that stand still, for monitoring. */
  blocked(): readonly BlockedOrigin[] {
    return [...this.#blocked.values()];
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        while (!this.#stopped && (await this.#round()));
        this.#storeTries = 0;
      } catch (error) {
        this.#storeTrouble(error);
        break;
      }
    }
    this.#running = false;
    this.#watch();
    this.#rest();
  }

  #rest(): void {
    if (this.#running || this.#carrying > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /**
   * Applies received changes in one batch with their log rows (CarryRows), which spares a write and the wait for it. Only where nothing stands between: what is
   * older is applied, its origin does not stand still. What is not applied all the same is found by the next round, like everything else.
   */
  carry(
    encoded: readonly EncodedChange[],
    rows: readonly StoreOp[],
    durable: () => void,
  ): Promise<void> | undefined {
    const { backend, wanted } = this.#options;
    if (this.#stopped || this.#running || this.#storeTries > 0 || encoded.length > CARRIED_CHANGES)
      return undefined;
    const goesOn = (origin: ReplicaId): boolean => wanted(origin) && !this.#blocked.has(origin);
    // Several sessions bring several origins, each in its order: together they are to be brought into that of CSNs.
    const inOrder = inCsnOrder(encoded);
    if (!follows(inOrder, backend.state, goesOn)) return undefined;
    const changes = this.#decode([{ kind: 'changes', changes: inOrder }]);
    const carried = changes.length < encoded.length ? undefined : backend.carry?.(changes, rows, durable);
    if (carried === undefined) return undefined;
    this.#carrying += 1;
    const replayed = carried.replayed.then(
      (results) => this.#carried(results.filter(({ kind }) => kind === 'applied').length),
      () => {},
    );
    const onDisk = carried.onDisk.catch((error: unknown) => {
      throw new StoreError('failed', reasonOf(error), { cause: error });
    });
    void Promise.allSettled([replayed, onDisk]).then(() => {
      this.#carrying -= 1;
      this.#rest();
    });
    return onDisk;
  }

  #carried(applied: number): void {
    if (applied === 0) return;
    this.applied += applied;
    if (this.#unblockWaiting()) this.poke();
    this.#options.progressed();
  }

  /** One call of the backend; false when there was nothing to do. Rejects when the store fails. */
  async #round(): Promise<boolean> {
    const found = this.#ahead.after(this.#options.backend.state, this.#behind());
    const slices = found instanceof Promise ? await found : found;
    const changes = this.#decode(slices);
    if (changes.length === 0) return false;
    const before = this.applied;
    await this.#apply(changes);
    if (this.applied > before) {
      this.#unblockWaiting();
      this.#options.progressed();
    }
    return this.applied > before;
  }

  /** Origins that are to be replayed now. */
  #behind(): ReplicaId[] {
    const { changelog, backend, clock, wanted } = this.#options;
    const nowMs = clock.monotonicMs();
    return changelog.state.csns().flatMap((newest) => {
      const origin = csnReplica(newest);
      if (backend.state.covers(newest) || !wanted(origin)) return [];
      const block = this.#blocked.get(origin);
      return block !== undefined && block.retryAtMs > nowMs ? [] : [origin];
    });
  }

  /** Changes of all origins in CSN order, so that little has to be undone and redone. */
  #decode(slices: readonly LogSlice[]): Change[] {
    const encoded: EncodedChange[] = [];
    for (const slice of slices) {
      if (slice.kind === 'changes') encoded.push(...slice.changes);
      else this.#cannotRead(slice);
    }
    const changes: Change[] = [];
    const malformed = new Set<ReplicaId>();
    for (const { csn, bytes } of inCsnOrder(encoded).slice(0, ROUND_CHANGES)) {
      const origin = csnReplica(csn);
      if (malformed.has(origin)) continue;
      try {
        changes.push(decodeChange(bytes));
        this.#checkClock(csn);
      } catch (error) {
        malformed.add(origin);
        this.#block(csn, 'failing', reasonOf(error));
      }
    }
    return changes;
  }

  async #apply(changes: readonly Change[]): Promise<void> {
    try {
      this.#take(changes, await this.#options.backend.replay(changes));
    } catch (error) {
      if (isStoreTrouble(error)) throw error;
      const only = changes.length === 1 ? changes[0] : undefined;
      if (only === undefined) await this.#applySingly(changes);
      else this.#block(only.csn, 'failing', reasonOf(error));
    }
  }

  /** Some change makes the backend fail: find which, so that only its origin stops. */
  async #applySingly(changes: readonly Change[]): Promise<void> {
    const failed = new Set<ReplicaId>();
    for (const change of changes) {
      const origin = csnReplica(change.csn);
      if (failed.has(origin) || this.#stopped) continue;
      // What an earlier, refused call applied all the same is not applied again.
      if (this.#options.backend.state.covers(change.csn)) {
        this.applied += 1;
        continue;
      }
      try {
        const results = await this.#options.backend.replay([change]);
        this.#take([change], results);
        if (results[0]?.kind !== 'applied') failed.add(origin);
      } catch (error) {
        if (isStoreTrouble(error)) throw error;
        failed.add(origin);
        this.#block(change.csn, 'failing', reasonOf(error));
      }
    }
  }

  #take(changes: readonly Change[], results: Awaited<ReturnType<Backend['replay']>>): void {
    const stopped = new Set<ReplicaId>();
    changes.forEach((change, i) => {
      const origin = csnReplica(change.csn);
      const result = results[i];
      if (stopped.has(origin) || result === undefined) return;
      if (result.kind === 'applied') {
        this.applied += 1;
        this.#blocked.delete(origin);
        return;
      }
      stopped.add(origin);
      if (result.kind === 'waiting') this.#block(change.csn, 'waiting', `entry ${result.waitsFor}`);
      else this.#block(change.csn, 'failing', `its predecessor ${result.missing} is missing`);
    });
  }

  #block(csn: Csn, kind: 'waiting' | 'failing', reason: string): void {
    const origin = csnReplica(csn);
    const nowMs = this.#options.clock.monotonicMs();
    const before = this.#blocked.get(origin);
    const same = before !== undefined && before.csn === csn && before.kind === kind;
    const tries = same ? before.tries + 1 : 1;
    const retryMs = kind === 'waiting' ? MAX_RETRY_MS : retryDelayMs(tries);
    const block: Block = {
      origin,
      csn,
      kind,
      reason,
      sinceMs: same ? before.sinceMs : nowMs,
      tries,
      retryAtMs: nowMs + retryMs,
      told: same && before.told,
    };
    this.#blocked.set(origin, block);
    if (kind === 'failing' && !block.told) this.#tell(block);
  }

  /** Others advanced: what waited may go on at once. False when nothing waited. */
  #unblockWaiting(): boolean {
    let waited = false;
    for (const [origin, block] of this.#blocked) {
      if (block.kind !== 'waiting') continue;
      this.#blocked.set(origin, { ...block, retryAtMs: 0 });
      waited = true;
    }
    return waited;
  }

  #tell(block: Block): void {
    block.told = true;
    const { origin, csn, kind, reason } = block;
    this.#options.alert({
      kind: kind === 'waiting' ? 'replay-waiting' : 'replay-failing',
      key: `${kind} ${origin}`,
      message:
        kind === 'waiting'
          ? `change ${csn} of replica ${origin} waits for ${reason}; later changes of that replica wait with it`
          : `change ${csn} of replica ${origin} cannot be applied (${reason}); it is retried, and later changes of that replica wait`,
    });
  }

  #cannotRead(slice: Exclude<LogSlice, { kind: 'changes' }>): void {
    const csn = slice.kind === 'too-old' ? slice.oldest : slice.found;
    const reason =
      slice.kind === 'too-old'
        ? 'changes before it were trimmed from the change log; this replica must be initialized'
        : 'entries and change log hold different histories; this replica must be initialized';
    this.#block(csn, 'failing', reason);
  }

  #storeTrouble(error: unknown): void {
    this.#storeTries += 1;
    if (this.#storeTries === 1) {
      this.#options.alert({
        kind: 'replay-store',
        key: 'replay-store',
        message: `changes of other servers cannot be applied (${reasonOf(error)}); they are kept and retried`,
      });
    }
    this.#again = true;
  }

  /** While something stands still or failed, looks again; tells of what stood still for long. */
  #watch(): void {
    if (this.#stopped || this.#cancelWatch !== undefined) return;
    const retry = this.#storeTries > 0;
    if (!retry && this.#blocked.size === 0) return;
    const delayMs = retry ? retryDelayMs(this.#storeTries) : Math.min(WATCH_MS, this.#nextRetryMs());
    this.#cancelWatch = this.#options.clock.after(delayMs, () => {
      this.#cancelWatch = undefined;
      const nowMs = this.#options.clock.monotonicMs();
      for (const block of this.#blocked.values()) {
        if (!block.told && nowMs - block.sinceMs >= STUCK_MS) this.#tell(block);
      }
      if (this.#running) this.#watch();
      else this.poke();
    });
  }

  #nextRetryMs(): number {
    const nowMs = this.#options.clock.monotonicMs();
    let waitMs = WATCH_MS;
    for (const block of this.#blocked.values()) waitMs = Math.min(waitMs, block.retryAtMs - nowMs);
    return Math.max(FIRST_RETRY_MS / 10, waitMs);
  }

  /** A clock that runs ahead of ours beyond the bound wins conflicts that it should not: say which. */
  #checkClock(csn: Csn): void {
    const aheadMs = csnTimeMs(csn) - this.#options.clock.wallMs();
    const origin = csnReplica(csn);
    if (aheadMs <= LIMITS.clockSkewMs) {
      this.#skewed.delete(origin);
      return;
    }
    if (this.#skewed.has(origin)) return;
    this.#skewed.add(origin);
    this.#options.alert({
      kind: 'clock-skew',
      key: `clock-skew ${origin}`,
      message: `the clock of replica ${origin} is ${Math.round(aheadMs / 1000)} s ahead of this server's: its changes win over later ones`,
    });
  }
}

/** The backend takes no writes at the moment, whatever the change: all wait. */
function isStoreTrouble(error: unknown): boolean {
  return error instanceof StoreError || error instanceof LdapError;
}

function retryDelayMs(tries: number): number {
  return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(tries - 1, 10));
}
