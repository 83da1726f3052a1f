/**
 * Port: rows in the order of their keys, for loads that know them in that order: what an ordered store would otherwise find out row by row.
 *
 * Contract: every key is greater than the one before in its run, and stands neither in another run nor in the store. The rows are in force when the
 * load ends, not before: nobody reads them meanwhile.
 */

export interface SortedRun {
  /** The next row. Its octets stay as they are until end() has resolved: a run may keep them or a copy. */
  put(key: Uint8Array, value: Uint8Array): void;
  /** So much waits to be written that relieve() should be awaited before more comes. */
  readonly full: boolean;
  /** Makes room. Rejects with a StoreError when rows cannot be written. */
  relieve(): Promise<void>;
  /** No row comes any more; resolves when all are written, synced or not as the load will have it at its end. Rejects with a StoreError. */
  end(): Promise<void>;
}
