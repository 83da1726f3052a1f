/**
 * How many octets a change log takes, counted: rows that come and go are told, and the count is kept with the state it holds for, so that a start counts only what
 * came later.
 *
 * Owns the number. What the store says of a range's size lags behind (it counts what is deleted and not yet cleaned up), and a purge that goes by it would
 * take too much.
 */
import { ByteReader, ByteWriter } from '../base/binary.js';
import type { EncodedChange } from '../change/change.js';
import { ServerState } from '../csn/server-state.js';
import { type OrderedStore, StoreError, type StoreOp } from '../port/ordered-store.js';
import type { ChangelogKeys } from './changelog-keys.js';

/** Octets of a row besides the change itself: its key, and what the store adds. */
const ROW_BYTES = 40;
const COUNTED_ROWS = 500;

export class LogSize {
  bytes = 0;
  rows = 0;

  /** A change came, or was trimmed. */
  came(change: Pick<EncodedChange, 'bytes'>): void {
    this.bytes += change.bytes.length + ROW_BYTES;
    this.rows += 1;
  }

  went(rowBytes: number): void {
    this.bytes = Math.max(0, this.bytes - rowBytes - ROW_BYTES);
    this.rows = Math.max(0, this.rows - 1);
  }

  clear(): void {
    this.bytes = 0;
    this.rows = 0;
  }

  /** The row that keeps the count, for a log in that state. */
  row(keys: ChangelogKeys, state: ServerState): StoreOp {
    const out = new ByteWriter(64);
    out.varint(this.bytes);
    out.varint(this.rows);
    out.raw(state.toBytes());
    return { type: 'put', key: keys.size(), value: out.finish() };
  }

  /** Takes the kept count, and counts what came after it up to `state`. Rejects with a StoreError. */
  async count(store: OrderedStore, keys: ChangelogKeys, state: ServerState): Promise<void> {
    const kept = store.get(keys.size());
    let counted = ServerState.EMPTY;
    if (kept !== undefined) {
      const reader = new ByteReader(kept, (reason) => new StoreError('damaged', `log size row: ${reason}`));
      this.bytes = reader.varint();
      this.rows = reader.varint();
      counted = ServerState.fromBytes(reader.raw(reader.left));
    }
    for (const origin of state.replicas()) {
      for await (const rows of store.scan(keys.changes(origin, counted.get(origin), undefined), COUNTED_ROWS))
        for (const { value } of rows) this.came({ bytes: value });
    }
  }
}
