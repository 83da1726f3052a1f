/**
 * The hybrid logical clock of one replica (replication-model.md section 2).
 *
 * Invariants: every CSN issued is greater than every CSN issued before and than every CSN observed within the skew bound;
 * time is max(wall, last), so a wall clock that jumps back makes nothing smaller. A CSN observed further ahead than the bound is reported
 * and remembered, and does not drag us until someone needs a CSN that is newer (follow()). Two lives of one replica that began from the same data (one of them restored, or cloned) make different CSNs, also where the clock stands or was set back:
 * each has a salt, drawn anew at its start, by which it goes on from whatever it did not make itself.
 */
import { assert } from '../base/assert.js';
import { LIMITS } from '../base/limits.js';
import { type Csn, csnSequence, csnTimeMs, MAX_CSN_SEQUENCE, makeCsn, type ReplicaId } from './csn.js';

/** What observe() found: `ahead` is how far the CSN's time lies beyond the wall clock. */
export type Observation = { readonly kind: 'ok' } | { readonly kind: 'skewed'; readonly aheadMs: number };

/** Salts are many; with one, a sequence stays within the 24 bits that OpenLDAP's form of a CSN has for it. */
export const MAX_CSN_SALT = 2 ** 22 - 1;

/** A salt of three random octets. */
export function csnSalt([a = 0, b = 0, c = 0]: Uint8Array): number {
  return ((a << 16) | (b << 8) | c) & MAX_CSN_SALT;
}

export class CsnGenerator {
  readonly #replica: ReplicaId;
  readonly #maxSkewMs: number;
  readonly #salt: number;
  #timeMs = 0;
  #sequence = 0;
  /** Time and sequence are those of a CSN that was made in this life: nobody else goes on from it. */
  #mine = false;
  /** The newest CSN observed and not followed. */
  #unfollowed: Csn | undefined;

  /** `last`: newest CSN of this replica or observed by it, from the store. `salt`: drawn anew at each start, 0 to MAX_CSN_SALT. */
  constructor(replica: ReplicaId, last: Csn | undefined, maxSkewMs: number = LIMITS.clockSkewMs, salt = 0) {
    assert(salt >= 0 && salt <= MAX_CSN_SALT, 'a salt within its bounds');
    this.#replica = replica;
    this.#maxSkewMs = maxSkewMs;
    this.#salt = salt;
    if (last !== undefined) {
      this.#timeMs = csnTimeMs(last);
      this.#sequence = csnSequence(last);
    }
  }

  /** A CSN greater than all before. */
  next(wallMs: number): Csn {
    const step = this.#mine ? 1 : 1 + this.#salt;
    this.#mine = true;
    if (wallMs > this.#timeMs) {
      this.#timeMs = wallMs;
      this.#sequence = this.#salt;
    } else if (this.#sequence + step > MAX_CSN_SEQUENCE) {
      this.#timeMs += 1;
      this.#sequence = this.#salt;
    } else {
      this.#sequence += step;
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
    if (aheadMs > this.#maxSkewMs && !own) {
      if (this.#unfollowed === undefined || csn > this.#unfollowed) this.#unfollowed = csn;
      return { kind: 'skewed', aheadMs };
    }
    this.follow(csn);
    return { kind: 'ok' };
  }

  /** Moves past a CSN, however far ahead it is. */
  follow(csn: Csn): void {
    if (this.isPast(csn, 0)) return;
    this.#timeMs = csnTimeMs(csn);
    this.#sequence = csnSequence(csn);
    this.#mine = false;
  }

  /** Whether a CSN was observed that the next one of ours may not be newer than. Costs nothing while all clocks are within the bound. */
  isBehind(wallMs: number): boolean {
    if (this.#unfollowed !== undefined && this.isPast(this.#unfollowed, wallMs)) this.#unfollowed = undefined;
    return this.#unfollowed !== undefined;
  }

  /** By how much the CSNs that are made now are ahead of the wall clock, ms. */
  aheadMs(wallMs: number): number {
    return Math.max(0, this.#timeMs - wallMs);
  }

  /** Whether the next CSN is newer than `csn`. */
  isPast(csn: Csn, wallMs: number): boolean {
    const timeMs = csnTimeMs(csn);
    if (wallMs > timeMs || this.#timeMs > timeMs) return true;
    return this.#timeMs === timeMs && this.#sequence >= csnSequence(csn);
  }
}
