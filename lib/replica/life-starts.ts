/**
 * Where the lives of this replica began: its own newest change at each start of the process, on disk, so that the place where a restore forked its history is known after further starts.
 *
 * A restored server goes on from exactly such a place. Which start was the restore is not to be seen, so all are held on to that some directory may not have got past. Owns one row
 * of the store. Invariants: a start is on disk before the life makes a change (while the disk is full, none is made); the answer is never later than the fork: too early a one makes changes anew that others
 * have, too late a one loses changes.
 */
import { concatBytes } from '../base/bytes.js';
import type { Changelog } from '../changelog/changelog.js';
import { CSN_BYTES, type Csn, csnFromBytes, csnToBytes, type ReplicaId, ZERO_CSN } from '../csn/csn.js';
import type { Clock } from '../port/clock.js';
import { type OrderedStore, StoreError } from '../port/ordered-store.js';
import type { MemberRow } from '../sync/member-row.js';

/** Starts held on to: so often a server that makes changes may be started while some directory reports none of them. The oldest go first. */
const MAX_STARTS = 1000;
/** Until a store that refused is tried again. */
const RETRY_MS = 1000;
/** A first life, and whatever one knows of those before this was kept. */
const NO_ROW: readonly Csn[] = [ZERO_CSN];

export interface LifeStartsOptions {
  readonly replica: ReplicaId;
  readonly store: OrderedStore;
  /** Of the row. */
  readonly key: Uint8Array;
  readonly changelog: Changelog;
  readonly clock: Pick<Clock, 'after'>;
  /** The domain's servers, as they were known when this life began. */
  readonly members: readonly MemberRow[];
}

export class LifeStarts {
  readonly #options: LifeStartsOptions;
  /** Oldest first; ZERO_CSN: before the first change. */
  #starts: readonly Csn[];
  /** Newest of our changes in this history that each other server had reported, by its name. */
  readonly #reported: ReadonlyMap<string, Csn>;
  #written = true;
  #stopped = false;
  #writing: Promise<void> | undefined;
  #cancel: (() => void) | undefined;

  private constructor(options: LifeStartsOptions, starts: readonly Csn[], reported: Map<string, Csn>) {
    this.#options = options;
    this.#starts = starts;
    this.#reported = reported;
  }

  /** What is known, with the start of this life; record() writes it. Throws a StoreError. */
  static open(options: LifeStartsOptions): LifeStarts {
    const { store, key, changelog, replica } = options;
    const reported = reportedOf(options);
    // What every directory had got past is no fork of any of them: the data of a copy are a directory's, whoever passes them on.
    let passed: Csn | undefined;
    for (const { name, kind } of options.members) {
      const csn = kind === 'directory' ? reported.get(name) : undefined;
      if (csn !== undefined && (passed === undefined || csn < passed)) passed = csn;
    }
    const row = store.get(key);
    const before = row === undefined ? NO_ROW : readStarts(row);
    const now = changelog.newest(replica) ?? ZERO_CSN;
    const kept = before.filter(
      (start) => start !== now && start >= (passed ?? ZERO_CSN) && inLog(changelog, start),
    );
    const lives = new LifeStarts(options, [...kept, now].slice(-MAX_STARTS), reported);
    lives.#written = before.join() === lives.#starts.join();
    return lives;
  }

  /** Whether this life may make changes: its start is written. */
  get written(): boolean {
    return this.#written;
  }

  /** Writes the start of this life; also resolves where the store refused. */
  async record(): Promise<void> {
    if (this.#written || this.#stopped) return;
    this.#inBackground();
    await this.#writing;
  }

  /** Writes it, and tries again until it is written. */
  start(): void {
    void this.record().then(() => {
      if (!this.#written && !this.#stopped)
        this.#cancel = this.#options.clock.after(RETRY_MS, () => this.start());
    });
  }

  /** Resolves when nothing of it touches the store any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#writing;
  }

  /** The newest of our changes that surely was made before `peer`, a server with another history of ours, took a way of its own; undefined: none. */
  common(peer: string): Csn | undefined {
    const { changelog } = this.#options;
    const least = this.#reported.get(peer) ?? ZERO_CSN;
    const start = this.#starts.find((csn) => csn >= least && inLog(changelog, csn));
    return start === ZERO_CSN ? undefined : start;
  }

  /** Our changes up to this one came back from others: this life goes on from there. Nothing is lost where the row does not reach the disk; a store that fails says so elsewhere. */
  cameBack(newest: Csn): void {
    const last = this.#starts[this.#starts.length - 1];
    if (last !== undefined && newest <= last) return;
    this.#starts = [...this.#starts.slice(0, -1), newest];
    this.#inBackground();
  }

  #inBackground(): void {
    this.#writing = this.#write().catch(() => {});
  }

  async #write(): Promise<void> {
    const { store, key } = this.#options;
    await store.batch([{ type: 'put', key, value: concatBytes(this.#starts.map(csnToBytes)) }], {
      sync: true,
    });
    this.#written = true;
  }
}

/** One that reported nothing of our history may have any other: ZERO_CSN. */
function reportedOf({ members, replica, changelog }: LifeStartsOptions): Map<string, Csn> {
  const reported = new Map<string, Csn>();
  for (const { name, kind, replica: of, standing, report } of members) {
    if (kind === 'expected' || of === replica || standing === 'evicted') continue;
    const newest = report?.state.get(replica);
    reported.set(name, newest !== undefined && changelog.holds(newest) ? newest : ZERO_CSN);
  }
  return reported;
}

function inLog(changelog: Changelog, start: Csn): boolean {
  return start === ZERO_CSN || changelog.holds(start);
}

function readStarts(row: Uint8Array): readonly Csn[] {
  if (row.length % CSN_BYTES !== 0) throw new StoreError('damaged', 'starts of this replica: cut short');
  const starts: Csn[] = [];
  for (let at = 0; at < row.length; at += CSN_BYTES) starts.push(csnFromBytes(row, at));
  return starts;
}
