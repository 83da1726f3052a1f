/**
 * IndexThread: gathers postings and makes tables of the entries' rows in a thread of its own (index-worker.ts) during an offline import, so that parsing and checking have a core
 * for themselves.
 *
 * Owns the thread, the packing of values and rows, and the writing of the rows that come back: LevelDB is open in this thread alone. A bounded number of pieces is on
 * its way in each direction. The thread's failure is that of the import. A small import whose values and rows fit in one piece each starts no thread.
 */
import { Worker } from 'node:worker_threads';
import type { EntryId } from '../../backend/backend.js';
import type { SinkFor } from '../../backend/index/posting-builder.js';
import {
  type CommonFound,
  type IndexToFill,
  type PostingSink,
  PostingTables,
} from '../../backend/index/posting-tables.js';
import type { KeySpace } from '../../backend/rows/key-space.js';
import type { WrittenTable } from '../../io/store/table-run.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { SortedRun } from '../../port/sorted-run.js';
import {
  packedRowBytes,
  packedValueBytes,
  packRow,
  packValue,
  unpackOps,
  unpackRows,
  unpackValues,
} from './packed-rows.js';
import { type SentPiece, SharedPieces } from './shared-pieces.js';
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
const ANSWER_BYTES = 1 << 16;

/** What the thread is told when it starts. */
export interface IndexWork {
  readonly domain: number;
  readonly indexes: readonly IndexToFill[];
  /** Two words (state, length) and the octets of the row that the thread asked for. */
  readonly answer: SharedArrayBuffer;
  /** Values, and rows of entries, on their way to the thread. */
  readonly pieces: SharedMemory;
  /** Rows on their way from it. */
  readonly rows: SharedMemory;
  /** The folder for tables of entries and of the last round's rows; undefined: the latter come as rows, and there are no entries. */
  readonly tables: string | undefined;
}

/** To the thread: values; rows of entries; no more of these come; `write`: write all, of so many entries, and say so; a slot of rows that are written. */
export type ToIndexWorker =
  | { readonly kind: 'values' | 'entries'; readonly piece: SentPiece }
  | { readonly kind: 'entriesEnd' }
  | { readonly kind: 'write'; readonly entries: number }
  | { readonly kind: 'written'; readonly slot: number };

/** From the thread: rows to write, a row that it needs, a slot whose content it has taken, what of it is written in full, and the tables that were made. */
export type FromIndexWorker =
  | { readonly kind: 'rows'; readonly slot: number; readonly length: number }
  | { readonly kind: 'get'; readonly key: Uint8Array }
  | { readonly kind: 'taken'; readonly slot: number }
  | {
      readonly kind: 'done';
      readonly what: 'postings' | 'entries';
      readonly tables: readonly WrittenTable[];
      /** Of postings. */
      readonly common?: CommonFound;
    };

/** See the file header. */
export class IndexThread {
  readonly #store: OrderedStore;
  #work: IndexWork | undefined;
  #worker: Worker | undefined;
  readonly #answer = new SharedArrayBuffer(8 + ANSWER_BYTES);
  readonly #slots = new SharedSlots(sharedMemory(PIECES, PIECE_BYTES));
  readonly #rows = sharedMemory(BATCHES, BATCH_BYTES);
  readonly #values = new SharedPieces(this.#slots, (piece) => this.#post({ kind: 'values', piece }));
  readonly #entries = new SharedPieces(this.#slots, (piece) => this.#post({ kind: 'entries', piece }));
  #failure: Error | undefined;
  /** Of those who wait until something is reached. */
  #wakes: (() => void)[] = [];
  readonly #done = new Set<'postings' | 'entries'>();
  readonly #folder: string | undefined;
  readonly #tables: WrittenTable[] = [];
  #common: CommonFound = new Map();

  /** `folder`: the thread makes tables there of what need not go through the store. */
  constructor(store: OrderedStore, folder?: string) {
    this.#store = store;
    this.#folder = folder;
  }

  /** The tables made, when the sink and the run have written all. */
  get tables(): readonly WrittenTable[] {
    return this.#tables;
  }

  /** The sink for a domain's indexes; once. */
  sink(keys: KeySpace): SinkFor {
    return (indexes) => {
      this.#work = {
        domain: keys.domain,
        indexes,
        answer: this.#answer,
        pieces: this.#slots.memory,
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
        return thread.#full;
      },
      relieve: () => thread.#relieve(),
      write: async (entries) => {
        if (thread.#worker !== undefined) {
          await thread.#end(thread.#values, { kind: 'write', entries }, 'postings');
          return thread.#common;
        }
        const tables = here();
        unpackValues(thread.#values.unsent, tables);
        return await tables.write(entries);
      },
    };
  }

  /** The run of the rows of entries, of which the thread makes tables in the folder; those of few entries go to the run that `here` begins. After sink(); once. */
  run(here: () => SortedRun): SortedRun {
    const thread = this;
    return {
      put: (key, value) => thread.#row(key, value),
      get full() {
        return thread.#full;
      },
      relieve: () => thread.#relieve(),
      end: () => {
        if (thread.#worker !== undefined)
          return thread.#end(thread.#entries, { kind: 'entriesEnd' }, 'entries');
        const run = here();
        unpackRows(thread.#entries.unsent, run);
        return run.end();
      },
    };
  }

  get #full(): boolean {
    return this.#slots.away >= MOST_AHEAD || this.#failure !== undefined;
  }

  #relieve(): Promise<void> {
    return this.#until(() => this.#slots.away < MOST_AHEAD / 2);
  }

  #put(index: number, id: EntryId, normal: Uint8Array): void {
    const pieces = this.#values;
    pieces.reserve(packedValueBytes(normal));
    pieces.used = packValue(pieces.octets, pieces.view, pieces.used, index, id, normal);
  }

  #row(key: Uint8Array, value: Uint8Array): void {
    const pieces = this.#entries;
    pieces.reserve(packedRowBytes(key, value));
    pieces.used = packRow(pieces.octets, pieces.view, pieces.used, key, value);
  }

  #post(message: ToIndexWorker): void {
    this.#thread().postMessage(message);
  }

  /** Sends the rest and waits until the thread has written `what`. */
  async #end(rest: SharedPieces, order: ToIndexWorker, what: 'postings' | 'entries'): Promise<void> {
    rest.send();
    this.#post(order);
    await this.#until(() => this.#done.has(what));
  }

  async #until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wakes.push(resolve);
      });
    }
  }

  #take(message: FromIndexWorker): void {
    switch (message.kind) {
      case 'taken':
        this.#slots.give(message.slot);
        break;
      case 'done':
        this.#tables.push(...message.tables);
        this.#common = message.common ?? this.#common;
        this.#done.add(message.what);
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
    this.#wakeAll();
  }

  #wakeAll(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
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
    this.#wakeAll();
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}
