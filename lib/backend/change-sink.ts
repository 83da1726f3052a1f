/**
 * The seam between the write path and the changelog: a local write and its change record are one batch of the store.
 *
 * The backend calls; the changelog answers with rows of its own and never writes them itself. Remote changes do not pass here: they stand in
 * the changelog before they are replayed.
 */
import type { EncodedChange } from '../change/change.js';
import type { Csn } from '../csn/csn.js';
import type { StoreOp } from '../port/ordered-store.js';

export interface ChangeSink {
  /** Rows that make the change part of the log. Called in CSN order, before the batch is written. */
  ops(change: EncodedChange): readonly StoreOp[];
  /** The batch with these changes is on disk. Called in CSN order. */
  committed(changes: readonly EncodedChange[]): void;
  /** Newest change of this replica in the log, durable or given to ops() and not refused since. */
  lastOwn(): Csn | undefined;
  /**
   * The store refused batches: none of the changes given to ops() and not yet committed exists. Whether one of them reached the disk all the
   * same is seen by reading the store again; resolves when that is done.
   */
  dropped?(): void | Promise<void>;
}
