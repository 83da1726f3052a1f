/** Entries whose row changed without a write, or cannot be read, with what is wrong: the first ones, for monitoring. */
import type { EntryId } from '../backend.js';

/** Entries remembered by name. */
const MAX_DAMAGED = 100;

export class DamagedEntries {
  readonly #lines = new Map<EntryId, string>();

  /** `name`: what is known of whose row it is. */
  note(id: EntryId, name: string, what: string): void {
    if (this.#lines.size < MAX_DAMAGED) this.#lines.set(id, `entry number ${id}${name}: ${what}`);
  }

  delete(id: EntryId): void {
    this.#lines.delete(id);
  }

  clear(): void {
    this.#lines.clear();
  }

  get lines(): readonly string[] {
    return [...this.#lines.values()];
  }
}
