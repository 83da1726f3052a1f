/**
 * Servers that were evicted and may return: what we had told the others that we hold when we learned so (replication-model.md section 4).
 *
 * From then on no member forgets any more history (stability.ts), so a server that holds that much lacks nothing that was forgotten, however long its copy took. Of this run alone: after a restart
 * it is what we have told until then, which is more.
 */
import { ServerState } from '../csn/server-state.js';
import type { MemberRow } from '../sync/member-row.js';

export class Returning {
  readonly #told = new Map<string, ServerState>();

  /** A row of the table is new. `told`: what our last report says that we hold. */
  note({ name, standing }: MemberRow, told: ServerState | undefined): void {
    if (standing !== 'returning') this.#told.delete(name);
    else if (!this.#told.has(name)) this.#told.set(name, told ?? ServerState.EMPTY);
  }

  /** What a server that may return has to hold; undefined: it is none. */
  told(name: string): ServerState | undefined {
    return this.#told.get(name);
  }
}
