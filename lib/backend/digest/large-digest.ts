/** The making of a large record's digest in turns: of one at a time, which is given up when its entry is written meanwhile. */
import type { Steps } from '../../base/steps.js';
import type { EntryId } from '../backend.js';

export class LargeDigest {
  readonly #pause: () => Promise<void>;
  #running: { readonly id: EntryId; made: Promise<void> } | undefined;

  constructor(pause: () => Promise<void>) {
    this.#pause = pause;
  }

  /** Settles when what is being made is; undefined: nothing is. */
  get made(): Promise<void> | undefined {
    return this.#running?.made;
  }

  /** What is being made of the entry is wanted no more; undefined: of any. */
  giveUp(id: EntryId | undefined): void {
    if (id === undefined || this.#running?.id === id) this.#running = undefined;
  }

  /** `take` gets what the steps make, unless it was given up. */
  make<T>(id: EntryId, steps: Steps<T>, take: (made: T) => void): Promise<void> {
    const running = { id, made: Promise.resolve() };
    this.#running = running;
    running.made = this.inTurns(steps)
      .then((made) => {
        if (this.#running === running) take(made);
      })
      .finally(() => {
        if (this.#running === running) this.#running = undefined;
      });
    return running.made;
  }

  async inTurns<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      await this.#pause();
    }
  }
}
