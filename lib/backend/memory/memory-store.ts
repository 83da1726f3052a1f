/**
 * An ordered store in memory, for tests and the simulator, with the faults of a disk.
 *
 * Same contract as LevelDB's adapter (test/contract/ordered-store). Rows sort as latin1 strings of their keys, which is byte order. A snapshot
 * shares the sorted keys until the next write. `crash()` loses unsynced batches from the end: any prefix of them survives, as WAL order allows.
 */
import { assert } from '../../base/assert.js';
import { fromLatin1, latin1 } from '../../base/bytes.js';
import {
  type OrderedStore,
  StoreError,
  type StoreFailure,
  type StoreOp,
  type StoreRange,
  type StoreRow,
  type StoreSnapshot,
} from '../../port/ordered-store.js';

const SLICE_ROWS = 1000;

interface Version {
  readonly rows: Map<string, Uint8Array>;
  /** Sorted keys; undefined until somebody scans. */
  keys: string[] | undefined;
}

class MemorySnapshot implements StoreSnapshot {
  readonly version: Version;
  constructor(version: Version) {
    this.version = version;
  }
  async close(): Promise<void> {}
}

/** What the next batches meet. */
export interface MemoryFaults {
  /** Refuses every batch with this failure until taken away. */
  refuse: StoreFailure | undefined;
  /** Called before a batch is applied; the batch waits for it. Lets a test or simulator own the time an fsync takes. */
  delay: (() => Promise<void>) | undefined;
}

export class MemoryStore implements OrderedStore {
  readonly faults: MemoryFaults = { refuse: undefined, delay: undefined };
  #now: Version = { rows: new Map(), keys: undefined };
  #shared = false;
  /** Undo records of the batches since the last synced one, oldest first. */
  #unsynced: Map<string, Uint8Array | undefined>[] = [];
  #last: Promise<void> = Promise.resolve();
  #closed = false;
  #life = 0;
  /** Batches written, for tests of group commit. */
  batches = 0;
  syncs = 0;

  get(key: Uint8Array, snapshot?: StoreSnapshot): Uint8Array | undefined {
    this.#checkOpen();
    const version = snapshot instanceof MemorySnapshot ? snapshot.version : this.#now;
    return version.rows.get(latin1(key));
  }

  async *scan(
    range: StoreRange,
    sliceRows = SLICE_ROWS,
    snapshot?: StoreSnapshot,
  ): AsyncIterable<StoreRow[]> {
    this.#checkOpen();
    const version = this.#pin(snapshot);
    const { keys, from, to } = bounds(version, range);
    // LevelDB refuses it.
    assert(Number.isInteger(sliceRows) && sliceRows > 0, 'a slice of a number of rows that is none');
    for (const [start, end] of slices(from, to, sliceRows, range.reverse ?? false)) {
      await Promise.resolve();
      const rows: StoreRow[] = [];
      for (let i = start; i < end; i++) {
        const key = keys[range.reverse ? end - 1 - (i - start) : i] as string;
        rows.push({ key: fromLatin1(key), value: version.rows.get(key) as Uint8Array });
      }
      yield rows;
    }
  }

  async *scanKeys(
    range: StoreRange,
    sliceRows = SLICE_ROWS,
    snapshot?: StoreSnapshot,
  ): AsyncIterable<Uint8Array[]> {
    for await (const rows of this.scan(range, sliceRows, snapshot)) yield rows.map((row) => row.key);
  }

  batch(ops: readonly StoreOp[], options: { readonly sync: boolean }): Promise<void> {
    const life = this.#life;
    const mine = this.#last.then(() => this.#write(ops, options.sync, life));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #write(ops: readonly StoreOp[], sync: boolean, life: number): Promise<void> {
    if (this.faults.delay !== undefined) await this.faults.delay();
    if (life !== this.#life) throw new StoreError('closed', 'writing a batch: the store crashed');
    this.#checkOpen();
    const refused = this.faults.refuse;
    if (refused !== undefined) throw new StoreError(refused, `writing a batch: simulated ${refused}`);
    this.#own();
    const undo = new Map<string, Uint8Array | undefined>();
    const { rows } = this.#now;
    for (const op of ops) {
      const key = latin1(op.key);
      const old = rows.get(key);
      if (!undo.has(key)) undo.set(key, old);
      if (op.type === 'put') {
        rows.set(key, new Uint8Array(op.value));
        if (old === undefined) this.#now.keys = undefined;
      } else if (rows.delete(key)) {
        this.#now.keys = undefined;
      }
    }
    this.batches += 1;
    if (sync) {
      this.syncs += 1;
      this.#unsynced = [];
    } else this.#unsynced.push(undo);
  }

  /** Number of batches that a crash may take. */
  get unsyncedBatches(): number {
    return this.#unsynced.length;
  }

  /** The power goes: of the unsynced batches the first `keep` survive. Batches on their way are lost. The store is usable again at once. */
  crash(keep: number): void {
    this.#own();
    while (this.#unsynced.length > keep) {
      for (const [key, old] of this.#unsynced.pop() ?? []) {
        if (old === undefined) this.#now.rows.delete(key);
        else this.#now.rows.set(key, old);
      }
    }
    this.#now.keys = undefined;
    this.#unsynced = [];
    this.#life += 1;
    this.#last = Promise.resolve();
    this.#closed = false;
  }

  snapshot(): StoreSnapshot {
    return new MemorySnapshot(this.#pin(undefined));
  }

  async sizeBytes(range: StoreRange): Promise<number> {
    let size = 0;
    const { keys, from, to } = bounds(this.#now, range);
    for (let i = from; i < to; i++) size += (this.#now.rows.get(keys[i] as string) as Uint8Array).length + 8;
    return size;
  }

  async close(): Promise<void> {
    await this.#last;
    this.#closed = true;
  }

  /** A view that later writes do not change. */
  #pin(snapshot: StoreSnapshot | undefined): Version {
    if (snapshot instanceof MemorySnapshot) return snapshot.version;
    this.#shared = true;
    return this.#now;
  }

  /** Makes the rows ours to write to: copied when a view shares them. */
  #own(): void {
    if (!this.#shared) return;
    this.#now = { rows: new Map(this.#now.rows), keys: this.#now.keys };
    this.#shared = false;
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed');
  }
}

function sortedKeys(version: Version): string[] {
  version.keys ??= [...version.rows.keys()].sort((a, b) => (a < b ? -1 : 1));
  return version.keys;
}

/** Index of the first key at or above `bound`. */
function lowerBound(keys: readonly string[], bound: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if ((keys[mid] as string) < bound) low = mid + 1;
    else high = mid;
  }
  return low;
}

function bounds(version: Version, range: StoreRange): { keys: string[]; from: number; to: number } {
  const keys = sortedKeys(version);
  let from = lowerBound(keys, latin1(range.gte));
  let to = Math.max(from, lowerBound(keys, latin1(range.lt)));
  const limit = range.limit ?? Number.POSITIVE_INFINITY;
  if (limit >= 0 && to - from > limit) {
    if (range.reverse) from = to - limit;
    else to = from + limit;
  }
  return { keys, from, to };
}

/** [start, end) windows over [from, to), in reading order. */
function* slices(from: number, to: number, size: number, reverse: boolean): Iterable<[number, number]> {
  if (reverse) for (let end = to; end > from; end -= size) yield [Math.max(from, end - size), end];
  else for (let start = from; start < to; start += size) yield [start, Math.min(to, start + size)];
}
