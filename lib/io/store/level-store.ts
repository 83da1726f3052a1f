/**
 * The ordered store in production: LevelDB through the npm package level.
 *
 * Owns: the mapping of LevelDB's errors to StoreError, the free-space reserve, the batch ring. LevelDB 1.20 as it is bundled neither
 * checks its log strictly nor survives a full disk, so three guards stand before it:
 *  - a reserve of free space is kept: below it batches are refused as `full` before LevelDB sees them, reads go on, and writes work again as
 *    soon as space returns. When LevelDB itself hits the end of the disk, the store is reopened (its log replayed) before the next batch.
 *  - a batch that fails for another reason closes the write side for good: an fsync that failed is never tried again.
 *  - every batch writes its number into a ring of rows under the reserved prefix ff ff; a batch that is missing from the middle of the log
 *    (and not from its end, which a crash may cut) is found when the store is opened.
 */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { OperatorError } from '../../base/operator-error.js';
import {
  type OrderedStore,
  StoreError,
  type StoreOp,
  type StoreRange,
  type StoreRow,
  type StoreSnapshot,
} from '../../port/ordered-store.js';
import { BatchRing } from './batch-ring.js';
import { fillBatch, type RawBatch } from './level-batch.js';
import { openingError, toStoreError } from './level-error.js';
import { storeFolder } from './store-folder.js';
import { readForm } from './stored-value.js';

/** Level as it is in Node: classic-level. */
interface Database extends Level<Uint8Array, Uint8Array> {
  approximateSize(start: Uint8Array, end: Uint8Array): Promise<number>;
  compactRange(start: Uint8Array, end: Uint8Array): Promise<void>;
}
interface KeyIterator {
  nextv(size: number): Promise<Uint8Array[]>;
  close(): Promise<void>;
}
type LevelSnapshot = ReturnType<Database['snapshot']>;

const SLICE_ROWS = 1000;
const SLICE_BYTES = 1 << 20;
/** Rows up to which batches that wait are written as one. */
const GROUP_ROWS = 20_000;
/** Octets that may be written between two looks at the free space. */
const PROBE_BYTES = 1 << 20;
const PROBE_MS = 250;
/** Free octets that opening takes besides what the log needs. */
const REOPEN_BYTES = 1 << 20;

export interface LevelStoreOptions {
  /** Octets of LevelDB's block cache. Default 16 MiB. */
  readonly cacheBytes?: number;
  /** Octets gathered in memory before a table is written, and as many again while it is. Default 16 MiB: compaction takes a tenth less processor time an add than with 8, and the log holds no more batches than the ring; more suits bulk loads. */
  readonly writeBufferBytes?: number;
  /** Free octets below which writes are refused. Default: a twentieth of the file system, at least 4 MiB, at most 64 MiB. */
  readonly reserveBytes?: number;
  /** False: a missing database is an error. Default true. */
  readonly create?: boolean;
}

interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

interface GivenBatch {
  readonly ops: readonly StoreOp[];
  readonly sync: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

class HeldSnapshot implements StoreSnapshot {
  readonly inner: LevelSnapshot;
  constructor(inner: LevelSnapshot) {
    this.inner = inner;
  }
  close(): Promise<void> {
    return this.inner.close();
  }
}

/** Opens or creates the database in `location`. Rejects with OperatorError DATA_DIR_LOCKED, DISK_FULL or DATA_CORRUPT, or a StoreError. */
export async function openLevelStore(location: string, options: LevelStoreOptions = {}): Promise<LevelStore> {
  if (storeFolder(location) === 'headless')
    throw new OperatorError(
      'DATA_CORRUPT',
      `the database ${location} is damaged: its file CURRENT is missing`,
    );
  const db = new Level<Uint8Array, Uint8Array>(location, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    cacheSize: options.cacheBytes ?? 16 << 20,
    writeBufferSize: options.writeBufferBytes ?? 16 << 20,
    createIfMissing: options.create ?? true,
  }) as Database;
  try {
    await db.open();
  } catch (error) {
    throw openingError(error, location);
  }
  const ring = new BatchRing();
  let fault: string | undefined;
  try {
    for await (const rows of levelRows(db, ring.range, SLICE_ROWS, undefined)) ring.load(rows);
    fault = ring.fault();
  } catch (error) {
    await db.close();
    throw openingError(error, location);
  }
  if (fault !== undefined) {
    await db.close();
    throw new OperatorError('DATA_CORRUPT', `the database ${location} is damaged: ${fault}`);
  }
  return new LevelStore(db, location, ring, options.reserveBytes);
}

