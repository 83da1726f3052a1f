/**
 * Every change of a simulated run, noted as it becomes durable in some log: what the oracle is asked about, however logs were trimmed and copies taken since.
 *
 * Owns no log. What counts in the end is what leads to the newest change of each origin: a change that was lost or given up leads nowhere.
 */
import type { Change } from '../../lib/change/change.js';
import { decodeChange } from '../../lib/change/change-codec.js';
import type { Changelog } from '../../lib/changelog/changelog.js';
import { type Csn, csnReplica, type ReplicaId } from '../../lib/csn/csn.js';
import type { ServerState } from '../../lib/csn/server-state.js';
import { StoreError } from '../../lib/port/ordered-store.js';

const READ_OCTETS = 1_000_000;

export class ChangeRecord {
  readonly #changes = new Map<Csn, Change>();
  #failure: unknown;

  /** Notes what a log holds and what it comes to hold, as long as its process lives. */
  watch(log: Changelog): void {
    const places = new Map<ReplicaId, Csn | undefined>();
    const note = (origin: ReplicaId): void => {
      this.#read(log, origin, places).catch((error: unknown) => {
        // The process is dead, and another one watched.
        if (!(error instanceof StoreError)) this.#failure ??= error;
      });
    };
    log.onAdvance((origins) => {
      for (const origin of origins) note(origin);
    });
    for (const newest of log.state.csns()) note(csnReplica(newest));
  }

  async #read(log: Changelog, origin: ReplicaId, places: Map<ReplicaId, Csn | undefined>): Promise<void> {
    let place = places.get(origin) ?? log.trimmed.get(origin);
    const slice = await log.read(origin, place, READ_OCTETS);
    if (slice.kind === 'too-old') place = slice.oldest;
    for (const { csn, bytes } of slice.kind === 'changes' ? slice.changes : []) {
      if (!this.#changes.has(csn)) this.#changes.set(csn, decodeChange(bytes));
      place = csn;
    }
    places.set(origin, place);
  }

  /** All that leads to a state. Throws where something of it was never seen. */
  upTo(state: ServerState): Change[] {
    if (this.#failure !== undefined) throw this.#failure;
    const changes: Change[] = [];
    for (const newest of state.csns())
      for (let csn: Csn | undefined = newest; csn !== undefined; ) {
        const change = this.#changes.get(csn);
        if (change === undefined) throw new Error(`no log was seen to hold ${csn}, which leads to ${newest}`);
        changes.push(change);
        csn = change.previous;
      }
    return changes;
  }
}
