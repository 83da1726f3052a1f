/**
 * When a copy is taken without an administrator's word: at once, and where it did not begin, again after a while that grows.
 *
 * An attempt ends every session of the domain, also with those who could take or bring what the copy waits for; so attempts that lead nowhere must be few. Owns the pace alone; why a copy is wanted,
 * and the copy itself, are replica.ts. Invariant: what is not wanted any more is not begun.
 */
import type { Clock } from '../port/clock.js';

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;

interface Wish {
  /** Resolves when the copy is whole; rejects where it did not begin. */
  begin(): Promise<void>;
  /** Whether it is wanted still. */
  wanted(): boolean;
}

export class UnaskedCopy {
  readonly #clock: Pick<Clock, 'after'>;
  #running = false;
  #failures = 0;
  #cancel: (() => void) | undefined;
  /** The newest wish of a pause. */
  #next: Wish | undefined;
  #stopped = false;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** Somebody has reason to give us a copy. */
  ask(wish: Wish): void {
    if (this.#running || this.#stopped) return;
    if (this.#cancel === undefined) void this.#run(wish);
    else this.#next = wish;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #run(wish: Wish): Promise<void> {
    this.#running = true;
    this.#next = undefined;
    try {
      await wish.begin();
      this.#failures = 0;
    } catch {
      // Said by who asked.
      this.#failures += 1;
      this.#pause();
    } finally {
      this.#running = false;
    }
  }

  #pause(): void {
    if (this.#stopped) return;
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10));
    this.#cancel = this.#clock.after(pauseMs, () => {
      this.#cancel = undefined;
      const next = this.#next;
      if (next?.wanted() === true) this.ask(next);
    });
  }
}
