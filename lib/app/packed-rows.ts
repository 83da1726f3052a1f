/**
 * Rows and values as single pieces of memory that change hands between threads without being copied.
 *
 * A value: index u32, entry number f64, length u32, octets. A row: length of the key u32, length of the value u32 (ffffffff: the row goes), octets
 * of both.
 */
import type { EntryId } from '../backend/backend.js';
import type { PostingSink } from '../backend/posting-tables.js';
import type { StoreOp } from '../port/ordered-store.js';

/** Octets before a packed value. */
export const PACKED_HEADER = 16;
const ROW_HEADER = 8;
const GONE = 0xffff_ffff;

/** Gives the values of a piece to a sink. */
export function unpackValues(piece: Uint8Array<ArrayBuffer>, sink: Pick<PostingSink, 'put'>): void {
  const { buffer } = piece;
  const view = new DataView(buffer);
  for (let at = 0; at < piece.length; ) {
    const length = view.getUint32(at + 12);
    const normal = new Uint8Array(buffer, at + PACKED_HEADER, length);
    sink.put(view.getUint32(at), view.getFloat64(at + 4) as EntryId, normal);
    at += PACKED_HEADER + length;
  }
}

/** Rows in one piece. */
export function packOps(ops: readonly StoreOp[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const op of ops) length += ROW_HEADER + op.key.length + (op.type === 'put' ? op.value.length : 0);
  const piece = new Uint8Array(length);
  const view = new DataView(piece.buffer);
  let at = 0;
  for (const op of ops) {
    view.setUint32(at, op.key.length);
    view.setUint32(at + 4, op.type === 'put' ? op.value.length : GONE);
    piece.set(op.key, at + ROW_HEADER);
    at += ROW_HEADER + op.key.length;
    if (op.type === 'put') {
      piece.set(op.value, at);
      at += op.value.length;
    }
  }
  return piece;
}

/** The rows of packOps(), as views of the piece. */
export function unpackOps(piece: Uint8Array<ArrayBuffer>): StoreOp[] {
  const ops: StoreOp[] = [];
  const { buffer } = piece;
  const view = new DataView(buffer);
  for (let at = 0; at < piece.length; ) {
    const keyLength = view.getUint32(at);
    const valueLength = view.getUint32(at + 4);
    const key = new Uint8Array(buffer, at + ROW_HEADER, keyLength);
    at += ROW_HEADER + keyLength;
    if (valueLength === GONE) ops.push({ type: 'del', key });
    else {
      ops.push({ type: 'put', key, value: new Uint8Array(buffer, at, valueLength) });
      at += valueLength;
    }
  }
  return ops;
}
