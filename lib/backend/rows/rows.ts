/**
 * Point lookups of rows: the durable ones of the store with small caches, and their codecs.
 *
 * Owns the value forms of uuid, name and count rows. Entry records are entry-record.ts; what is decided and not yet durable is layer.ts.
 */
import { ByteReader, ByteWriter } from '../../base/binary.js';
import { carveBytes } from '../../base/bytes.js';
import type { EntryUuid } from '../../change/change.js';
import { ROOT_UUID } from '../../change/change.js';
import { LOST_AND_FOUND_UUID } from '../../conflict/entry-state.js';
import { CSN_BYTES, type Csn, csnFromBytes, putCsn } from '../../csn/csn.js';
import { type OrderedStore, StoreError, type StoreRow } from '../../port/ordered-store.js';
import type { EntryId } from '../backend.js';
import { HalfLifeMap } from '../memory/half-life-map.js';
import { checkRecord } from './entry-record.js';
import { ID_BYTES, type KeySpace, LOST_AND_FOUND_ID, ROOT_ID, readId, TAG, writeId } from './key-space.js';

/** A live entry's claim to a name, by number. */
export interface NameClaim {
  readonly csn: Csn;
  readonly id: EntryId;
}

/** Synchronous point lookups. */
export interface Rows {
  /** The checked record of an entry, alive or dead. */
  record(id: EntryId): Uint8Array | undefined;
  idOf(uuid: EntryUuid): EntryId | undefined;
  /** Claims to a name by rising CSN; the first holds it. */
  claims(parent: EntryId, rdnKey: string): readonly NameClaim[];
  /** The claims to a name beside that of an entry that claims it. */
  rivals(parent: EntryId, rdnKey: string, id: EntryId): readonly NameClaim[];
  /** Live entries whose effective parent this is. */
  childCount(id: EntryId): number;
  /** What the row of a merged entry says (schema-marks.ts); undefined for no row. */
  mark(id: EntryId): Uint8Array | undefined;
}

const NO_CLAIMS: readonly NameClaim[] = [];
/** Octets of one claim in the row of a name. */
export const CLAIM_BYTES = CSN_BYTES + ID_BYTES;

/** The row of a name: CSN and id of each claim, by rising CSN. */
export function encodeClaims(claims: readonly NameClaim[]): Uint8Array {
  const bytes = carveBytes(claims.length * CLAIM_BYTES);
  let at = 0;
  for (const { csn, id } of claims) {
    putCsn(bytes, at, csn);
    writeId(bytes, at + CSN_BYTES, id);
    at += CLAIM_BYTES;
  }
  return bytes;
}

export function decodeClaims(bytes: Uint8Array): readonly NameClaim[] {
  const claims: NameClaim[] = [];
  if (bytes.length === 0 || bytes.length % CLAIM_BYTES !== 0)
    throw new StoreError('damaged', 'name row cut short');
  for (let at = 0; at < bytes.length; at += CLAIM_BYTES) {
    claims.push({ csn: csnFromBytes(bytes, at), id: readId(bytes, at + CSN_BYTES) });
  }
  return claims;
}

/** Ids of a name row without its CSNs. */
export function claimIds(bytes: Uint8Array, into: EntryId[]): void {
  for (let at = CSN_BYTES; at + ID_BYTES <= bytes.length; at += CLAIM_BYTES) into.push(readId(bytes, at));
}

export function encodeIdRow(id: EntryId): Uint8Array {
  const bytes = carveBytes(ID_BYTES);
  writeId(bytes, 0, id);
  return bytes;
}

export function encodeCount(count: number): Uint8Array {
  const writer = new ByteWriter(8);
  writer.varint(count);
  return writer.finish();
}

export function decodeCount(bytes: Uint8Array): number {
  return new ByteReader(bytes, (reason) => new StoreError('damaged', `count row: ${reason}`)).varint();
}

