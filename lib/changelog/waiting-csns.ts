/**
 * CSNs that were read from a change log and wait for their numbers (change-numbers.ts), so that no change is read twice while others hold it up.
 *
 * Owns what was read of each origin of one log, at most one read of it each. Invariant: get() answers a stretch of the log as it is, beginning right after the place that is asked for, or
 * nothing.
 */
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { Changelog } from './changelog.js';

export class WaitingCsns {
  readonly #log: Pick<Changelog, 'state' | 'trimmed'>;
  readonly #read = new Map<ReplicaId, readonly Csn[]>();

  constructor(log: Pick<Changelog, 'state' | 'trimmed'>) {
    this.#log = log;
  }

  /** What was read of `origin` after `after`; empty when that is to be read, because there is none, or the log was trimmed or replaced since. */
  get(origin: ReplicaId, after: Csn | undefined): readonly Csn[] {
    const read = this.#read.get(origin) ?? [];
    const from = after === undefined ? 0 : read.findIndex((csn) => csn > after);
    const left = from === 0 ? read : from < 0 ? [] : read.slice(from);
    const [first, last] = [left[0], left[left.length - 1]];
    const { state, trimmed } = this.#log;
    const held = first !== undefined && last !== undefined && state.covers(last) && !trimmed.covers(first);
    if (held) this.#read.set(origin, left);
    else this.#read.delete(origin);
    return held ? left : [];
  }

  /** What the log holds of `origin` after a place, in its order. */
  put(origin: ReplicaId, csns: readonly Csn[]): void {
    this.#read.set(origin, csns);
  }

  clear(): void {
    this.#read.clear();
  }
}
