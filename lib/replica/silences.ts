/**
 * How long each member has been silent, counted only while this server runs and hears most of the others: a server that is cut off, or whose clock jumps,
 * must not evict everybody else.
 *
 * Counts are of this run: a restart begins anew, so nobody is evicted too early.
 */
import type { Clock } from '../port/clock.js';
import type { MemberRow } from '../sync/member-row.js';

/** A member that was heard within this time is there. Longer than the pause between two reports of an idle server. */
const PRESENT_MS = 1_800_000;

export class Silences {
  readonly #clock: Clock;
  readonly #evictAfterMs: number;
  readonly #heardMs = new Map<string, number>();
  readonly #silentMs = new Map<string, number>();
  readonly #beganMs: number;
  #countedMs: number;

  /** `evictAfterMs` 0: nobody is ever too silent. */
  constructor(clock: Clock, evictAfterMs: number) {
    this.#clock = clock;
    this.#evictAfterMs = evictAfterMs;
    this.#beganMs = clock.monotonicMs();
    this.#countedMs = this.#beganMs;
  }

  /** Something of that server is new. */
  heard(name: string): void {
    this.#heardMs.set(name, this.#clock.monotonicMs());
    this.#silentMs.delete(name);
  }

  /** Counted silence, ms. */
  of(name: string): number {
    return this.#silentMs.get(name) ?? 0;
  }

  /** Counts what passed since the last call; answers the members that are silent for too long. `own` is never silent. */
  tick(rows: readonly MemberRow[], own: string): readonly string[] {
    const nowMs = this.#clock.monotonicMs();
    const passedMs = nowMs - this.#countedMs;
    this.#countedMs = nowMs;
    const members = rows.filter(({ standing }) => standing === 'member');
    const silent = members.filter(
      ({ name }) => name !== own && nowMs - (this.#heardMs.get(name) ?? this.#beganMs) > PRESENT_MS,
    );
    if (silent.length * 2 >= members.length) return [];
    const tooLong: string[] = [];
    for (const { name } of silent) {
      const silentMs = (this.#silentMs.get(name) ?? PRESENT_MS) + passedMs;
      this.#silentMs.set(name, silentMs);
      if (this.#evictAfterMs > 0 && silentMs >= this.#evictAfterMs) tooLong.push(name);
    }
    return tooLong;
  }
}
