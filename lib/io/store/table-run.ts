/**
 * TableRun: a sorted run that becomes tables of a LevelDB database beside its own (adopt-tables.ts), past its log, its memory and its compactions.
 *
 * Owns the files while they are made: each is written and synced in one piece. Files have names that LevelDB leaves alone until they are adopted. Runs of several
 * threads may write beside each other: each has a name of its own.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { SortedRun } from '../../port/sorted-run.js';
import { toStoreError } from './level-error.js';
import { storedForm } from './stored-value.js';
import { TableBuilder } from './table-builder.js';

/** Octets after which a table ends. LevelDB's own have 2 MiB: fewer and larger ones need fewer syncs. */
const TABLE_BYTES = 4 << 20;
/** What may still come to a table that is nearly full: its last block, its filters, its index. */
const ROOM_BYTES = TABLE_BYTES / 8;
/** Tables on their way to the disk from which on the load waits. */
const MOST_WAITING = 3;

/** A table that was written. */
export interface WrittenTable {
  readonly path: string;
  readonly bytes: number;
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
}

/** See the file header. */
export class TableRun implements SortedRun {
  readonly #folder: string;
  readonly #name: string;
  /** Memory of tables that are written. */
  readonly #memory: Uint8Array<ArrayBuffer>[] = [];
  #builder: TableBuilder | undefined;
  readonly #tables: WrittenTable[] = [];
  #started = 0;
  #waiting = new Set<Promise<void>>();
  #failure: unknown;

  /** `name`: of this run alone. */
  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  /** The tables, once end() has resolved. */
  get tables(): readonly WrittenTable[] {
    return this.#tables;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#builder ??= new TableBuilder(this.#memory.pop() ?? new Uint8Array(TABLE_BYTES + ROOM_BYTES));
    this.#builder.put(key, storedForm(value));
    if (this.#builder.length >= TABLE_BYTES) this.#finishTable(this.#builder);
  }

  get full(): boolean {
    return this.#waiting.size >= MOST_WAITING || this.#failure !== undefined;
  }

  async relieve(): Promise<void> {
    while (this.#waiting.size >= MOST_WAITING) await Promise.race(this.#waiting);
    this.#check();
  }

  async end(): Promise<void> {
    if (this.#builder !== undefined) this.#finishTable(this.#builder);
    await Promise.all(this.#waiting);
    this.#check();
  }

  /** Resolves when nothing is on its way to the disk any more, for a load that was given up. */
  async settled(): Promise<void> {
    await Promise.all(this.#waiting);
  }

  #check(): void {
    if (this.#failure !== undefined) throw toStoreError(this.#failure, 'writing a table');
  }

  #finishTable(builder: TableBuilder): void {
    this.#builder = undefined;
    const { octets, smallest, largest } = builder.finish();
    const place = this.#started++;
    const path = join(this.#folder, `${this.#name}-${place}.table`);
    this.#tables[place] = { path, bytes: octets.length, smallest, largest };
    const writing = writeSynced(path, octets).then(
      () => {
        this.#waiting.delete(writing);
        this.#memory.push(new Uint8Array(octets.buffer));
      },
      (error: unknown) => {
        this.#waiting.delete(writing);
        this.#failure ??= error;
      },
    );
    this.#waiting.add(writing);
  }
}

async function writeSynced(path: string, octets: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(octets);
    await file.datasync();
  } finally {
    await file.close();
  }
}
