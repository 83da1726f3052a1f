/**
 * Trimming a change log from its old end: by age, or down to a size.
 *
 * Owns the order of work only: readers are turned away first, then mark and deletions go in one batch, so that a crash leaves a chain without a hole after its mark. The oldest
 * change of all origins goes first. What may go is the caller's to say.
 */
import type { Csn, ReplicaId } from '../csn/csn.js';
import { csnReplica, csnToBytes } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { OrderedStore, StoreOp } from '../port/ordered-store.js';
import type { ChangelogKeys } from './changelog-keys.js';
import { edgeOf } from './log-edge.js';
import type { LogSize } from './log-size.js';

/** Rows of one batch. */
const PURGE_ROWS = 500;

export interface LogPurgeOwner {
  readonly state: ServerState;
  /** Readers behind this change are turned away from now on. */
  trim(mark: Csn): void;
}

export class LogPurge {
  readonly #store: OrderedStore;
  readonly #keys: ChangelogKeys;
  readonly #size: LogSize;
  readonly #owner: LogPurgeOwner;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: OrderedStore, keys: ChangelogKeys, size: LogSize, owner: LogPurgeOwner) {
    this.#store = store;
    this.#keys = keys;
    this.#size = size;
    this.#owner = owner;
  }

  /** One deletion at a time: a mark that is put behind one of a whole origin would say that its next history has been trimmed. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Trims what is older than `before` and covered by `floor`. Resolves with the number of changes. */
  byAge(before: Csn, floor: ServerState): Promise<number> {
    return this.alone(() => this.#byAge(before, floor));
  }

  /** Trims the oldest of what `floor` covers until the log takes at most `bytes`, or nothing is left to trim. */
  toSize(bytes: number, floor: ServerState): Promise<number> {
    return this.alone(() => this.#toSize(bytes, floor));
  }

  async #byAge(before: Csn, floor: ServerState): Promise<number> {
    let purged = 0;
    for (const newest of this.#owner.state.csns()) {
      const origin = csnReplica(newest);
      const last = this.#lastOf(origin, floor);
      if (last === undefined) continue;
      for (;;) {
        const slice = await this.#slice(origin, before, last);
        purged += slice;
        if (slice < PURGE_ROWS) break;
      }
    }
    return purged;
  }

  async #toSize(bytes: number, floor: ServerState): Promise<number> {
    let purged = 0;
    while (this.#size.bytes > bytes) {
      const oldest = await this.#oldest(floor);
      if (oldest === undefined) break;
      const { origin, next } = oldest;
      const last = this.#lastOf(origin, floor);
      const slice = last === undefined ? 0 : await this.#slice(origin, next, last);
      if (slice === 0) break;
      purged += slice;
    }
    return purged;
  }

  /** The origin of the oldest change that may go, and the CSN below which no other origin has one. */
  async #oldest(
    floor: ServerState,
  ): Promise<{ readonly origin: ReplicaId; readonly next: Csn | undefined } | undefined> {
    const firsts: Csn[] = [];
    for (const newest of this.#owner.state.csns()) {
      const origin = csnReplica(newest);
      const first = await edgeOf(
        this.#store,
        this.#keys,
        this.#keys.changes(origin, undefined, undefined),
        false,
      );
      if (first !== undefined && floor.covers(first)) firsts.push(first);
    }
    firsts.sort();
    const [oldest, next] = firsts;
    return oldest === undefined ? undefined : { origin: csnReplica(oldest), next };
  }

  /** Never more than is held, even where the floor is ahead. */
  #lastOf(origin: ReplicaId, floor: ServerState): Csn | undefined {
    const last = floor.get(origin);
    if (last === undefined) return undefined;
    return this.#owner.state.covers(last) ? last : this.#owner.state.get(origin);
  }

  /** One batch of an origin's oldest changes up to `last` that are older than `before`; answers how many. */
  async #slice(origin: ReplicaId, before: Csn | undefined, last: Csn): Promise<number> {
    const range = { ...this.#keys.changes(origin, undefined, last), limit: PURGE_ROWS };
    const ops: StoreOp[] = [];
    const sizes: number[] = [];
    let mark: Csn | undefined;
    for await (const rows of this.#store.scan(range, PURGE_ROWS)) {
      for (const { key, value } of rows) {
        const csn = this.#keys.csnOf(key);
        if (before !== undefined && csn >= before) break;
        mark = csn;
        ops.push({ type: 'del', key });
        sizes.push(value.length);
      }
    }
    if (mark === undefined) return 0;
    this.#owner.trim(mark);
    const put: StoreOp = { type: 'put', key: this.#keys.trimmed(origin), value: csnToBytes(mark) };
    for (const bytes of sizes) this.#size.went(bytes);
    const count = this.#size.row(this.#keys, this.#owner.state);
    await this.#store.batch([put, count, ...ops], { sync: false });
    return sizes.length;
  }
}
