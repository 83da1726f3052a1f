/**
 * Follower: one live search's place in the feeds of the domains that it watches.
 *
 * Owns the queue of batches between a feed, which never waits, and a client, which may. Invariants: what waits is bounded by LIMITS.feedChanges and
 * LIMITS.feedBytes; when it would be more, all of it is dropped and the follower is told so once (`behind`), so that it reads the applied log or gives up.
 */
import type { ChangeBatch } from '../../backend/change-feed.js';
import { LIMITS } from '../../base/limits.js';
import type { Domain } from '../directory.js';
import type { Operation } from '../operation.js';

/** What comes next. `behind`: batches were dropped; `reset`: the data of a domain were replaced. */
export type Followed =
  | { readonly kind: 'batch'; readonly domain: Domain; readonly batch: ChangeBatch }
  | { readonly kind: 'behind' }
  | { readonly kind: 'reset' };

export class Follower {
  readonly #operation: Operation;
  #queue: { readonly domain: Domain; readonly batch: ChangeBatch }[] = [];
  #at = 0;
  #changes = 0;
  #bytes = 0;
  #behind = false;
  #reset = false;
  #wake: (() => void) | undefined;
  readonly #ends: (() => void)[] = [];

  private constructor(operation: Operation) {
    this.#operation = operation;
    this.#ends.push(operation.stream.onWake(() => this.#wakeUp()));
  }

  /** Watches the domains; everything that is readable when it resolves is before its place. Must be closed. */
  static async open(operation: Operation, domains: readonly Domain[]): Promise<Follower> {
    const follower = new Follower(operation);
    for (const domain of domains) {
      const end = await domain.backend.changes.watch((batch) => follower.#take(domain, batch));
      follower.#ends.push(end);
    }
    return follower;
  }

  /** Whether the operation was stopped or its client is gone. */
  get over(): boolean {
    return this.#operation.stopped !== undefined || this.#operation.stream.closed;
  }

  /** Nothing waits. */
  get idle(): boolean {
    return this.#at >= this.#queue.length && !this.#behind && !this.#reset;
  }

  /** What comes next, when it comes; undefined when the operation is over. */
  async next(): Promise<Followed | undefined> {
    while (this.idle && !this.over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.over) return undefined;
    if (this.#reset) {
      this.#reset = false;
      return { kind: 'reset' };
    }
    if (this.#behind) {
      this.#behind = false;
      return { kind: 'behind' };
    }
    const next = this.#queue[this.#at] as { readonly domain: Domain; readonly batch: ChangeBatch };
    this.#at += 1;
    for (const { bytes } of next.batch.changes) this.#bytes -= bytes;
    this.#changes -= next.batch.changes.length;
    if (this.#at === this.#queue.length) this.#clear();
    return { kind: 'batch', ...next };
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#clear();
  }

  #take(domain: Domain, batch: ChangeBatch | 'reset'): void {
    if (batch === 'reset') {
      this.#clear();
      this.#reset = true;
    } else if (!this.#behind && !this.#reset) {
      for (const { bytes } of batch.changes) this.#bytes += bytes;
      this.#changes += batch.changes.length;
      // One batch is always taken: it is in memory as it is.
      if (!this.idle && (this.#changes > LIMITS.feedChanges || this.#bytes > LIMITS.feedBytes)) {
        this.#clear();
        this.#behind = true;
      } else this.#queue.push({ domain, batch });
    }
    this.#wakeUp();
  }

  #clear(): void {
    this.#queue = [];
    this.#at = 0;
    this.#changes = 0;
    this.#bytes = 0;
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
