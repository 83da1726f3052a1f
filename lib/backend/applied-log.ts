/**
 * The applied log of a domain: which change this server applied when, local and replayed ones in one order, by USN; and the USN of each entry.
 *
 *   w usn(6) -> csn(12) previous(12, zeros for none), then for each entry that changed: flags(1) uuid(16)
 *   y id(6)  -> usn(6) of the newest change that touched the entry; entries without a row have the floor
 *
 * Derived on each server, never replicated. Rows ride in the batch of their change. The oldest rows go when there are more than
 * LIMITS.appliedRows; whoever stands before them must read everything again. A load or a total update begins a new log above a new floor.
 */
import { carveBytes } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { EntryUuid } from '../change/change.js';
import { CSN_BYTES, type Csn, csnFromBytes, putCsn, ZERO_CSN } from '../csn/csn.js';
import { type OrderedStore, StoreError, type StoreOp, type StoreRange } from '../port/ordered-store.js';
import type { EntryId } from './backend.js';
import {
  ID_BYTES,
  type KeySpace,
  readId,
  readUuid,
  TAG,
  UUID_BYTES,
  writeId,
  writeUuid,
} from './rows/key-space.js';
import type { UsnSource, UsnUser } from './usn-source.js';

/** An entry that a change touched. */
export interface TouchedEntry {
  readonly uuid: EntryUuid;
  /** Its name changed while it had entries below, whose names changed with it. */
  readonly subtree: boolean;
}

/** One applied change. */
export interface AppliedChange {
  readonly usn: number;
  readonly csn: Csn;
  /** The change before it of the same origin. */
  readonly previous: Csn | undefined;
  /** Entries whose state changed: the target and those that it affected. */
  readonly entries: readonly TouchedEntry[];
}

const ENTRY_BYTES = 1 + UUID_BYTES;
const SUBTREE = 1;
const SLICE_ROWS = 256;
const TRIM_EVERY = 8192;
const TRIM_ROWS = 1000;

function numberKey(keys: KeySpace, tag: number, number: number): Uint8Array {
  const tail = carveBytes(1 + ID_BYTES);
  tail[0] = tag;
  writeId(tail, 1, number);
  return keys.underDomain(tail);
}

/** Rows above `after`, up to and with `through`. */
function appliedBetween(keys: KeySpace, after: number, through: number): StoreRange {
  return { gte: numberKey(keys, TAG.applied, after + 1), lt: numberKey(keys, TAG.applied, through + 1) };
}

/** Newest USN of a domain: a row of the server's, which survives what empties the domain. */
function lastKey({ domain }: KeySpace): Uint8Array {
  const key = carveBytes(5);
  key[2] = 0x75;
  key[3] = domain >>> 8;
  key[4] = domain;
  return key;
}

/** The value of a change's row. */
function encodeApplied(change: AppliedChange): Uint8Array {
  const bytes = carveBytes(2 * CSN_BYTES + change.entries.length * ENTRY_BYTES);
  putCsn(bytes, 0, change.csn);
  if (change.previous !== undefined) putCsn(bytes, CSN_BYTES, change.previous);
  let at = 2 * CSN_BYTES;
  for (const { uuid, subtree } of change.entries) {
    bytes[at] = subtree ? SUBTREE : 0;
    writeUuid(bytes, at + 1, uuid);
    at += ENTRY_BYTES;
  }
  return bytes;
}

/** The inverse of encodeApplied(). Throws StoreError damaged. */
function decodeApplied(usn: number, bytes: Uint8Array): AppliedChange {
  const rest = bytes.length - 2 * CSN_BYTES;
  if (rest < 0 || rest % ENTRY_BYTES !== 0)
    throw new StoreError('damaged', `applied row ${usn} is cut short`);
  const entries: TouchedEntry[] = [];
  for (let at = 2 * CSN_BYTES; at < bytes.length; at += ENTRY_BYTES)
    entries.push({ uuid: readUuid(bytes, at + 1), subtree: ((bytes[at] as number) & SUBTREE) !== 0 });
  const previous = csnFromBytes(bytes, CSN_BYTES);
  return { usn, csn: csnFromBytes(bytes), previous: previous === ZERO_CSN ? undefined : previous, entries };
}

function numberRow(...numbers: readonly number[]): Uint8Array {
  const bytes = carveBytes(ID_BYTES * numbers.length);
  numbers.forEach((number, i) => {
    writeId(bytes, i * ID_BYTES, number);
  });
  return bytes;
}

export class AppliedLog implements UsnUser {
  readonly #store: OrderedStore;
  readonly #keys: KeySpace;
  readonly #source: UsnSource;
  /** USN of entries that were not touched since the data came in as a whole. */
  floor = 0;
  /** Rows up to this one may be gone. */
  trimmed = 0;
  durable = 0;
  given = 0;
  #sinceTrim = 0;
  #trimming = false;

  private constructor(store: OrderedStore, keys: KeySpace, source: UsnSource) {
    this.#store = store;
    this.#keys = keys;
    this.#source = source;
  }