async function* levelRows(
  db: Database,
  range: StoreRange,
  sliceRows: number,
  snapshot: LevelSnapshot | undefined,
): AsyncIterable<StoreRow[]> {
  const iterator = db.iterator(iteratorOptions(range, snapshot));
  try {
    for (;;) {
      const slice = await iterator.nextv(sliceRows);
      if (slice.length === 0) return;
      const rows: StoreRow[] = new Array(slice.length);
      for (let i = 0; i < slice.length; i++) {
        const [key, value] = slice[i] as [Uint8Array, Uint8Array];
        rows[i] = { key, value: readForm(value) };
      }
      yield rows;
    }
  } finally {
    await iterator.close();
  }
}

function iteratorOptions(range: StoreRange, snapshot: LevelSnapshot | undefined) {
  return {
    gte: range.gte,
    lt: range.lt,
    reverse: range.reverse ?? false,
    limit: range.limit ?? -1,
    highWaterMarkBytes: SLICE_BYTES,
    ...(snapshot === undefined ? {} : { snapshot }),
  };
}

/** See openLevelStore(). */
export class LevelStore implements OrderedStore {
  readonly #db: Database;
  readonly #location: string;
  readonly #ring: BatchRing;
  readonly #reserveBytes: number | undefined;
  #space: Space | undefined;
  #probedMs = 0;
  #writtenSinceProbe = 0;
  #mustReopen = false;
  #closedBy: StoreError | undefined;
  #waiting: GivenBatch[] = [];
  #running = false;
  #drained: Promise<void> = Promise.resolve();

  constructor(db: Database, location: string, ring: BatchRing, reserveBytes: number | undefined) {
    this.#db = db;
    this.#location = location;
    this.#ring = ring;
    this.#reserveBytes = reserveBytes;
  }

  get(key: Uint8Array, snapshot?: StoreSnapshot): Uint8Array | undefined {
    try {
      const stored =
        snapshot === undefined
          ? this.#db.getSync(key)
          : this.#db.getSync(key, { snapshot: inner(snapshot) as LevelSnapshot });
      return stored === undefined ? undefined : readForm(stored);
    } catch (error) {
      throw toStoreError(error, 'reading a row');
    }
  }

