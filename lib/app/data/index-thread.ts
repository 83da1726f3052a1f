/**
 * IndexThread: gathers postings in a thread of its own (index-worker.ts) during an offline import, so that parsing and checking have a core for themselves.
 *
 * Owns the thread, the packing of values and the writing of the rows that come back: LevelDB is open in this thread alone. A bounded number of pieces is on
 * its way in each direction. The thread's failure is that of the import. A small import that fits in one piece starts no thread.
 */
import { Worker } from 'node:worker_threads';
import type { EntryId } from '../../backend/backend.js';
import type { SinkFor } from '../../backend/index/posting-builder.js';
import { type IndexToFill, type PostingSink, PostingTables } from '../../backend/index/posting-tables.js';
import type { KeySpace } from '../../backend/rows/key-space.js';
import type { WrittenTable } from '../../io/store/table-run.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import { packedValueBytes, packValue, unpackOps, unpackValues } from './packed-rows.js';
import { type SharedMemory, SharedSlots, sharedMemory, slotOctets } from './shared-slots.js';

const PIECE_BYTES = 256 * 1024;
/** Pieces on their way to the thread. */
const PIECES = 16;
/** Of them, those above which the import waits: what one entry still brings finds room. */
const MOST_AHEAD = 12;
/** Batches of rows on their way to the store, and the octets of one. */
const BATCHES = 4;
const BATCH_BYTES = 1 << 20;
/** Longest row that the thread may ask for. */
export const ANSWER_BYTES = 1 << 16;

/** What the thread is told when it starts. */
export interface IndexWork {
  readonly domain: number;
  readonly indexes: readonly IndexToFill[];
  /** Two words (state, length) and the octets of the row that the thread asked for. */
  readonly answer: SharedArrayBuffer;
  /** Values on their way to the thread. */
  readonly values: SharedMemory;
  /** Rows on their way from it. */
  readonly rows: SharedMemory;
  /** The folder for tables of the last round's rows; undefined: they come as rows. */
  readonly tables: string | undefined;
}

/** To the thread: values in a slot, or copied where no slot has room for them; `write`: write all and say so; a slot of rows that are written. */
export type ToIndexWorker =
  | { readonly kind: 'values'; readonly slot: number; readonly length: number }
  | { readonly kind: 'copied'; readonly piece: Uint8Array }
  | { readonly kind: 'write' }
  | { readonly kind: 'written'; readonly slot: number };

/** From the thread: rows to write, a row that it needs, a slot whose values it has taken, all written, and the tables that were made. */
export type FromIndexWorker =
  | { readonly kind: 'rows'; readonly slot: number; readonly length: number }
  | { readonly kind: 'get'; readonly key: Uint8Array }
  | { readonly kind: 'taken'; readonly slot: number }
  | { readonly kind: 'done'; readonly tables: readonly WrittenTable[] };

/** See the file header. */
export class IndexThread {
  readonly #store: OrderedStore;
  #work: IndexWork | undefined;
  #worker: Worker | undefined;
  readonly #answer = new SharedArrayBuffer(8 + ANSWER_BYTES);
  readonly #slots = new SharedSlots(sharedMemory(PIECES, PIECE_BYTES));
  readonly #rows = sharedMemory(BATCHES, BATCH_BYTES);
  /** What is being filled: a slot, or memory of our own where none is free or has room for a value. */
  #slot: number | undefined;
  #piece: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#piece.buffer);
  #used = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #done = false;
  readonly #folder: string | undefined;
  #tables: readonly WrittenTable[] = [];

  /** `folder`: the thread makes tables there of what need not go through the store. */
  constructor(store: OrderedStore, folder?: string) {
    this.#store = store;
    this.#folder = folder;
  }

  /** The tables made, when the sink has written all. */
  get tables(): readonly WrittenTable[] {
    return this.#tables;
  }

  /** The sink for a domain's indexes; once. */
  sink(keys: KeySpace): SinkFor {
    return (indexes) => {
      const values = this.#slots.memory;
      this.#work = {
        domain: keys.domain,
        indexes,
        answer: this.#answer,
        values,
        rows: this.#rows,
        tables: this.#folder,
      };
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
        return thread.#slots.away >= MOST_AHEAD || thread.#failure !== undefined;
      },
      relieve: () => thread.#until(() => thread.#slots.away < MOST_AHEAD / 2),
      write: () => {
        if (thread.#worker !== undefined) return thread.#write();
        const tables = here();
        unpackValues(thread.#piece.subarray(0, thread.#used), tables);
        return tables.write();
      },
    };
  }

  #put(index: number, id: EntryId, normal: Uint8Array): void {
    const needed = packedValueBytes(normal);
    if (this.#used + needed > this.#piece.length) this.#next(needed);
    this.#used = packValue(this.#piece, this.#view, this.#used, index, id, normal);
  }

  /** Sends what is packed and begins a piece with room for `needed` octets. */
  #next(needed: number): void {
    this.#send();
    this.#slot = needed > PIECE_BYTES ? undefined : this.#slots.take();
    this.#piece =
      this.#slot === undefined
        ? new Uint8Array(Math.max(needed, PIECE_BYTES))
        : slotOctets(this.#slots.memory, this.#slot);
    this.#view = new DataView(this.#piece.buffer, this.#piece.byteOffset, this.#piece.length);
    this.#used = 0;
  }

  #send(): void {
    const [slot, length] = [this.#slot, this.#used];
    const message: ToIndexWorker =
      slot === undefined
        ? { kind: 'copied', piece: this.#piece.subarray(0, length) }
        : { kind: 'values', slot, length };
    if (length > 0) this.#thread().postMessage(message);
    this.#slot = undefined;
    this.#used = 0;
  }

  async #write(): Promise<void> {
    this.#send();
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
        this.#slots.give(message.slot);
        break;
      case 'done':
        this.#tables = message.tables;
        this.#done = true;
        break;
      case 'get':
        this.#answerRow(message.key);
        return;
      case 'rows':
        this.#store
          .batch(unpackOps(slotOctets(this.#rows, message.slot, message.length)), { sync: false })
          .then(
            () => this.#worker?.postMessage({ kind: 'written', slot: message.slot } satisfies ToIndexWorker),
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
