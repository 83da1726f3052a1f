/**
 * Rows and values as octets in memory that two threads share (shared-slots.ts): no objects pass between them.
 *
 * A value: index u32, entry number f64, length u32, octets. A row: length of the key u32, length of the value u32 (ffffffff: the row goes), octets
 * of both.
 */
import type { EntryId } from '../../backend/backend.js';
import type { PostingSink } from '../../backend/index/posting-tables.js';
import type { StoreOp } from '../../port/ordered-store.js';
import type { SortedRun } from '../../port/sorted-run.js';

/** Octets before a packed value. */
const VALUE_HEADER = 16;
const ROW_HEADER = 8;
const GONE = 0xffff_ffff;
/** Up to so many octets a loop is faster than a native copy. */
const LOOPED_BYTES = 48;

/** Octets that a value takes. */
export const packedValueBytes = (normal: Uint8Array): number => VALUE_HEADER + normal.length;

/** Puts a value at `at`; `view` is one of the same memory. Answers where it ends. */
export function packValue(
  octets: Uint8Array,
  view: DataView,
  at: number,
  index: number,
  id: EntryId,
  normal: Uint8Array,
): number {
  view.setUint32(at, index);
  view.setFloat64(at + 4, id);
  view.setUint32(at + 12, normal.length);
  return put(octets, at + VALUE_HEADER, normal);
}

/** Gives the values that stand in `piece` to a sink. */
export function unpackValues(piece: Uint8Array, sink: Pick<PostingSink, 'put'>): void {
  const { buffer, byteOffset } = piece;
  const view = new DataView(buffer, byteOffset, piece.length);
  for (let at = 0; at < piece.length; ) {
    const length = view.getUint32(at + 12);
    const normal = new Uint8Array(buffer, byteOffset + at + VALUE_HEADER, length);
    sink.put(view.getUint32(at), view.getFloat64(at + 4) as EntryId, normal);
    at += VALUE_HEADER + length;
  }
}

/** Octets that a row takes. */
export const packedRowBytes = (key: Uint8Array, value: Uint8Array): number =>
  ROW_HEADER + key.length + value.length;

/** Puts a row at `at`; `view` is one of the same memory. Answers where it ends. */
export function packRow(
  octets: Uint8Array,
  view: DataView,
  at: number,
  key: Uint8Array,
  value: Uint8Array,
): number {
  view.setUint32(at, key.length);
  view.setUint32(at + 4, value.length);
  return put(octets, put(octets, at + ROW_HEADER, key), value);
}

/** Gives the rows that stand in `piece`, none of which goes, to a run, as copies that it may keep. */
export function unpackRows(piece: Uint8Array, run: Pick<SortedRun, 'put'>): void {
  for (const op of unpackOps(piece.slice())) if (op.type === 'put') run.put(op.key, op.value);
}

/** As packedRowBytes, of a row that is put or goes. */
export const packedOpBytes = (op: StoreOp): number =>
  op.type === 'put' ? packedRowBytes(op.key, op.value) : ROW_HEADER + op.key.length;

/** As packRow, of a row that is put or goes. */
export function packOp(octets: Uint8Array, view: DataView, at: number, op: StoreOp): number {
  if (op.type === 'put') return packRow(octets, view, at, op.key, op.value);
  view.setUint32(at, op.key.length);
  view.setUint32(at + 4, GONE);
  return put(octets, at + ROW_HEADER, op.key);
}

/** The rows that stand in `piece`, as views of it. */
export function unpackOps(piece: Uint8Array): StoreOp[] {
  const ops: StoreOp[] = [];
  const { buffer, byteOffset } = piece;
  const view = new DataView(buffer, byteOffset, piece.length);
  for (let at = 0; at < piece.length; ) {
    const keyLength = view.getUint32(at);
    const valueLength = view.getUint32(at + 4);
    const key = new Uint8Array(buffer, byteOffset + at + ROW_HEADER, keyLength);
    at += ROW_HEADER + keyLength;
    if (valueLength === GONE) ops.push({ type: 'del', key });
    else {
      ops.push({ type: 'put', key, value: new Uint8Array(buffer, byteOffset + at, valueLength) });
      at += valueLength;
    }
  }
  return ops;
}

function put(octets: Uint8Array, at: number, given: Uint8Array): number {
  const { length } = given;
  if (length > LOOPED_BYTES) octets.set(given, at);
  else for (let i = 0; i < length; i++) octets[at + i] = given[i] as number;
  return at + length;
}
