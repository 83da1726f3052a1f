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
import { NO_DIGEST, type StateDigest, sameDigest } from '../../conflict/state-digest.js';
import type { ServerState } from '../../csn/server-state.js';
import { type OrderedStore, StoreError } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import {
  checkRecord,
  checksumOf,
  decodeState,
  decodeWhole,
  isAliveRecord,
  isInRows,
  isSound,
  isSoundInSteps,
  uuidOf,
} from '../rows/entry-record.js';
import { ID_BYTES, type KeySpace, readId, TAG } from '../rows/key-space.js';
import { ManyAttribute } from '../rows/many-attribute.js';
import { checkSum } from '../verify-values.js';
import { type NumberedRecord, recordsOfBucket, SLICE_OCTETS } from './bucket-records.js';
import { BucketSums } from './bucket-sums.js';
import { DamagedEntries } from './damaged-entries.js';
import { DigestTable, type TableRow } from './digest-table.js';
import { LargeDigest } from './large-digest.js';
import { isLarge, RecordDigests, type RecordWorld } from './record-digest.js';
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

export interface DigestWorld extends RecordWorld {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly pause: () => Promise<void>;
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

export class DigestTree {
  readonly #world: DigestWorld;
  /** Written, and not looked at since. */
  readonly #dirty = new StaleDigests();
  readonly #table = new DigestTable();
  readonly #sums = new BucketSums();
  readonly #damaged = new DamagedEntries();
  readonly #records: RecordDigests;
  /** The pass has come so far. */
  #at: EntryId | undefined;
  #passes = 0;
  #size = 0;
  #resets = 0;
  /** Steps that read rows now, and what was written since the first of them began. */
  #reading = 0;
  readonly #since = new Set<EntryId>();
  readonly #large: LargeDigest;

  constructor(world: DigestWorld) {
    this.#world = world;
    this.#large = new LargeDigest(world.pause);
    const bucketOf = (id: EntryId): number => this.#table.get(id)?.bucket ?? 0;
    this.#records = new RecordDigests(world, bucketOf, (id, what) => this.#note(id, what));
  }

