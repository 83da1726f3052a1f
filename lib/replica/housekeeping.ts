/**
 * The background work of one domain on one server: its report, forgetting what no later change can need, and trimming the change log.
 *
 * Owns when and how much; what may go is said by stability.ts, conflict/forget.ts and the limits given here. Every step may be cut short at any point and is found again later.
 * The change log keeps what some member still needs, unless its limits force it: then that is told once, by name, with the remedy.
 */
import type { Changelog } from '../changelog/changelog.js';
import type { Horizon } from '../conflict/forget.js';
import { type Csn, csnTimeMs, makeCsn, type ReplicaId, ZERO_CSN } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { Clock } from '../port/clock.js';
import type { Membership } from './membership.js';
import type { HeldBackBy } from './stability.js';

/** How often reports are looked after; what is settled is forgotten and the change log looked at; tombstones and journal are passed through. */
export interface Pace {
  readonly tickMs: number;
  readonly purgeMs: number;
  readonly slowMs: number;
}

const PACE: Pace = { tickMs: 1000, purgeMs: 10_000, slowMs: 3_600_000 };
/** A log that passed its limit is trimmed to this share of it, so that it is not trimmed at every look. */
const TRIM_TO = 0.9;
const LAST_REPLICA = 65_535 as ReplicaId;

/** What one pass took away. */
export interface PurgeResult {
  readonly historyRows: number;
  readonly moves: number;
  readonly journalLines: number;
  readonly tombstones: number;
  readonly logChanges: number;
}

const NOTHING: PurgeResult = { historyRows: 0, moves: 0, journalLines: 0, tombstones: 0, logChanges: 0 };

/** Limits of what is kept; 0: no limit. */
export interface KeepLimits {
  readonly logMaxAgeMs: number;
  readonly logMaxBytes: number;
  /** The disk must have so much free space, or the log is trimmed. */
  readonly diskMinFreeBytes: number;
  readonly journalMaxAgeMs: number;
}

/** The entries' part; undefined in a broker alone. */
export interface PurgeTarget {
  readonly state: ServerState;
  readonly importing: boolean;
  /** `full`: writes are refused until one finds that the disk has space again. */
  readonly condition: { readonly kind: string };
  /** Takes its turn among the writes and finds that. Rejects when there is none. */
  report(): Promise<unknown>;
  purge(options: {
    readonly horizon: Horizon;
    readonly buryBeforeMs: number | undefined;
    readonly journalBeforeMs: number | undefined;
    stopped(): boolean;
  }): Promise<Omit<PurgeResult, 'logChanges'> & { readonly historyLeft: number }>;
}

export interface HousekeepingOptions {
  readonly members: Membership;
  readonly target: PurgeTarget | undefined;
  readonly changelog: Changelog;
  readonly clock: Clock;
  readonly limits: KeepLimits;
  readonly pace?: Pace;
  /** Octets free on the disk of the store; undefined where nobody knows. */
  freeBytes(): Promise<number | undefined>;
  alert(alert: { readonly kind: string; readonly key: string; readonly message: string }): void;
}

/** For monitoring. */
export interface PurgeStatus {
  /** All members have what is settled up to here, and nothing older can come; undefined: nothing is. */
  readonly stable: ServerState | undefined;
  readonly before: Csn | undefined;
  readonly heldBackBy: readonly HeldBackBy[];
  readonly logBytes: number;
  readonly logChanges: number;
  /** Rows of history that the last pass left. */
  readonly historyLeft: number | undefined;
  /** Taken away since the start. */
  readonly purged: PurgeResult;
}

