/**
 * What the log holds and the entries lack, origin by origin, as replay asks for it round by round.
 *
 * Owns what was read and is not applied yet: at most one portion of all origins together, so that a round which applies less than was read leaves the rest to the next one. Invariant: what
 * is answered of an origin comes right after what the entries hold of it, whatever was read before.
 */
import { LIMITS } from '../base/limits.js';
import type { EncodedChange } from '../change/change.js';
import type { Changelog, LogSlice } from '../changelog/changelog.js';
import type { Csn, ReplicaId } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';

/** Octets read of an origin at once where many are behind. */
const LEAST_BYTES = 16_384;

export class LogAhead {
  readonly #changelog: Pick<Changelog, 'read'>;
  #left = new Map<ReplicaId, readonly EncodedChange[]>();

  constructor(changelog: Pick<Changelog, 'read'>) {
    this.#changelog = changelog;
  }

  /** What follows `entries` of these origins, at least one change of each that is behind; at once where memory has it. Rejects with a StoreError. */
  after(
    entries: ServerState,
    origins: readonly ReplicaId[],
  ): readonly LogSlice[] | Promise<readonly LogSlice[]> {
    const bytes = Math.max(LEAST_BYTES, Math.floor(LIMITS.logReadBytes / Math.max(1, origins.length)));
    const found = origins.map((origin) => {
      const place = entries.get(origin);
      return this.#leftOf(origin, place) ?? this.#changelog.read(origin, place, bytes);
    });
    const keep = (slices: readonly LogSlice[]): readonly LogSlice[] => {
      this.#left = new Map(
        slices.flatMap((slice, i) =>
          slice.kind === 'changes' ? [[origins[i] as ReplicaId, slice.changes] as const] : [],
        ),
      );
      return slices;
    };
    return found.some((slice) => slice instanceof Promise)
      ? Promise.all(found).then(keep)
      : keep(found as readonly LogSlice[]);
  }

  /** The log or the entries may be others from now on. */
  clear(): void {
    this.#left.clear();
  }

  #leftOf(origin: ReplicaId, place: Csn | undefined): LogSlice | undefined {
    const read = this.#left.get(origin) ?? [];
    const from = read.findIndex(({ previous }) => previous === place);
    return from < 0 ? undefined : { kind: 'changes', changes: from === 0 ? read : read.slice(from) };
  }
}
