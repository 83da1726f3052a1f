/**
 * A turn of the event loop: long work shares the loop with clients and heartbeats by asking after each step.
 *
 * Owns the measure of the turn alone; what the steps are is the caller's. On a clock that does not move, a turn never ends.
 */
import type { Steps } from '../base/steps.js';
import type { Clock } from '../port/clock.js';

/** How long one piece of long work keeps the event loop. */
const TURN_MS = 8;

export class EventLoopTurn {
  readonly #clock: Clock;
  #beganMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beganMs = clock.monotonicMs();
  }

  /** Whether it is time to share: asked first, so that a short step costs no promise. */
  get over(): boolean {
    return this.#clock.monotonicMs() - this.#beganMs >= TURN_MS;
  }

  /** At once while the turn lasts; otherwise after the others had theirs. */
  async share(): Promise<void> {
    if (!this.over) return;
    await new Promise<void>((resolve) => void this.#clock.after(0, resolve));
    this.#beganMs = this.#clock.monotonicMs();
  }

  /** Does work in steps and shares after each that the turn does not cover; `shared` looks afterwards whether it may go on, and throws when not. */
  async run<T>(steps: Steps<T>, shared: () => void = () => undefined): Promise<T> {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (!this.over) continue;
      await this.share();
      shared();
    }
  }
}
