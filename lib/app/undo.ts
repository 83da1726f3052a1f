/**
 * Steps to take back, newest first: how a start that failed and a stop are one code.
 */

export class Undo {
  #steps: (() => Promise<void>)[] = [];
  #running: Promise<void> | undefined;

  /** Adds the end of something that has just begun. */
  add(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  /** Runs every step once, newest first, each whatever became of the others; rejects with the first error. */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
