/**
 * Every key form of the data in the ordered store (docs/data-format.md), in one place.
 *
 * A key is: domain number (2 octets), a tag, the rest. Domain 0 holds what belongs to the server. Numbers are big-endian, so bytes sort as
 * numbers do; a text or value of variable length that something follows is escaped (00 -> 00 ff) and ends with 00 00, so that order and
 * prefixes survive. No key holds anything that a DN could forge: names stand behind their parent's number.
 */
import { assert } from '../../base/assert.js';
import { carveBytes, latin1, utf8Encode, utf8Fleeting } from '../../base/bytes.js';
import type { EntryUuid } from '../../change/change.js';
import { uuidFromBytes } from '../../change/entry-uuid.js';
import { CSN_BYTES, type Csn, putCsn } from '../../csn/csn.js';
import type { StoreRange } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId } from '../backend.js';
import { boundedValue, escapedLength, writeEscaped } from '../index/index-value.js';
import { hash64 } from './value-hash.js';

/** Version of the format that docs/data-format.md describes. */
export const DATA_FORMAT = 3;
/** Older versions, whose rows mean the same here: what is new, they never wrote. */
export const OLDER_FORMATS: readonly number[] = [1, 2];

/** 1..65535, given by the domain table. */
export type DomainNumber = number & { readonly __brand: 'DomainNumber' };

/** Parent of a base entry. */
export const ROOT_ID = 0 as EntryId;
/** The derived container of entries without a live parent. */
export const LOST_AND_FOUND_ID = 1 as EntryId;
/** The least number of a stored entry. */
export const FIRST_ID = 16;

export const ID_BYTES = 6;
export const UUID_BYTES = 16;
/** Tags of a domain's rows. */
export const TAG = {
  dictionary: 0x61, // a
  childCount: 0x63, // c
  entry: 0x65, // e
  /** References that are still to be changed (reference-jobs.ts). */
  references: 0x66, // f
  history: 0x68, // h
  index: 0x69, // i
  journal: 0x6a, // j
  /** The changelog's own rows; the backend neither reads nor writes them. */
  changelog: 0x6c, // l
  move: 0x6d, // m
  name: 0x6e, // n
  /** The servers of the domain; rows of replica/membership.ts. */
  member: 0x72, // r
  mark: 0x73, // s
  tombstone: 0x74, // t
  uuid: 0x75, // u
  values: 0x76, // v
  /** The applied log (applied-log.ts). */
  applied: 0x77, // w
  meta: 0x78, // x
  /** USN of each entry (applied-log.ts). */
  usn: 0x79, // y
} as const;

/** Kinds of index rows. */
export const INDEX_KIND = { equality: 0x65, ordering: 0x6f, presence: 0x70, substring: 0x73 } as const;
export type IndexKind = (typeof INDEX_KIND)[keyof typeof INDEX_KIND];

/** Rows of one indexed value: the few ids of an equality value in one row; blocks of ids; single ids. */
export const POSTING = { head: 0, block: 1, single: 2 } as const;

/** Names of meta rows. */
export type MetaName =
  | 'generation'
  | 'state'
  | 'counters'
  | 'indexes'
  | 'commonKeys'
  | 'loading'
  | 'base'
  | 'schema'
  | 'fraction'
  | 'changeNumbers'
  | 'usn';

export function writeId(bytes: Uint8Array, at: number, id: number): void {
  const high = Math.floor(id / 0x1_0000_0000);
  bytes[at] = high >>> 8;
  bytes[at + 1] = high;
  bytes[at + 2] = id >>> 24;
  bytes[at + 3] = id >>> 16;
  bytes[at + 4] = id >>> 8;
  bytes[at + 5] = id;
}

export function readId(bytes: Uint8Array, at: number): EntryId {
  const b = (i: number) => bytes[at + i] as number;
  return ((b(0) * 256 + b(1)) * 0x1_0000_0000 +
    ((b(2) << 24) >>> 0) +
    (b(3) << 16) +
    (b(4) << 8) +
    b(5)) as EntryId;
}

function hexDigit(code: number): number {
  return code <= 0x39 ? code - 0x30 : code - 0x57;
}

/** Writes the 16 octets of a canonical UUID text. */
export function writeUuid(bytes: Uint8Array, at: number, uuid: EntryUuid): void {
  assert(uuid.length === 36, 'malformed UUID');
  let out = at;
  for (let i = 0; i < 36; i += 2) {
    if (i === 8 || i === 13 || i === 18 || i === 23) i += 1;
    bytes[out++] = (hexDigit(uuid.charCodeAt(i)) << 4) | hexDigit(uuid.charCodeAt(i + 1));
  }
}

/** The canonical text of 16 octets. */
export function readUuid(bytes: Uint8Array, at: number): EntryUuid {
  return uuidFromBytes(bytes, at);
}

/** The least key above all keys that start with `prefix` (which is not all ff). */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  assert(length > 0, 'no key lies above');
  // Not slice(): that of a Buffer is no copy.
  const end = new Uint8Array(prefix.subarray(0, length));
  end[length - 1] = (end[length - 1] as number) + 1;
  return end;
}

