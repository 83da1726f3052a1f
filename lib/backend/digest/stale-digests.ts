/** Entries whose digests are to be made anew, and of which of them the row alone can be trusted. Under a long full load, all entries. */
import type { EntryId } from '../backend.js';
import { EntryMarks } from '../memory/entry-marks.js';

export class StaleDigests {
  readonly #marks = new EntryMarks();
  /** Some of them. */
  readonly #doubted = new Set<EntryId>();

  get size(): number {
    return this.#marks.size;
  }

  has(id: EntryId): boolean {
    return this.#marks.has(id);
  }

  /** What memory holds of it may be another than its row. */
  isDoubted(id: EntryId): boolean {
    return this.#doubted.has(id);
  }

  add(id: EntryId): void {
    this.#marks.add(id);
  }

  doubt(id: EntryId): void {
    this.#marks.add(id);
    this.#doubted.add(id);
  }

  /** True when it was one of them. */
  delete(id: EntryId): boolean {
    this.#doubted.delete(id);
    return this.#marks.delete(id);
  }

  clear(): void {
    this.#marks.clear();
    this.#doubted.clear();
  }

  /** Works on up to `most` of them, while `work` answers that it may go on, and takes out those that are done: not the one where `work` throws. */
  each(most: number, work: (id: EntryId) => boolean): void {
    const ids = this.#marks.takeSome(most);
    let done = 0;
    try {
      for (const id of ids) {
        const goesOn = work(id);
        this.#doubted.delete(id);
        done += 1;
        if (!goesOn) break;
      }
    } finally {
      for (const id of ids.slice(done)) this.#marks.add(id);
    }
  }
}