  /** Entries were written, durably: the whole cost of the digests for a write. */
  written(entries: ReadonlyMap<EntryId, { readonly alive: boolean }>): void {
    for (const [id, { alive }] of entries) {
      if (this.#reading > 0) this.#since.add(id);
      this.#large.giveUp(id);
      if (alive || this.#records.unsound.has(id)) this.#dirty.add(id);
      else {
        this.#dirty.delete(id);
        this.#put(id, undefined);
      }
    }
  }

  /** All rows may be others. */
  reset(): void {
    this.#large.giveUp(undefined);
    this.#dirty.clear();
    this.#table.clear();
    this.#sums.clear();
    this.#damaged.clear();
    this.#records.unsound.clear();
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
    return { passes: this.#passes, made: this.#records.made, damaged: this.#damaged.lines };
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
    const made = this.#catchUp(SLICE);
    if (made !== undefined) await made;
    for await (const slice of store.scan({ gte, lt: all.lt, limit: STEP_ROWS }, STEP_ROWS)) {
      // Everything was replaced meanwhile.
      if (isOver()) return false;
      for (const { key, value } of slice) {
        if (key.length !== ID_AT + ID_BYTES) continue;
        const id = readId(key, ID_AT);
        ids.push(id);
        if (isInRows(value)) inRows.push(id);
        if (!isLarge(value)) this.#compare(id, value);
        else if (!(await this.#compareInTurns(id, value, isOver))) return false;
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
      if (this.#records.unsound.delete(id)) this.#dirty.add(id);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // Replaced meanwhile, or its record says it already.
      if (error.failure !== 'damaged' || this.#records.unsound.has(id)) return;
      this.#records.unsound.add(id);
      this.#dirty.add(id);
      this.#note(id, error.message);
    }
  }

  /** A record of the pass. The row of an entry that was written since is an older one, and noted already. */
  #compare(id: EntryId, record: Uint8Array): void {
    if (this.#since.has(id)) return;
    if (this.#dirty.delete(id) || this.#isNew(id, record, isSound(record)))
      this.#put(id, this.#records.rowOf(id, record));
  }

  /** #compare() of a large record; false when the pass is over. One that was written waits for its digest as it did. */
  async #compareInTurns(id: EntryId, record: Uint8Array, isOver: () => boolean): Promise<boolean> {
    if (this.#since.has(id) || this.#dirty.has(id)) return true;
    const sound = await this.#large.inTurns(isSoundInSteps(record));
    if (isOver()) return false;
    if (this.#since.has(id) || this.#dirty.has(id) || !this.#isNew(id, record, sound)) return true;
    if (this.#large.made === undefined) await this.#makeLarge({ id, record });
    else this.#dirty.doubt(id);
    return !isOver();
  }

  /** Whether a record of the first pass lacks its digest; looks where it has another than it should. */
  #isNew(id: EntryId, record: Uint8Array, sound: boolean): boolean {
    const known = this.#table.checksumOf(id);
    if (known !== undefined && sound && checksumOf(record) === known) return false;
    if (known === undefined && sound && !isAliveRecord(record)) return false;
    if (known === undefined && this.#passes === 0) return true;
    this.#look(id);
    return false;
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
    const { store, keys } = this.#world;
    const record = store.get(keys.entry(id));
    const name = record === undefined || what !== CHANGED ? '' : ` (${uuidOf(record)})`;
    this.#damaged.note(id, name, record === undefined ? 'its row is gone' : what);
  }

  /** The digest as the store has it now; undefined: not alive. */
  #read(id: EntryId): TableRow | undefined {
    const { store, keys } = this.#world;
    const record = store.get(keys.entry(id));
    return record === undefined ? undefined : this.#records.rowOf(id, record);
  }

  /** The record of an entry that was written. */
  #written(id: EntryId): Uint8Array | undefined {
    const { store, keys, held } = this.#world;
    return (this.#dirty.isDoubted(id) ? undefined : held(id)) ?? store.get(keys.entry(id));
  }

  #put(id: EntryId, now: TableRow | undefined): void {
    const before = this.#table.get(id);
    this.#size += (now === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    if (before !== undefined) this.#sums.add(before.bucket, before.digest, -1);
    if (now !== undefined) this.#sums.add(now.bucket, now.digest, 1);
    this.#table.set(id, now);
  }

  /** A promise where one of the records is large: its digest is made in turns. */
  #catchUp(most: number): Promise<void> | undefined {
    if (this.#large.made !== undefined) return this.#large.made;
    let octets = 0;
    let large: NumberedRecord | undefined;
    this.#dirty.each(most, (id) => {
      const record = this.#written(id);
      octets += record?.length ?? 0;
      if (record !== undefined && isLarge(record)) large = { id, record };
      else this.#put(id, record === undefined ? undefined : this.#records.rowOf(id, record));
      return octets < SLICE_OCTETS;
    });
    return large === undefined ? undefined : this.#makeLarge(large);
  }

  /** Makes the digest of a large record; the entry waits for it among the others. */
  #makeLarge({ id, record }: NumberedRecord): Promise<void> {
    this.#dirty.add(id);
    return this.#large.make(id, this.#records.rowInSteps(id, record), (row) => {
      if (this.#dirty.delete(id)) this.#put(id, row);
    });
  }

  /**
   * Brings all digests up to what is durable, then reads them: `read` runs in the same turn, with the state that they belong to. undefined when writes come too fast, or
   * the first pass has not ended.
   */
  async settled<T>(read: (state: ServerState) => T): Promise<T | undefined> {
    for (let round = 0; round < MAX_ROUNDS && this.ready; round++) {
      const made = this.#catchUp(SLICE);
      if (made !== undefined) await made;
      if (this.ready && this.#dirty.size === 0) return read(this.#world.state());
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
        const now = this.#records.rowOf(id, record);
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
    if (this.#records.unsound.delete(id)) this.#dirty.add(id);
  }
}