  async *scan(
    range: StoreRange,
    sliceRows = SLICE_ROWS,
    snapshot?: StoreSnapshot,
  ): AsyncIterable<StoreRow[]> {
    try {
      yield* levelRows(this.#db, range, sliceRows, inner(snapshot));
    } catch (error) {
      throw toStoreError(error, 'reading rows');
    }
  }

  async *scanKeys(
    range: StoreRange,
    sliceRows = SLICE_ROWS,
    snapshot?: StoreSnapshot,
  ): AsyncIterable<Uint8Array[]> {
    let iterator: KeyIterator | undefined;
    try {
      iterator = this.#db.keys(iteratorOptions(range, inner(snapshot))) as KeyIterator;
      for (;;) {
        const slice = await iterator.nextv(sliceRows);
        if (slice.length === 0) return;
        yield slice;
      }
    } catch (error) {
      throw toStoreError(error, 'reading keys');
    } finally {
      await iterator?.close();
    }
  }

  /** Batches given while one is being written are written together, in their order, with one fsync. */
  batch(ops: readonly StoreOp[], options: { readonly sync: boolean }): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ ops, sync: options.sync, resolve, reject });
      if (!this.#running) {
        this.#running = true;
        this.#drained = this.#drain();
      }
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        await this.#write(group);
        for (const given of group) given.resolve();
      } catch (error) {
        for (const given of group) given.reject(error);
      }
      // Whoever waited writes again in this turn (local writes, received changes, their replay): one write and one fsync for all of them.
      await new Promise<void>((next) => setImmediate(next));
    }
    this.#running = false;
  }

  /** The next batches: one at least, more while they are few rows together. */
  #takeGroup(): GivenBatch[] {
    let rows = 0;
    let count = 0;
    while (count < this.#waiting.length) {
      rows += (this.#waiting[count] as GivenBatch).ops.length;
      if (count > 0 && rows > GROUP_ROWS) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly GivenBatch[]): Promise<void> {
    const cause = this.#closedBy;
    if (cause !== undefined)
      throw new StoreError('closed', `no more writes after an error: ${cause.message}`, { cause });
    await this.#checkSpace();
    if (this.#mustReopen) await this.#reopen();
    const mark = this.#ring.next();
    const sync = group.some((given) => given.sync);
    try {
      const chain = this.#db.batch();
      const octets = await fillBatch(
        chain as unknown as RawBatch,
        group.map(({ ops }) => ops),
      );
      this.#writtenSinceProbe += octets;
      // Through the front: a batch that looks empty would not be written.
      chain.put(mark.key, mark.value);
      await chain.write({ sync });
      this.#ring.written();
    } catch (error) {
      throw this.#failed(toStoreError(error, 'writing a batch'));
    }
  }

  #failed(error: StoreError): StoreError {
    this.#space = undefined;
    if (error.failure === 'full') this.#mustReopen = true;
    else if (error.failure !== 'closed') this.#closedBy = error;
    return error;
  }

  /** Refuses as `full` when less than the reserve is free. Looks at most every PROBE_BYTES, and every PROBE_MS while there is too little. */
  async #checkSpace(): Promise<void> {
    const now = performance.now();
    const short = this.#space !== undefined && this.#isShort(this.#space);
    const stale =
      this.#space === undefined ||
      this.#writtenSinceProbe >= Math.min(PROBE_BYTES, this.#reserve(this.#space) / 4) ||
      now - this.#probedMs >= PROBE_MS;
    if (stale) {
      this.#probedMs = now;
      this.#writtenSinceProbe = 0;
      const facts = await statfs(this.#location).catch(() => undefined);
      this.#space =
        facts === undefined
          ? undefined
          : { freeBytes: facts.bavail * facts.bsize, totalBytes: facts.blocks * facts.bsize };
    } else if (!short) return;
    if (this.#space !== undefined && this.#isShort(this.#space)) {
      const free = Math.floor(this.#space.freeBytes / 1024);
      throw new StoreError('full', `the disk of ${this.#location} is full: ${free} KiB are free`);
    }
  }

  #reserve({ totalBytes }: Space): number {
    return this.#reserveBytes ?? Math.min(64 << 20, Math.max(4 << 20, totalBytes / 20));
  }

  #isShort(space: Space): boolean {
    return space.freeBytes < this.#reserve(space);
  }

  /** LevelDB refuses writes for ever once its disk was full; a fresh start replays its log, which takes the log's size once more. */
  async #reopen(): Promise<void> {
    const needed = (await logBytes(this.#location)) * 1.1 + REOPEN_BYTES;
    if (this.#space !== undefined && this.#space.freeBytes < needed) {
      const mebibytes = Math.ceil(needed / 1_048_576);
      throw new StoreError('full', `the disk of ${this.#location} is full: ${mebibytes} MiB must be free`);
    }
    try {
      await this.#db.close();
      await this.#db.open();
      this.#ring.clear();
      for await (const rows of levelRows(this.#db, this.#ring.range, SLICE_ROWS, undefined))
        this.#ring.load(rows);
      const fault = this.#ring.fault();
      if (fault !== undefined) throw new StoreError('damaged', `after a full disk: ${fault}`);
      this.#mustReopen = false;
    } catch (error) {
      throw this.#failed(toStoreError(error, 'opening the database again after a full disk'));
    }
  }

  snapshot(): StoreSnapshot {
    try {
      return new HeldSnapshot(this.#db.snapshot());
    } catch (error) {
      throw toStoreError(error, 'taking a snapshot');
    }
  }

  async sizeBytes(range: StoreRange): Promise<number> {
    try {
      return await this.#db.approximateSize(range.gte, range.lt);
    } catch (error) {
      throw toStoreError(error, 'measuring a range');
    }
  }

  /** Folds all levels of a range together: after a bulk load, it makes reads faster. */
  async compact(range: StoreRange): Promise<void> {
    try {
      await this.#db.compactRange(range.gte, range.lt);
    } catch (error) {
      throw toStoreError(error, 'compacting a range');
    }
  }

  async close(): Promise<void> {
    await this.#drained;
    await this.#db.close();
  }
}

/** Octets of the log files of a database. */
async function logBytes(location: string): Promise<number> {
  let total = 0;
  for (const name of await readdir(location)) {
    if (name.endsWith('.log')) total += (await stat(join(location, name))).size;
  }
  return total;
}

function inner(snapshot: StoreSnapshot | undefined): LevelSnapshot | undefined {
  return snapshot instanceof HeldSnapshot ? snapshot.inner : undefined;
}
