/**
 * When a copy is taken without an administrator's word: at once, and where it did not begin, again after a while that grows.
 *
 * An attempt ends every session of the domain, also with those who could take or bring what the copy waits for; so attempts that lead nowhere must be few. Whole copies lead nowhere too where another one is
 * wanted after each: a server between two that hear each other through it alone, each of which wants it to be copied from itself, would go from one to the other without end. Owns the pace alone; why a copy is
 * wanted, and the copy itself, are replica.ts. Invariants: what is not wanted any more is not begun; a wish that stands is begun again though nobody says it again, and wishes take turns, each reason and source
 * one.
 */
import type { Clock } from '../port/clock.js';

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;
/** So many whole copies come one upon the other; behind them pauses grow as behind those that did not begin, until none was taken for a minute. */
const FREE_COPIES = 3;
const REST_MS = 60_000;

interface Wish {
  /** The same for the same reason and source: the newer takes the place of the older. */
  readonly key: string;
  /** Resolves when the copy is whole; rejects where it did not begin. */
  begin(): Promise<void>;
  /** Whether it is wanted still. */
  wanted(): boolean;
}

export class UnaskedCopy {
  readonly #clock: Pick<Clock, 'after' | 'monotonicMs'>;
  #running = false;
  #failures = 0;
  /** Whole copies since the last time of rest. */
  #copies = 0;
  #endedMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;
  /** Those that wait, in their turn. */
  readonly #waiting = new Map<string, Wish>();
  #stopped = false;

  constructor(clock: Pick<Clock, 'after' | 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Somebody has reason to give us a copy. */
  ask(wish: Wish): void {
    if (this.#stopped) return;
    if (this.#running || this.#cancel !== undefined) this.#waiting.set(wish.key, wish);
    else void this.#run(wish);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #run(wish: Wish): Promise<void> {
    this.#running = true;
    this.#waiting.delete(wish.key);
    if (this.#clock.monotonicMs() - this.#endedMs >= REST_MS) this.#copies = 0;
    try {
      await wish.begin();
      this.#failures = 0;
      this.#copies += 1;
    } catch {
      // Said by who asked. Behind the others, unless it was said anew meanwhile.
      this.#failures += 1;
      if (!this.#waiting.has(wish.key)) this.#waiting.set(wish.key, wish);
    } finally {
      this.#running = false;
      this.#endedMs = this.#clock.monotonicMs();
    }
    const inVain = this.#failures > 0 ? this.#failures : this.#copies - FREE_COPIES;
    if (inVain > 0) this.#pause(inVain);
    else this.#next();
  }

  #pause(inVain: number): void {
    if (this.#stopped) return;
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(inVain - 1, 10));
    this.#cancel = this.#clock.after(pauseMs, () => {
      this.#cancel = undefined;
      this.#next();
    });
  }

  /** Begins the first that is still wanted. */
  #next(): void {
    for (const wish of [...this.#waiting.values()]) {
      this.#waiting.delete(wish.key);
      if (!wish.wanted()) continue;
      this.ask(wish);
      return;
    }
  }
}