/** Key of a name in Maps. */
export function nameText(parent: EntryId, rdnKey: string): string {
  return `${parent}\0${rdnKey}`;
}

const NAMES = 4096;
const COUNTS = 4096;
const UUIDS = 20_000;

/** Rows as they are on disk. Told of every commit. */
export class DurableRows implements Rows {
  readonly #store: OrderedStore;
  readonly #keys: KeySpace;
  readonly #isSole: ((nameKey: Uint8Array) => boolean) | undefined;
  readonly #names = new HalfLifeMap<string, readonly NameClaim[]>(NAMES);
  readonly #counts = new HalfLifeMap<EntryId, number>(COUNTS);
  readonly #ids = new HalfLifeMap<EntryUuid, EntryId>(UUIDS);

  /** `isSole`: whether a name's row, which is there, surely has one claim; without it the row is read. */
  constructor(store: OrderedStore, keys: KeySpace, isSole?: (nameKey: Uint8Array) => boolean) {
    this.#store = store;
    this.#keys = keys;
    this.#isSole = isSole;
  }

  record(id: EntryId): Uint8Array | undefined {
    const row = this.#store.get(this.#keys.entry(id));
    return row === undefined ? undefined : checkRecord(row);
  }

  idOf(uuid: EntryUuid): EntryId | undefined {
    if (uuid === ROOT_UUID) return ROOT_ID;
    if (uuid === LOST_AND_FOUND_UUID) return LOST_AND_FOUND_ID;
    const known = this.#ids.get(uuid);
    if (known !== undefined) return known;
    const row = this.#store.get(this.#keys.uuid(uuid));
    if (row === undefined) return undefined;
    const id = readId(row, 0);
    this.#ids.set(uuid, id);
    return id;
  }

  claims(parent: EntryId, rdnKey: string): readonly NameClaim[] {
    const text = nameText(parent, rdnKey);
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const row = this.#store.get(this.#keys.name(parent, rdnKey));
    const claims = row === undefined ? NO_CLAIMS : decodeClaims(row);
    this.#names.set(text, claims);
    return claims;
  }

  rivals(parent: EntryId, rdnKey: string, id: EntryId): readonly NameClaim[] {
    const known = this.#names.get(nameText(parent, rdnKey));
    if (known === undefined && this.#isSole?.(this.#keys.name(parent, rdnKey)) === true) return NO_CLAIMS;
    return (known ?? this.claims(parent, rdnKey)).filter((claim) => claim.id !== id);
  }

  childCount(id: EntryId): number {
    const known = this.#counts.get(id);
    if (known !== undefined) return known;
    const row = this.#store.get(this.#keys.childCount(id));
    const count = row === undefined ? 0 : decodeCount(row);
    this.#counts.set(id, count);
    return count;
  }

  mark(id: EntryId): Uint8Array | undefined {
    return this.#store.get(this.#keys.mark(id));
  }

  /** A name row was written (empty: deleted). */
  nameWritten(parent: EntryId, rdnKey: string, claims: readonly NameClaim[]): void {
    const text = nameText(parent, rdnKey);
    this.#names.set(text, claims);
  }

  countWritten(id: EntryId, count: number): void {
    this.#counts.set(id, count);
  }

  /** A dead entry was dropped. */
  buried(id: EntryId, uuid: EntryUuid): void {
    this.#ids.delete(uuid);
    this.#counts.delete(id);
  }

  /** Forgets what it remembers. */
  clear(): void {
    this.#names.clear();
    this.#counts.clear();
    this.#ids.clear();
  }

  /** Rows of entries, alive and dead, from a number on: at most `most`. */
  entriesFrom(id: EntryId, most: number): AsyncIterable<readonly StoreRow[]> {
    const { lt } = this.#keys.tagRange(TAG.entry);
    return this.#store.scan({ gte: this.#keys.entry(id), lt, limit: most }, most);
  }
}
