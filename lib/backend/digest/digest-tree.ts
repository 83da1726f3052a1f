/**
 * Digests of a domain's live entries, summed over 65,536 buckets by the first two octets of the UUID: what replicas compare (replication-model.md section 7).
 *
 * A write only notes the number of its entry; digests follow when somebody asks, from the record that memory holds of what was written, else from the row: LevelDB merges tables that are
 * asked for single rows often. So a hot entry is looked at once for many writes, and a row that is not what was written is found by the pass through all rows that goes on in the background.
 * That pass compares the checksum of each record with the one that its digest was made of, and makes digests only where they differ: the first one from the rows as it finds them, as what was written
 * since it began to read them is noted. Lives in memory: 16 octets an entry, made anew after a start.
 * Owns no comparison and no timer (replica/comparison.ts). Dead entries have no digest: servers drop them at different times.
 */
import type { EntryUuid } from '../../change/change.js';
import type { EntryState } from '../../conflict/entry-state.js';
import { digestState, NO_DIGEST, type StateDigest, sameDigest } from '../../conflict/state-digest.js';
import type { ServerState } from '../../csn/server-state.js';
import { type OrderedStore, StoreError } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import type { Dictionary } from '../rows/dictionary.js';
import {
  checkRecord,
  checksumOf,
  decodeState,
  decodeWhole,
  isAliveRecord,
  isInRows,
  isSound,
  uuidOf,
} from '../rows/entry-record.js';
import { ID_BYTES, type KeySpace, readId, TAG } from '../rows/key-space.js';
import { ManyAttribute } from '../rows/many-attribute.js';
import { checkSum } from '../verify-values.js';
import { recordsOfBucket, SLICE_OCTETS } from './bucket-records.js';
import { BucketSums, bucketOf } from './bucket-sums.js';
import { DigestTable, type TableRow } from './digest-table.js';
import { StaleDigests } from './stale-digests.js';

/** Digests made in one piece, which ends sooner behind SLICE_OCTETS of records. */
const SLICE = 32;
/** Entries of one step of the pass through all rows. */
const STEP_ROWS = 64;
/** Attempts to catch up with writes before a reader is told to come again. */
const MAX_ROUNDS = 200;
const ID_AT = 3;

/** One entry and its digest. */
export interface DigestRow {
  readonly uuid: EntryUuid;
  readonly digest: StateDigest;
}

export interface DigestWorld {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly dictionary: Dictionary;
  readonly pause: () => Promise<void>;
  /** What of a state counts. Default: all of it. */
  readonly restrict?: ((state: EntryState) => EntryState) | undefined;
  readonly idOf: (uuid: EntryUuid) => EntryId | undefined;
  /** The record of a durable entry as it was written, where memory holds it. */
  readonly held: (id: EntryId) => Uint8Array | undefined;
  /** Of the durable entries. */
  readonly state: () => ServerState;
  /** A batch is on its way: the store may hold it, and nobody was told. */
  readonly flying: () => boolean;
}

/** For monitoring. */
export interface DigestStatus {
  /** Passes through all rows since the start. */
  readonly passes: number;
  /** Digests made since the start. */
  readonly made: number;
  /** Entries whose row changed without a write, or cannot be read; the newest ones. */
  readonly damaged: readonly string[];
}

const CHANGED = 'its row changed without a change';
/** Entries remembered by name. */
const MAX_DAMAGED = 100;

export class DigestTree {
  readonly #world: DigestWorld;
  /** Written, and not looked at since. */
  readonly #dirty = new StaleDigests();
  readonly #table = new DigestTable();
  readonly #sums = new BucketSums();
  readonly #damaged = new Map<EntryId, string>();
  /** Entries whose record is sound and whose values, which stand in rows of their own, are not. */
  readonly #unsound = new Set<EntryId>();
  /** The pass has come so far. */
  #at: EntryId | undefined;
  #passes = 0;
  #made = 0;
  #size = 0;
  #resets = 0;
  /** Steps that read rows now, and what was written since the first of them began. */
  #reading = 0;
  readonly #since = new Set<EntryId>();

  constructor(world: DigestWorld) {
    this.#world = world;
  }

