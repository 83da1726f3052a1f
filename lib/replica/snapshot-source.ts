/**
 * The seam between a backend and total update: who gives a domain's images and who takes them (replication-model.md section 8).
 *
 * The backend implements both (structurally; it does not import this file). Order of work at the target, each step durable before the next:
 * beginImport, importImages (many times, in the order given), the change log is set to the snapshot's state, finishImport. A target that stops in
 * between is found `importing` when it opens again, serves nothing, and starts over with beginImport.
 */
import type { ServerState } from '../csn/server-state.js';
import type { SnapshotSummary } from '../sync/snapshot-summary.js';

/** A frozen copy of a domain as opaque images: whatever the backend needs to make its rows again. Must be closed. */
export interface DomainSnapshot extends SnapshotSummary {
  /** Every image once, in slices of some hundred; each image at most LIMITS.imageBytes octets. May be iterated once. */
  images(): AsyncIterable<readonly Uint8Array[]>;
  close(): Promise<void>;
}

export interface SnapshotSource {
  /** A frozen copy of the durable state as it is now, which holds at least `fraction` (text; empty or absent: everything). Rejects with an LdapError that says why not, or a StoreError. */
  exportSnapshot(fraction?: string): Promise<DomainSnapshot>;
}

/** What of the entries is held (backend/load/held-fraction.ts). */
export interface HeldPart {
  /** Of the rows that there are. */
  readonly text: string;
  /** Of a copy that is taken next. */
  readonly wantedText: string;
  /** Why a new copy is to be taken, as a clause; undefined: none is. */
  readonly outdated: string | undefined;
  /** Why a copy that shall hold a fraction (text) cannot be made from the rows, as a clause; undefined: it can. */
  shortOf(fraction: string): string | undefined;
}

export interface SnapshotTarget {
  /** Between a begun and a finished import, across restarts: reads and writes of the domain are refused. */
  readonly importing: boolean;
  /**
   * Marks the domain as importing, on disk, then drops all that it holds. Writes that wait for their turn are refused. `first` is done before that, when no write is on its way any
   * more; nothing is dropped when it rejects.
   */
  beginImport(first?: () => Promise<void>): Promise<void>;
  /** Stores images; need not be on disk when it resolves. Rejects with an Error that says why when one is malformed, or with a StoreError. */
  importImages(images: readonly Uint8Array[]): Promise<void>;
  /** Sets state and generation, puts all on disk, takes the mark away and serves. */
  finishImport(generationId: string, state: ServerState): Promise<void>;
}
