/**
 * What is known of a total update before its first image: the copy's generation, state and size (replication-model.md section 8).
 *
 * The images themselves are opaque here: nothing between the two backends looks inside.
 */
import type { ServerState } from '../csn/server-state.js';

export interface SnapshotSummary {
  readonly generationId: string;
  /** The changes that the images hold. */
  readonly state: ServerState;
  /** Live entries in the snapshot, for progress. */
  readonly entryCount: number;
  /** Which copy, and how many of its images came in earlier sessions; undefined: the source cannot go on after a cut. */
  readonly place?: SnapshotPlace | undefined;
  /** What the target holds and the source does not, though by its CSNs it should: other histories of these servers. */
  readonly lacks?: ServerState | undefined;
}

/** A place in a copy of a domain: after so many images. */
export interface SnapshotPlace {
  /** Names the copy at its source. */
  readonly snapshot: string;
  readonly images: number;
}
