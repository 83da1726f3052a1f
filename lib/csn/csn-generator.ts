/**
 * The hybrid logical clock of one replica (replication-model.md section 2).
 *
 * Invariants: every CSN issued is greater than every CSN issued before and than every CSN observed within the skew bound;
 * time is max(wall, last), so a wall clock that jumps back makes nothing smaller. A CSN observed further ahead than the bound is reported
 * and does not drag us.
 */
import { LIMITS } from '../base/limits.js';
import { type Csn, csnSequence, csnTimeMs, MAX_CSN_SEQUENCE, makeCsn, type ReplicaId } from './csn.js';

/** What observe() found: `ahead` is how far the CSN's time lies beyond the wall clock. */
export type Observation = { readonly kind: 'ok' } | { readonly kind: 'skewed'; readonly aheadMs: number };

export class CsnGenerator {
  readonly #replica: ReplicaId;
  readonly #maxSkewMs: number;
  #timeMs = 0;
  #sequence = 0;

  /** `last`: newest CSN of this replica or observed by it, from the store. */
  constructor(replica: ReplicaId, last: Csn | undefined, maxSkewMs: number = LIMITS.clockSkewMs) {
    this.#replica = replica;
    this.#maxSkewMs = maxSkewMs;
    if (last !== undefined) {
      this.#timeMs = csnTimeMs(last);
      this.#sequence = csnSequence(last);
    }
  }

  /** A CSN greater than all before. */
  next(wallMs: number): Csn {
    if (wallMs > this.#timeMs) {
      this.#timeMs = wallMs;
      this.#sequence = 0;
    } else if (this.#sequence >= MAX_CSN_SEQUENCE) {
      this.#timeMs += 1;
      this.#sequence = 0;
    } else {
      this.#sequence += 1;
    }
    return makeCsn(this.#timeMs, this.#sequence, this.#replica);
  }

  /** A CSN of now: every one that next() makes from here on is greater, whatever the wall clock does. None equal to it was ever made. */
  promise(wallMs: number): Csn {
    return this.next(wallMs);
  }

  /**
   * Moves past a CSN seen. `own`: it is one of this replica's own (recovered from a peer), which is always followed.
   */
  observe(csn: Csn, wallMs: number, own = false): Observation {
    const timeMs = csnTimeMs(csn);
    const aheadMs = timeMs - wallMs;
    if (aheadMs > this.#maxSkewMs && !own) return { kind: 'skewed', aheadMs };
    const sequence = csnSequence(csn);
    if (timeMs > this.#timeMs || (timeMs === this.#timeMs && sequence > this.#sequence)) {
      this.#timeMs = timeMs;
      this.#sequence = sequence;
    }
    return { kind: 'ok' };
  }
}
