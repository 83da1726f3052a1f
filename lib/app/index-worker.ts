/**
 * The thread of index-thread.ts: takes values in their normal forms, gathers them, and gives rows back. Started by name.
 *
 * Pieces are taken in their order. A row that was written before is asked for and waited for, which only imports of many million values need.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type DomainNumber, KeySpace } from '../backend/key-space.js';
import { PostingTables } from '../backend/posting-tables.js';
import { must } from '../base/assert.js';
import type { StoreOp } from '../port/ordered-store.js';
import type { FromIndexWorker, IndexWork, ToIndexWorker } from './index-thread.js';
import { packOps, unpackValues } from './packed-rows.js';

/** Batches on their way to the store. */
const BATCHES = 4;

const port = must(parentPort, 'index-worker runs as a worker thread');
const { domain, indexes, answer } = workerData as IndexWork;
const answerState = new Int32Array(answer, 0, 2);
const answerBytes = new Uint8Array(answer, 8);
let underWay = 0;
let wake: (() => void) | undefined;

const send = (message: FromIndexWorker, transfer: readonly ArrayBuffer[] = []) =>
  port.postMessage(message, [...transfer]);

/** The store as this thread sees it. */
const store = {
  async batch(ops: readonly StoreOp[]): Promise<void> {
    const rows = packOps(ops);
    underWay += 1;
    send({ kind: 'rows', rows }, [rows.buffer]);
    while (underWay >= BATCHES) await written();
  },
  get(key: Uint8Array): Uint8Array | undefined {
    Atomics.store(answerState, 0, 0);
    send({ kind: 'get', key: key.slice() });
    Atomics.wait(answerState, 0, 0);
    const length = Atomics.load(answerState, 1);
    return length < 0 ? undefined : answerBytes.slice(0, length);
  },
};

const written = () =>
  new Promise<void>((resolve) => {
    wake = resolve;
  });

const tables = new PostingTables(store, new KeySpace(domain as DomainNumber), indexes);

async function take(message: ToIndexWorker): Promise<void> {
  if (message.kind === 'piece') {
    unpackValues(message.piece, tables);
    if (tables.full) await tables.relieve();
    send({ kind: 'taken' });
  } else if (message.kind === 'write') {
    await tables.write();
    while (underWay > 0) await written();
    send({ kind: 'done' });
  }
}

let queue: Promise<void> = Promise.resolve();
port.on('message', (message: ToIndexWorker) => {
  if (message.kind === 'written') {
    underWay -= 1;
    wake?.();
  } else queue = queue.then(() => take(message));
});
