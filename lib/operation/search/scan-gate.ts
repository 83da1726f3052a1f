/**
 * ScanGate: how many searches without an index may read at once. The others wait their turn, first come first served.
 *
 * Each search that runs gives way every few milliseconds anyway; the gate bounds what they take together from everybody else.
 */
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { Clock } from '../../port/clock.js';

interface Waiting {
  readonly enter: () => void;
}

export class ScanGate {
  readonly #clock: Clock;
  /** Searches that may read at once, read whenever it matters. */
  readonly #most: () => number;
  readonly #queue: Waiting[] = [];
  #inside = 0;

  constructor(clock: Clock, most: () => number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Searches that read now, and that wait. */
  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * undefined: go on at once; else a promise of the turn. Whoever was let in must leave(). Rejects, or throws, LdapError busy when too many
   * wait, and timeLimitExceeded at `deadlineMs`; then there is nothing to leave.
   */
  enter(deadlineMs: number): Promise<void> | undefined {
    if (this.#inside < this.#most() && this.#queue.length === 0) {
      this.#inside += 1;
      return undefined;
    }
    if (this.#queue.length >= LIMITS.waitingScans) {
      throw new LdapError(
        'busy',
        `${LIMITS.waitingScans} searches without an index wait for their turn already (waitingScans); try again later.`,
      );
    }
    return new Promise((resolve, reject) => {
      let cancel: () => void = () => undefined;
      const waiting: Waiting = {
        enter: () => {
          cancel();
          this.#inside += 1;
          resolve();
        },
      };
      this.#queue.push(waiting);
      if (deadlineMs === Number.POSITIVE_INFINITY) return;
      cancel = this.#clock.after(Math.max(0, deadlineMs - this.#clock.monotonicMs()), () => {
        const at = this.#queue.indexOf(waiting);
        if (at < 0) return;
        this.#queue.splice(at, 1);
        reject(
          new LdapError(
            'timeLimitExceeded',
            'The search waited for its turn among searches without an index.',
          ),
        );
      });
    });
  }

  /** A search that was let in has ended. */
  leave(): void {
    this.#inside -= 1;
    while (this.#inside < this.#most()) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      // Who was abandoned meanwhile sees it now, and leaves at once.
      next.enter();
    }
  }
}
