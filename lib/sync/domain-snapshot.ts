/**
 * What a total update carries: one consistent copy of a domain as opaque images, and the server state it stands for.
 *
 * An image is whatever the backend needs to make one of its rows again (entry with history, tombstone, move row, journal line): nothing between the two
 * backends looks inside. Owns the shapes only; lib/replica says who makes and who takes them (replication-model.md section 8).
 */
import type { ServerState } from '../csn/server-state.js';

/** What is known of a snapshot before its first image. */
export interface SnapshotSummary {
  readonly generationId: string;
  /** The changes that the images hold. */
  readonly state: ServerState;
  /** Live entries in the snapshot, for progress. */
  readonly entryCount: number;
}

/** A frozen copy of a domain. Must be closed. */
export interface DomainSnapshot extends SnapshotSummary {
  /** Every image once, in slices of some hundred; each image at most LIMITS.imageBytes octets. May be iterated once. */
  images(): AsyncIterable<readonly Uint8Array[]>;
  close(): Promise<void>;
}
