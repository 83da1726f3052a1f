/**
 * Rows handed to a batch of LevelDB in turns of the event loop: a MiB in each, or one row that is larger.
 *
 * The binding copies each row, appends the copy to the batch, and the batch moves to memory twice as large when it is full: two rows of 15 MiB took 40 ms in one turn. Most of that is memory that is touched for
 * the first time. So before a batch takes a row of LARGE_BYTES it is filled with zeros up to its size and cleared, which keeps its room: what is left in one turn is the row's own copy.
 */
import type { StoreOp } from '../../port/ordered-store.js';
import { storedForm } from './stored-value.js';

/** A chained batch with the calls below its checks of options and encodings, which cost more than the call: rows here are octets. */
export interface RawBatch {
  _put(key: Uint8Array, value: Uint8Array): void;
  _del(key: Uint8Array): void;
  /** Takes all rows out; the room stays. */
  _clear(): void;
}

/** What is handed to LevelDB in one turn of the event loop: octets, each row counting as so many more. */
const STEP_BYTES = 1 << 20;
const ROW_BYTES = 256;
/** Octets of a row from which on its batch has room before it comes. */
const LARGE_BYTES = 2 << 20;
/** At least what the batch adds to a row. */
const HEAD_BYTES = 16;

const ROOM_KEY = Uint8Array.of(0);
/** Never written to, so it takes no memory but its addresses. */
const ROOM = new Uint8Array(STEP_BYTES);
const turn = () => new Promise<void>((next) => setImmediate(next));

/** Puts the rows of all lists into an empty batch, in their order; answers their octets. */
export async function fillBatch(batch: RawBatch, lists: readonly (readonly StoreOp[])[]): Promise<number> {
  if (lists.some((ops) => ops.some(isLarge))) await makeRoom(batch, lists);
  let octets = 0;
  let step = 0;
  for (const ops of lists) {
    for (const op of ops) {
      if (op.type === 'put') {
        batch._put(op.key, storedForm(op.value));
        octets += op.key.length + op.value.length;
        step += op.value.length;
      } else batch._del(op.key);
      step += ROW_BYTES;
      if (step < STEP_BYTES) continue;
      step = 0;
      await turn();
    }
  }
  return octets;
}

const isLarge = (op: StoreOp): boolean => op.type === 'put' && op.value.length >= LARGE_BYTES;

/** Gives the batch the room of these rows. */
async function makeRoom(batch: RawBatch, lists: readonly (readonly StoreOp[])[]): Promise<void> {
  let octets = 0;
  for (const ops of lists)
    for (const op of ops) octets += HEAD_BYTES + op.key.length + (op.type === 'put' ? op.value.length : 0);
  for (let room = 0; room < octets; room += STEP_BYTES) {
    batch._put(ROOM_KEY, ROOM);
    await turn();
  }
  batch._clear();
  await turn();
}