export function prefixRange(prefix: Uint8Array): StoreRange {
  return { gte: prefix, lt: prefixEnd(prefix) };
}

/** Makes the keys of one domain. */
export class KeySpace {
  readonly domain: DomainNumber;
  /** Key prefixes; bounded by the index configuration. */
  readonly #indexPrefixes = new Map<AttributeKey, Map<IndexKind, Uint8Array>>();

  constructor(domain: DomainNumber) {
    this.domain = domain;
  }

  #make(tag: number, rest: number): Uint8Array {
    const key = carveBytes(3 + rest);
    key[0] = this.domain >>> 8;
    key[1] = this.domain;
    key[2] = tag;
    return key;
  }

  /** All rows of a tag. */
  tagRange(tag: number): StoreRange {
    return prefixRange(this.#make(tag, 0));
  }

  /** The prefix under which the changelog keeps its rows. */
  changelogPrefix(): Uint8Array {
    return this.#make(TAG.changelog, 0);
  }

  /** The prefix under which membership keeps its rows. */
  memberPrefix(): Uint8Array {
    return this.#make(TAG.member, 0);
  }

  /** Those rows. */
  memberRange(): StoreRange {
    return this.tagRange(TAG.member);
  }

  /** The key of this domain with this rest, tag first. */
  underDomain(tail: Uint8Array): Uint8Array {
    const key = carveBytes(2 + tail.length);
    key[0] = this.domain >>> 8;
    key[1] = this.domain;
    key.set(tail, 2);
    return key;
  }

  #idKey(tag: number, id: EntryId): Uint8Array {
    const key = this.#make(tag, ID_BYTES);
    writeId(key, 3, id);
    return key;
  }

  entry(id: EntryId): Uint8Array {
    return this.#idKey(TAG.entry, id);
  }

  childCount(id: EntryId): Uint8Array {
    return this.#idKey(TAG.childCount, id);
  }

  mark(id: EntryId): Uint8Array {
    return this.#idKey(TAG.mark, id);
  }

  uuid(uuid: EntryUuid): Uint8Array {
    const key = this.#make(TAG.uuid, UUID_BYTES);
    writeUuid(key, 3, uuid);
    return key;
  }

  /** Claims to a name: parent id, RDN key as UTF-8 (at the end, so not escaped). */
  name(parent: EntryId, rdnKey: string): Uint8Array {
    const text = utf8Fleeting(rdnKey);
    const key = this.#make(TAG.name, ID_BYTES + text.length);
    writeId(key, 3, parent);
    key.set(text, 3 + ID_BYTES);
    return key;
  }

  /** All names below a parent. */
  names(parent: EntryId): StoreRange {
    return prefixRange(this.#idKey(TAG.name, parent));
  }

  history(id: EntryId, csn: Csn): Uint8Array {
    const key = this.#make(TAG.history, ID_BYTES + CSN_BYTES);
    writeId(key, 3, id);
    putCsn(key, 3 + ID_BYTES, csn);
    return key;
  }

  /** History rows of an entry with CSN above `after`; all when undefined. */
  historyAfter(id: EntryId, after: Csn | undefined): StoreRange {
    const { gte, lt } = prefixRange(this.#idKey(TAG.history, id));
    return { gte: after === undefined ? gte : justAbove(this.history(id, after)), lt };
  }

  move(csn: Csn): Uint8Array {
    const key = this.#make(TAG.move, CSN_BYTES);
    putCsn(key, 3, csn);
    return key;
  }

  movesAfter(after: Csn): StoreRange {
    return { gte: justAbove(this.move(after)), lt: this.tagRange(TAG.move).lt };
  }

  /** A journal line: CSN of the loser, the entry, a kind number, a hash of the rest. */
  journal(loser: Csn, entry: EntryUuid, kind: number, rest: Uint8Array): Uint8Array {
    const key = this.#make(TAG.journal, CSN_BYTES + UUID_BYTES + 9);
    putCsn(key, 3, loser);
    writeUuid(key, 3 + CSN_BYTES, entry);
    key[3 + CSN_BYTES + UUID_BYTES] = kind;
    hash64(rest, key, 4 + CSN_BYTES + UUID_BYTES);
    return key;
  }

  /** A job of changing references, by its number. */
  referenceJob(number: number): Uint8Array {
    const key = this.#make(TAG.references, 8);
    new DataView(key.buffer, key.byteOffset).setBigUint64(3, BigInt(number));
    return key;
  }

  /** A dead entry, by the CSN of its death. */
  tombstone(csn: Csn, id: EntryId): Uint8Array {
    const key = this.#make(TAG.tombstone, CSN_BYTES + ID_BYTES);
    putCsn(key, 3, csn);
    writeId(key, 3 + CSN_BYTES, id);
    return key;
  }

  /** Chunk of an attribute's many values (value-chunks.ts): entry id, dictionary number of the attribute, chunk number. */
  valueChunk(id: EntryId, attribute: number, chunk: number): Uint8Array {
    const key = this.#make(TAG.values, ID_BYTES + 8);
    writeId(key, 3, id);
    new DataView(key.buffer, key.byteOffset).setUint32(3 + ID_BYTES, attribute);
    new DataView(key.buffer, key.byteOffset).setUint32(7 + ID_BYTES, chunk);
    return key;
  }

  /** All chunks of an entry. */
  valueChunks(id: EntryId): StoreRange {
    return prefixRange(this.#idKey(TAG.values, id));
  }

  dictionary(number: number): Uint8Array {
    const key = this.#make(TAG.dictionary, 4);
    new DataView(key.buffer, key.byteOffset).setUint32(3, number);
    return key;
  }

  meta(name: MetaName): Uint8Array {
    const text = utf8Fleeting(name);
    const key = this.#make(TAG.meta, text.length);
    key.set(text, 3);
    return key;
  }

  #indexPrefix(attribute: AttributeKey, kind: IndexKind): Uint8Array {
    let kinds = this.#indexPrefixes.get(attribute);
    if (kinds === undefined) {
      kinds = new Map();
      this.#indexPrefixes.set(attribute, kinds);
    }
    const known = kinds.get(kind);
    if (known !== undefined) return known;
    const text = utf8Encode(attribute);
    const prefix = this.#make(TAG.index, text.length + 2);
    prefix.set(text, 3);
    prefix[3 + text.length + 1] = kind;
    kinds.set(kind, prefix);
    return prefix;
  }

  /** All rows of one index. */
  index(attribute: AttributeKey, kind: IndexKind): StoreRange {
    return prefixRange(this.#indexPrefix(attribute, kind));
  }

  /** The prefix of a value's rows with `more` octets behind it, which are 0. */
  #underValue(attribute: AttributeKey, kind: IndexKind, normal: Uint8Array, more: number): Uint8Array {
    const prefix = this.#indexPrefix(attribute, kind);
    const value = boundedValue(kind === INDEX_KIND.equality, normal);
    const key = carveBytes(prefix.length + escapedLength(value) + more);
    for (let i = 0; i < prefix.length; i++) key[i] = prefix[i] as number;
    writeEscaped(key, prefix.length, value, true);
    return key;
  }

  /** Prefix of the rows of one value: all its postings start with it. */
  indexValue(attribute: AttributeKey, kind: IndexKind, normal: Uint8Array): Uint8Array {
    return this.#underValue(attribute, kind, normal, 0);
  }

  /** The row of an equality value's few ids (headKey() of its prefix), made in one piece. */
  head(attribute: AttributeKey, normal: Uint8Array): Uint8Array {
    // The form of a head is 0.
    return this.#underValue(attribute, INDEX_KIND.equality, normal, 1);
  }

  /** The row of one id under a value, made in one piece: what writes make most of. */
  posting(attribute: AttributeKey, kind: IndexKind, normal: Uint8Array, id: EntryId): Uint8Array {
    const key = this.#underValue(attribute, kind, normal, 1 + ID_BYTES);
    key[key.length - 1 - ID_BYTES] = POSTING.single;
    writeId(key, key.length - ID_BYTES, id);
    return key;
  }

  /** Rows of all values that start with `start`. */
  indexValuesFrom(attribute: AttributeKey, kind: IndexKind, start: Uint8Array): StoreRange {
    const prefix = this.#indexPrefix(attribute, kind);
    const key = carveBytes(prefix.length + escapedLength(start) - 2);
    key.set(prefix);
    writeEscaped(key, prefix.length, start, false);
    return prefixRange(key);
  }

  /** Rows of all values between two normal forms, both inclusive. */
  indexBetween(
    attribute: AttributeKey,
    kind: IndexKind,
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
  ): StoreRange {
    const all = this.index(attribute, kind);
    return {
      gte: from === undefined ? all.gte : this.indexValue(attribute, kind, from),
      lt: to === undefined ? all.lt : prefixEnd(this.indexValue(attribute, kind, to)),
    };
  }
}

function justAbove(key: Uint8Array): Uint8Array {
  const above = carveBytes(key.length + 1);
  above.set(key);
  return above;
}

/** Attribute and kind of an index row's key; the kind need not be one that is known. */
export function attributeOfIndexKey(key: Uint8Array): {
  readonly attribute: AttributeKey;
  readonly kind: number;
} {
  const end = key.indexOf(0, 3);
  return { attribute: latin1(key.subarray(3, end)) as AttributeKey, kind: key[end + 1] ?? 0 };
}

/** The row of an equality value's few ids. */
export function headKey(value: Uint8Array): Uint8Array {
  const key = carveBytes(value.length + 1);
  key.set(value);
  return key;
}

/** A row of a value's postings: a block (its first id) or a single id. */
export function postingKey(value: Uint8Array, form: number, id: number): Uint8Array {
  const key = carveBytes(value.length + 1 + ID_BYTES);
  key.set(value);
  key[value.length] = form;
  writeId(key, value.length + 1, id);
  return key;
}