export class Housekeeping {
  readonly #options: HousekeepingOptions;
  readonly #pace: Pace;
  #cancel: (() => void) | undefined;
  #running: Promise<PurgeResult> | undefined;
  #stopped = true;
  /** The bound of the last pass that went through. */
  #passed = '';
  #passedMs = Number.NEGATIVE_INFINITY;
  #slowMs = Number.NEGATIVE_INFINITY;
  #sized = -1;
  #told = '';
  #historyLeft: number | undefined;
  /** Oldest change in the log at the last look. */
  oldestChange: Csn | undefined;
  #purged: PurgeResult = NOTHING;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
    this.#pace = options.pace ?? PACE;
  }

  start(): void {
    this.#stopped = false;
    const nowMs = this.#options.clock.monotonicMs();
    this.#passedMs = nowMs;
    this.#slowMs = nowMs;
    this.#later();
  }

  /** Resolves when nothing of it touches the store any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running?.catch(() => {});
  }

  /** Everything now: report, history, tombstones, journal, change log. Rejects with a StoreError. */
  async run(): Promise<PurgeResult> {
    await this.#running?.catch(() => {});
    return this.#begin(true);
  }

  status(): PurgeStatus {
    const { members, changelog } = this.#options;
    const { horizon, heldBackBy } = members.bound();
    const { bytes, rows } = changelog.size;
    return {
      stable: horizon?.stable,
      before: horizon?.before,
      heldBackBy,
      logBytes: bytes,
      logChanges: rows,
      historyLeft: this.#historyLeft,
      purged: this.#purged,
    };
  }

  #later(): void {
    this.#cancel = this.#options.clock.after(this.#pace.tickMs, () => {
      if (this.#stopped) return;
      const done = this.#running === undefined ? this.#begin(false) : this.#running;
      const next = (): void => {
        if (!this.#stopped) this.#later();
      };
      // A store that fails says so on every other way.
      done.then(next, next);
    });
  }

  #begin(all: boolean): Promise<PurgeResult> {
    const run = this.#pass(all).finally(() => {
      this.#running = undefined;
    });
    this.#running = run;
    return run;
  }

  async #pass(all: boolean): Promise<PurgeResult> {
    const { members, clock, target } = this.#options;
    if (target?.importing === true) return NOTHING;
    // Nobody need write for the server to say that the disk has space again. While it has none, the rest goes on as far as it can.
    if (target?.condition.kind === 'full') await target.report().catch(() => {});
    await members.tick(all);
    const nowMs = clock.monotonicMs();
    if (!all && nowMs - this.#passedMs < this.#pace.purgeMs) return NOTHING;
    this.#passedMs = nowMs;
    const slow = all || nowMs - this.#slowMs >= this.#pace.slowMs;
    if (slow) this.#slowMs = nowMs;
    const rows = await this.#purgeRows(slow);
    const logChanges = await this.#purgeLog();
    const result = { ...rows, logChanges };
    this.#purged = sum(this.#purged, result);
    return result;
  }

  async #purgeRows(slow: boolean): Promise<Omit<PurgeResult, 'logChanges'>> {
    const { members, target, limits } = this.#options;
    const { horizon, undeleteFromMs } = members.bound();
    if (horizon === undefined || target === undefined) return NOTHING;
    // A clock that went on settles nothing more once it is past all that is stable.
    const newest = horizon.stable.newest() ?? ZERO_CSN;
    const mark = `${horizon.stable} ${horizon.before > newest ? 'all' : horizon.before}`;
    if (!slow && mark === this.#passed) return NOTHING;
    const settledMs = csnTimeMs(horizon.before);
    const { epoch } = members;
    const { historyLeft, ...purged } = await target.purge({
      horizon,
      buryBeforeMs: slow ? undeleteFromMs : undefined,
      journalBeforeMs: slow && limits.journalMaxAgeMs > 0 ? settledMs - limits.journalMaxAgeMs : undefined,
      stopped: () => this.#stopped || target.importing || members.epoch !== epoch,
    });
    if (members.epoch === epoch) this.#passed = mark;
    this.#historyLeft = historyLeft;
    return purged;
  }

  async #purgeLog(): Promise<number> {
    const { changelog, members, clock, limits } = this.#options;
    let purged = 0;
    if (limits.logMaxAgeMs > 0) {
      const oldestKept = Math.floor(clock.wallMs()) - limits.logMaxAgeMs;
      if (oldestKept > 0)
        purged += await changelog.purge(makeCsn(oldestKept, 0, LAST_REPLICA), members.heldByAll());
    }
    purged += await this.#shrinkLog();
    this.oldestChange = await changelog.oldest();
    const { bytes } = changelog.size;
    if (bytes !== this.#sized) await changelog.keepSize();
    this.#sized = bytes;
    return purged;
  }

  /** Trims beyond the age when the log or the disk is too full: first what every member has, then what only some need. */
  async #shrinkLog(): Promise<number> {
    const { changelog, members, limits, target } = this.#options;
    const { bytes } = changelog.size;
    let wanted = bytes;
    let why = '';
    if (limits.logMaxBytes > 0 && bytes > limits.logMaxBytes) {
      wanted = Math.floor(limits.logMaxBytes * TRIM_TO);
      why = `it takes more than ${Math.floor(limits.logMaxBytes / 1_048_576)} MiB`;
    }
    const free = limits.diskMinFreeBytes > 0 ? await this.#options.freeBytes() : undefined;
    if (free !== undefined && free < limits.diskMinFreeBytes) {
      wanted = Math.min(wanted, Math.max(0, bytes - (limits.diskMinFreeBytes - free)));
      why = `the disk has less than ${Math.floor(limits.diskMinFreeBytes / 1_048_576)} MiB free`;
    }
    if (wanted >= bytes) return 0;
    let purged = await changelog.purgeToSize(wanted, members.heldByAll());
    if (changelog.size.bytes <= wanted) return purged;
    // Never what our own entries still need.
    purged += await changelog.purgeToSize(wanted, target === undefined ? changelog.state : target.state);
    this.#tellLeftBehind(why);
    return purged;
  }

  #tellLeftBehind(why: string): void {
    const { changelog, members } = this.#options;
    const behind = members
      .rows()
      .filter(
        ({ standing, report }) =>
          standing === 'member' && !(report?.state ?? ServerState.EMPTY).coversAll(changelog.trimmed),
      )
      .map(({ name }) => name);
    const key = behind.join(', ');
    if (behind.length === 0 || key === this.#told) return;
    this.#told = key;
    this.#options.alert({
      kind: 'log-trimmed',
      key: 'log-trimmed',
      message: `the change log was trimmed because ${why}; ${key} still needed what is gone and must be initialized: polyarch replication initialize --dir (its directory)`,
    });
  }
}

function sum(a: PurgeResult, b: PurgeResult): PurgeResult {
  return {
    historyRows: a.historyRows + b.historyRows,
    moves: a.moves + b.moves,
    journalLines: a.journalLines + b.journalLines,
    tombstones: a.tombstones + b.tombstones,
    logChanges: a.logChanges + b.logChanges,
  };
}
