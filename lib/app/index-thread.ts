/**
 * IndexThread: gathers postings in a thread of its own (index-worker.ts) during an offline import, so that parsing and checking have a core for themselves.
 *
 * Owns the thread, the packing of values and the writing of the rows that come back: LevelDB is open in this thread alone. A bounded number of pieces is on
 * its way in each direction. The thread's failure is that of the import. A small import that fits in one piece starts no thread.
 */
import { Worker } from 'node:worker_threads';
import type { EntryId } from '../backend/backend.js';
import type { KeySpace } from '../backend/key-space.js';
import type { SinkFor } from '../backend/posting-builder.js';
import { type IndexToFill, type PostingSink, PostingTables } from '../backend/posting-tables.js';
import type { OrderedStore } from '../port/ordered-store.js';
import { PACKED_HEADER, unpackOps, unpackValues } from './packed-rows.js';

const PIECE_BYTES = 256 * 1024;
/** Pieces on their way to the thread, above which the import waits. */
const PIECES = 16;
/** Longest row that the thread may ask for. */
export const ANSWER_BYTES = 1 << 16;

/** What the thread is told when it starts. */
export interface IndexWork {
  readonly domain: number;
  readonly indexes: readonly IndexToFill[];
  /** Two words (state, length) and the octets of the row that the thread asked for. */
  readonly answer: SharedArrayBuffer;
}

/** To the thread. `write`: write all and say so. */
export type ToIndexWorker =
  | { readonly kind: 'piece'; readonly piece: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'write' }
  | { readonly kind: 'written' };

/** From the thread: rows to write, a row that it needs, pieces that it has taken, all written. */
export type FromIndexWorker =
  | { readonly kind: 'rows'; readonly rows: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'get'; readonly key: Uint8Array }
  | { readonly kind: 'taken' }
  | { readonly kind: 'done' };

/** See the file header. */
export class IndexThread {
  readonly #store: OrderedStore;
  #work: IndexWork | undefined;
  #worker: Worker | undefined;
  readonly #answer = new SharedArrayBuffer(8 + ANSWER_BYTES);
  #piece = new Uint8Array(PIECE_BYTES);
  #view = new DataView(this.#piece.buffer);
  #used = 0;
  #ahead = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #done = false;

  constructor(store: OrderedStore) {
    this.#store = store;
  }

  /** The sink for a domain's indexes; once. */
  sink(keys: KeySpace): SinkFor {
    return (indexes) => {
      this.#work = { domain: keys.domain, indexes, answer: this.#answer };
      return this.#sink(() => new PostingTables(this.#store, keys, indexes));
    };
  }

  #thread(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL('./index-worker.js', import.meta.url), {
      workerData: this.#work,
      resourceLimits: { maxYoungGenerationSizeMb: 64 },
    });
    worker.on('message', (message: FromIndexWorker) => this.#take(message));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', (code) => this.#fail(new Error(`the index thread ended (${code})`)));
    this.#worker = worker;
    return worker;
  }

  /** `here`: tables of this thread. */
  #sink(here: () => PostingSink): PostingSink {
    const thread = this;
    return {
      put: (index, id, normal) => thread.#put(index, id, normal),
      get full() {
        return thread.#ahead >= PIECES || thread.#failure !== undefined;
      },
      relieve: () => thread.#until(() => thread.#ahead < PIECES / 2),
      write: () => {
        if (thread.#worker !== undefined) return thread.#write();
        const tables = here();
        unpackValues(thread.#piece.subarray(0, thread.#used), tables);
        return tables.write();
      },
    };
  }

  #put(index: number, id: EntryId, normal: Uint8Array): void {
    const needed = PACKED_HEADER + normal.length;
    if (this.#used + needed > this.#piece.length) this.#send(needed);
    const view = this.#view;
    const at = this.#used;
    view.setUint32(at, index);
    view.setFloat64(at + 4, id);
    view.setUint32(at + 12, normal.length);
    this.#piece.set(normal, at + PACKED_HEADER);
    this.#used = at + needed;
  }

  /** Sends what is packed; the next piece has room for `needed` octets. */
  #send(needed: number): void {
    if (this.#used > 0) {
      const piece = this.#piece.subarray(0, this.#used);
      this.#ahead += 1;
      this.#thread().postMessage({ kind: 'piece', piece } satisfies ToIndexWorker, [piece.buffer]);
    }
    this.#piece = new Uint8Array(Math.max(PIECE_BYTES, needed));
    this.#view = new DataView(this.#piece.buffer);
    this.#used = 0;
  }

  async #write(): Promise<void> {
    this.#send(0);
    this.#done = false;
    this.#worker?.postMessage({ kind: 'write' } satisfies ToIndexWorker);
    await this.#until(() => this.#done);
  }

  async #until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(message: FromIndexWorker): void {
    switch (message.kind) {
      case 'taken':
        this.#ahead -= 1;
        break;
      case 'done':
        this.#done = true;
        break;
      case 'get':
        this.#answerRow(message.key);
        return;
      case 'rows':
        this.#store.batch(unpackOps(message.rows), { sync: false }).then(
          () => this.#worker?.postMessage({ kind: 'written' } satisfies ToIndexWorker),
          (error: Error) => this.#fail(error),
        );
        return;
    }
    this.#wake?.();
  }

  /** The thread sleeps until its row is there. */
  #answerRow(key: Uint8Array): void {
    const state = new Int32Array(this.#answer, 0, 2);
    const row = this.#store.get(key);
    if (row !== undefined && row.length <= ANSWER_BYTES) new Uint8Array(this.#answer, 8).set(row);
    Atomics.store(state, 1, row?.length ?? -1);
    Atomics.store(state, 0, 1);
    Atomics.notify(state, 0);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}
