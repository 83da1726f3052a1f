/**
 * The thread of index-thread.ts: takes values in their normal forms, gathers them, and gives rows back; and makes tables of the rows of entries. Started by name.
 *
 * Pieces are taken in their order. A row that was written before is asked for and waited for, which only imports of many million values need.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { LOAD_BOUNDS, PostingTables } from '../../backend/index/posting-tables.js';
import { type DomainNumber, KeySpace } from '../../backend/rows/key-space.js';
import { assert, must } from '../../base/assert.js';
import { TableRun } from '../../io/store/table-run.js';
import type { StoreOp } from '../../port/ordered-store.js';
import type { FromIndexWorker, IndexWork, ToIndexWorker } from './index-thread.js';
import { packedOpBytes, packOp, unpackRows, unpackValues } from './packed-rows.js';
import type { SentPiece } from './shared-pieces.js';
import { SharedSlots, slotOctets } from './shared-slots.js';

const port = must(parentPort, 'index-worker runs as a worker thread');
const { domain, indexes, answer, pieces, rows, tables: folder } = workerData as IndexWork;
const answerState = new Int32Array(answer, 0, 2);
const answerBytes = new Uint8Array(answer, 8);
const slots = new SharedSlots(rows);
let wake: (() => void) | undefined;

const send = (message: FromIndexWorker) => port.postMessage(message);

/** The store as this thread sees it. */
const store = {
  async batch(ops: readonly StoreOp[]): Promise<void> {
    for (let from = 0; from < ops.length; ) {
      while (slots.free === 0) await written();
      const slot = must(slots.take(), 'one is free');
      const { length, end } = fill(slotOctets(rows, slot), ops, from);
      send({ kind: 'rows', slot, length });
      from = end;
    }
  },
  get(key: Uint8Array): Uint8Array | undefined {
    Atomics.store(answerState, 0, 0);
    send({ kind: 'get', key: key.slice() });
    Atomics.wait(answerState, 0, 0);
    const length = Atomics.load(answerState, 1);
    return length < 0 ? undefined : answerBytes.slice(0, length);
  },
};

/** Packs rows from the `from`th on, as many as find room. Answers the octets, and which row comes next. */
function fill(
  octets: Uint8Array,
  ops: readonly StoreOp[],
  from: number,
): { readonly length: number; readonly end: number } {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  let [length, end] = [0, from];
  for (; end < ops.length; end++) {
    const op = ops[end] as StoreOp;
    if (length + packedOpBytes(op) > octets.length) break;
    length = packOp(octets, view, length, op);
  }
  assert(end > from, 'a row of an index is far shorter than a slot');
  return { length, end };
}

const written = () =>
  new Promise<void>((resolve) => {
    wake = resolve;
  });

const run = folder === undefined ? undefined : new TableRun(folder, 'index');
const tables = new PostingTables(store, new KeySpace(domain as DomainNumber), indexes, {
  ...LOAD_BOUNDS,
  ...(run === undefined ? {} : { run }),
});

const entries = folder === undefined ? undefined : new TableRun(folder, 'entries');

/** Has `use` take the content of a piece. */
function taken(piece: SentPiece, use: (octets: Uint8Array) => void): void {
  if ('copied' in piece) use(piece.copied);
  else {
    use(slotOctets(pieces, piece.slot, piece.length));
    send({ kind: 'taken', slot: piece.slot });
  }
}

async function take(message: ToIndexWorker): Promise<void> {
  if (message.kind === 'values') {
    taken(message.piece, (octets) => unpackValues(octets, tables));
    if (tables.full) await tables.relieve();
  } else if (message.kind === 'entries') {
    const into = must(entries, 'there is a folder for tables');
    taken(message.piece, (octets) => unpackRows(octets, into));
    if (into.full) await into.relieve();
  } else if (message.kind === 'entriesEnd') {
    await entries?.end();
    send({ kind: 'done', what: 'entries', tables: entries?.tables ?? [] });
  } else if (message.kind === 'write') {
    const common = await tables.write(message.entries);
    while (slots.away > 0) await written();
    send({ kind: 'done', what: 'postings', tables: run?.tables ?? [], common });
  }
}

let queue: Promise<void> = Promise.resolve();
port.on('message', (message: ToIndexWorker) => {
  if (message.kind === 'written') {
    slots.give(message.slot);
    wake?.();
  } else queue = queue.then(() => take(message));
});