  /** Opens the log; a domain that was loaded or emptied since begins above a new floor. */
  static async open(store: OrderedStore, keys: KeySpace, source: UsnSource): Promise<AppliedLog> {
    const log = new AppliedLog(store, keys, source);
    const row = store.get(lastKey(keys));
    log.durable = row === undefined ? 0 : readId(row, 0);
    log.given = log.durable;
    source.join(log);
    const facts = store.get(keys.meta('usn'));
    if (facts === undefined) await log.restart();
    else {
      log.floor = readId(facts, 0);
      log.trimmed = readId(facts, ID_BYTES);
    }
    return log;
  }

  /** The data were replaced as a whole: every entry counts as changed now. */
  async restart(): Promise<void> {
    const floor = this.#source.next();
    this.floor = floor;
    this.trimmed = floor;
    this.given = floor;
    this.durable = floor;
    await this.#store.batch([this.lastOp(floor), this.#factsOp()], { sync: true });
  }

  /** UsnSource.settled. */
  get settled(): number {
    return this.#source.settled;
  }

  /** A number for the next change. */
  take(): number {
    this.given = this.#source.next();
    return this.given;
  }

  /** The store refused what was decided: the numbers given since are void. */
  dropped(): void {
    this.given = this.durable;
  }

  /** The rows of a change; `ids`: numbers of its entries, in order. */
  ops(change: AppliedChange, ids: readonly EntryId[]): readonly StoreOp[] {
    const value = numberRow(change.usn);
    return [
      { type: 'put', key: numberKey(this.#keys, TAG.applied, change.usn), value: encodeApplied(change) },
      ...ids.map((id): StoreOp => ({ type: 'put', key: numberKey(this.#keys, TAG.usn, id), value })),
    ];
  }

  /** The row that keeps the newest number. */
  lastOp(usn: number): StoreOp {
    return { type: 'put', key: lastKey(this.#keys), value: numberRow(usn) };
  }

  /** A batch is durable up to this number. */
  committed(usn: number, changes: number): void {
    this.durable = usn;
    this.#sinceTrim += changes;
    if (this.#sinceTrim < TRIM_EVERY || this.#trimming) return;
    this.#sinceTrim = 0;
    this.#trimming = true;
    this.#trim(usn - LIMITS.appliedRows)
      .catch(() => undefined) // the next time finds the same rows
      .finally(() => {
        this.#trimming = false;
      });
  }

  /** USN of an entry. */
  usnOf(id: EntryId): number {
    const row = this.#store.get(numberKey(this.#keys, TAG.usn, id));
    return row === undefined ? this.floor : readId(row, 0);
  }

  /** Whether every row above `usn` is there. */
  reaches(usn: number): boolean {
    return usn >= this.trimmed && usn >= this.floor;
  }

  /** One row, or undefined. */
  at(usn: number): AppliedChange | undefined {
    const row = this.#store.get(numberKey(this.#keys, TAG.applied, usn));
    return row === undefined ? undefined : decodeApplied(usn, row);
  }

  /** Changes above `after` up to and with `through`, in order (or backwards), in slices. The caller checks reaches() when done: rows may go meanwhile. */
  async *between(after: number, through: number, reverse = false): AsyncGenerator<readonly AppliedChange[]> {
    if (through <= after) return;
    const range = { ...appliedBetween(this.#keys, after, through), reverse };
    for await (const rows of this.#store.scan(range, SLICE_ROWS))
      yield rows.map(({ key, value }) => decodeApplied(readId(key, key.length - ID_BYTES), value));
  }

  /** Numbers of entries changed since, ascending; for index lookups. */
  async idsSince(usn: number, idOf: (uuid: EntryUuid) => EntryId | undefined): Promise<readonly EntryId[]> {
    const ids = new Set<EntryId>();
    if (!this.reaches(usn - 1)) {
      for await (const keys of this.#store.scanKeys(this.#keys.tagRange(TAG.entry), 4096))
        for (const key of keys) ids.add(readId(key, key.length - ID_BYTES));
      return [...ids];
    }
    const uuids = new Set<EntryUuid>();
    for await (const changes of this.between(usn - 1, this.durable))
      for (const { entries } of changes) for (const { uuid } of entries) uuids.add(uuid);
    for (const uuid of uuids) {
      const id = idOf(uuid);
      if (id !== undefined) ids.add(id);
    }
    return [...ids].sort((a, b) => a - b);
  }

  #factsOp(): StoreOp {
    return { type: 'put', key: this.#keys.meta('usn'), value: numberRow(this.floor, this.trimmed) };
  }

  async #trim(through: number): Promise<void> {
    if (through <= this.trimmed) return;
    const range = appliedBetween(this.#keys, 0, through);
    // Readers are turned away first.
    this.trimmed = through;
    await this.#store.batch([this.#factsOp()], { sync: false });
    for await (const keys of this.#store.scanKeys(range, TRIM_ROWS)) {
      const ops = keys.map((key): StoreOp => ({ type: 'del', key }));
      await this.#store.batch(ops, { sync: false });
    }
  }
}