  /** Entries were written, durably: the whole cost of the digests for a write. */
  written(entries: ReadonlyMap<EntryId, { readonly alive: boolean }>): void {
    for (const [id, { alive }] of entries) {
      if (this.#reading > 0) this.#since.add(id);
      if (alive || this.#unsound.has(id)) this.#dirty.add(id);
      else {
        this.#dirty.delete(id);
        this.#put(id, undefined);
      }
    }
  }

  /** All rows may be others. */
  reset(): void {
    this.#dirty.clear();
    this.#table.clear();
    this.#sums.clear();
    this.#damaged.clear();
    this.#unsound.clear();
    this.#at = undefined;
    this.#passes = 0;
    this.#size = 0;
    this.#resets += 1;
  }

  /** Steps of a pass, about. */
  get stepsOfPass(): number {
    return Math.max(1, Math.ceil(this.#size / STEP_ROWS));
  }

  /** All entries have their digests. */
  get ready(): boolean {
    return this.#passes > 0;
  }

  /** Entries whose digests are still to be made anew. */
  get waiting(): number {
    return this.#dirty.size;
  }

  get passes(): number {
    return this.#passes;
  }

  /** `passes` once every row was read after now. */
  get nextWhole(): number {
    return this.#passes + (this.#at === undefined ? 1 : 2);
  }

  status(): DigestStatus {
    return { passes: this.#passes, made: this.#made, damaged: [...this.#damaged.values()] };
  }

  /** Lets others have their turn. */
  rest(): Promise<void> {
    return this.#world.pause();
  }

  /** One step of the pass through all rows; true when it came to the end of one. */
  async step(): Promise<boolean> {
    this.#reading += 1;
    try {
      return await this.#step();
    } finally {
      this.#reading -= 1;
      if (this.#reading === 0) this.#since.clear();
    }
  }

  async #step(): Promise<boolean> {
    const { store, keys } = this.#world;
    const all = keys.tagRange(TAG.entry);
    const from = this.#at;
    const gte = from === undefined ? all.gte : keys.entry((from + 1) as EntryId);
    const ids: EntryId[] = [];
    const inRows: EntryId[] = [];
    const passes = this.#passes;
    const resets = this.#resets;
    const isOver = () => this.#at !== from || this.#passes !== passes || this.#resets !== resets;
    this.#catchUp(SLICE);
    for await (const slice of store.scan({ gte, lt: all.lt, limit: STEP_ROWS }, STEP_ROWS)) {
      // Everything was replaced meanwhile.
      if (isOver()) return false;
      for (const { key, value } of slice) {
        if (key.length !== ID_AT + ID_BYTES) continue;
        const id = readId(key, ID_AT);
        ids.push(id);
        if (isInRows(value)) inRows.push(id);
        this.#compare(id, value);
      }
    }
    for (const id of inRows) await this.#checkValues(id);
    if (isOver()) return false;
    const last = ids.length < STEP_ROWS ? undefined : ids[ids.length - 1];
    // Both ascend.
    let next = 0;
    this.#table.eachBetween(from, last, (id) => {
      while ((ids[next] ?? id) < id) next += 1;
      if (ids[next] !== id) this.#look(id);
    });
    this.#at = last;
    if (last === undefined) this.#passes += 1;
    return last === undefined;
  }

  /** Values in rows of their own have no part in the checksum of the record, which holds their sum. */
  async #checkValues(id: EntryId): Promise<void> {
    const { store, keys, dictionary, pause } = this.#world;
    const record = store.get(keys.entry(id));
    if (record === undefined) return;
    try {
      for (const attribute of decodeState(checkRecord(record), dictionary).attributes.values())
        if (attribute instanceof ManyAttribute) await checkSum(attribute, pause);
      if (this.#unsound.delete(id)) this.#dirty.add(id);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // Replaced meanwhile, or its record says it already.
      if (error.failure !== 'damaged' || this.#unsound.has(id)) return;
      this.#unsound.add(id);
      this.#dirty.add(id);
      this.#note(id, error.message);
    }
  }

  /** A record of the pass. The row of an entry that was written since is an older one, and noted already. */
  #compare(id: EntryId, record: Uint8Array): void {
    if (this.#since.has(id)) return;
    if (this.#dirty.delete(id)) {
      this.#put(id, this.#rowOfRecord(id, record));
      return;
    }
    const known = this.#table.checksumOf(id);
    const sound = isSound(record);
    if (known !== undefined && sound && checksumOf(record) === known) return;
    if (known === undefined && sound && !isAliveRecord(record)) return;
    if (known === undefined && this.#passes === 0) this.#put(id, this.#rowOfRecord(id, record));
    else this.#look(id);
  }

  /** Reads the row of an entry that was not written, as far as we know. */
  #look(id: EntryId): void {
    if (this.#dirty.has(id)) return;
    const before = this.#table.get(id);
    const now = this.#read(id);
    if (before === undefined ? now === undefined : now !== undefined && sameDigest(before.digest, now.digest))
      return;
    // The batch on its way may hold the entry.
    if (this.#world.flying()) this.#dirty.doubt(id);
    else {
      this.#put(id, now);
      if (this.#passes > 0) this.#note(id, CHANGED);
    }
  }

  #note(id: EntryId, what: string): void {
    if (this.#damaged.size >= MAX_DAMAGED) return;
    const { store, keys } = this.#world;
    const record = store.get(keys.entry(id));
    const name = record === undefined || what !== CHANGED ? '' : ` (${uuidOf(record)})`;
    this.#damaged.set(id, `entry number ${id}${name}: ${record === undefined ? 'its row is gone' : what}`);
  }

  /** The digest as the store has it now; undefined: not alive. */
  #read(id: EntryId): TableRow | undefined {
    const { store, keys } = this.#world;
    const record = store.get(keys.entry(id));
    return record === undefined ? undefined : this.#rowOfRecord(id, record);
  }

  /** The record of an entry that was written. */
  #written(id: EntryId): Uint8Array | undefined {
    const { store, keys, held } = this.#world;
    return (this.#dirty.isDoubted(id) ? undefined : held(id)) ?? store.get(keys.entry(id));
  }

  #rowOfRecord(id: EntryId, record: Uint8Array): TableRow | undefined {
    const { dictionary, restrict } = this.#world;
    this.#made += 1;
    if (this.#unsound.has(id)) return this.#odd(id);
    try {
      if (!isAliveRecord(checkRecord(record))) return undefined;
      const whole = decodeState(record, dictionary);
      const state = restrict === undefined ? whole : restrict(whole);
      return { bucket: bucketOf(state.uuid), digest: digestState(state), checksum: checksumOf(record) };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#note(id, error.message);
      return this.#odd(id);
    }
  }

  /** Unlike any other: whoever compares finds it. */
  #odd(id: EntryId): TableRow {
    return {
      bucket: this.#table.get(id)?.bucket ?? 0,
      digest: { high: 0xffff_ffff, low: id % 0x1_0000_0000 },
      checksum: 0,
    };
  }

  #put(id: EntryId, now: TableRow | undefined): void {
    const before = this.#table.get(id);
    this.#size += (now === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    if (before !== undefined) this.#sums.add(before.bucket, before.digest, -1);
    if (now !== undefined) this.#sums.add(now.bucket, now.digest, 1);
    this.#table.set(id, now);
  }

  #catchUp(most: number): void {
    let octets = 0;
    this.#dirty.each(most, (id) => {
      const record = this.#written(id);
      this.#put(id, record === undefined ? undefined : this.#rowOfRecord(id, record));
      octets += record?.length ?? 0;
      return octets < SLICE_OCTETS;
    });
  }

  /**
   * Brings all digests up to what is durable, then reads them: `read` runs in the same turn, with the state that they belong to. undefined when writes come too fast, or
   * the first pass has not ended.
   */
  async settled<T>(read: (state: ServerState) => T): Promise<T | undefined> {
    for (let round = 0; round < MAX_ROUNDS && this.ready; round++) {
      this.#catchUp(SLICE);
      if (this.#dirty.size === 0) return read(this.#world.state());
      await this.#world.pause();
    }
    return undefined;
  }

  /** 256 sums of 8 octets: of the buckets of one first octet, or of all first octets. Within settled(). */
  sums(first: number | undefined): Uint8Array {
    return this.#sums.octets(first);
  }

  /** Live entries of a bucket with their digests, by UUID, after `after`; at most `most`, and whether there are more. From the rows as they are. */
  async bucket(
    bucket: number,
    after: EntryUuid | undefined,
    most: number,
  ): Promise<{ readonly rows: readonly DigestRow[]; readonly more: boolean }> {
    const { store, keys, pause } = this.#world;
    const rows: DigestRow[] = [];
    for await (const slice of recordsOfBucket(store, keys, bucket, after)) {
      for (const { id, record } of slice) {
        const now = this.#rowOfRecord(id, record);
        if (now === undefined) continue;
        if (rows.length >= most) return { rows, more: true };
        rows.push({ uuid: uuidOf(record), digest: now.digest });
      }
      await pause();
    }
    return { rows, more: false };
  }

  /** Of one entry as its row is now; NO_DIGEST when it is not alive. */
  of(uuid: EntryUuid): StateDigest {
    const id = this.#world.idOf(uuid);
    return id === undefined ? NO_DIGEST : (this.#read(id)?.digest ?? NO_DIGEST);
  }

  /** The state of an entry as its row says, dead or alive; undefined when there is none that can be read. */
  stateOf(uuid: EntryUuid): EntryState | undefined {
    const { store, keys, dictionary } = this.#world;
    const id = this.#world.idOf(uuid);
    const record = id === undefined ? undefined : store.get(keys.entry(id));
    if (record === undefined) return undefined;
    try {
      return decodeWhole(checkRecord(record), dictionary);
    } catch (error) {
      if (error instanceof StoreError) return undefined;
      throw error;
    }
  }

  /** The entry was put right. */
  mended(uuid: EntryUuid): void {
    const id = this.#world.idOf(uuid);
    if (id === undefined) return;
    this.#damaged.delete(id);
    if (this.#unsound.delete(id)) this.#dirty.add(id);
  }
}
