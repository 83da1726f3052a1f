/**
 * The list of a LevelDB database's tables (its file MANIFEST): a log of edits, each of which adds tables to levels or takes some away.
 *
 * Owns the octets of both: records in blocks of 32 KiB with a checksum each (doc/log_format.md), and the edits in them (db/version_edit.cc). What no one here
 * needs of an edit is passed over.
 */
import { compareBytes, concatBytes } from '../../base/bytes.js';
import { StoreError } from '../../port/ordered-store.js';
import { crc32c, maskedCrc } from './crc32c.js';
import { putFixed32, putVarint } from './level-numbers.js';
import { KEY_TRAILER } from './table-builder.js';

/** Levels of a database. */
export const LEVELS = 7;

const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;
const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

const COMPARATOR = 1;
const LOG_NUMBER = 2;
const NEXT_FILE = 3;
const LAST_SEQUENCE = 4;
const COMPACT_POINTER = 5;
const DELETED_FILE = 6;
const NEW_FILE = 7;
const PREVIOUS_LOG = 9;

/** A table that an edit adds. Keys are those of tables, with their trailers. */
export interface ListedTable {
  readonly level: number;
  readonly number: number;
  readonly bytes: number;
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
}

/** What a manifest comes to. */
export interface TableList {
  readonly tables: readonly ListedTable[];
  /** Files made later have this number or a higher one. */
  readonly nextFile: number;
}

const damaged = (reason: string): StoreError => new StoreError('damaged', `the list of tables: ${reason}`);

/** Reads a whole manifest. Throws StoreError damaged. */
export function readManifest(octets: Uint8Array): TableList {
  const tables = new Map<string, ListedTable>();
  let nextFile = 0;
  for (const record of records(octets)) {
    const edit = new EditReader(record);
    while (edit.left > 0) {
      const tag = edit.varint();
      if (tag === COMPARATOR) edit.octets();
      else if (tag === LOG_NUMBER || tag === LAST_SEQUENCE || tag === PREVIOUS_LOG) edit.varint();
      else if (tag === NEXT_FILE) nextFile = edit.varint();
      else if (tag === COMPACT_POINTER) {
        edit.varint();
        edit.octets();
      } else if (tag === DELETED_FILE) tables.delete(`${edit.varint()} ${edit.varint()}`);
      else if (tag === NEW_FILE) {
        const [level, number, bytes] = [edit.varint(), edit.varint(), edit.varint()];
        tables.set(`${level} ${number}`, {
          level,
          number,
          bytes,
          smallest: edit.octets(),
          largest: edit.octets(),
        });
      } else throw damaged(`an edit has the unknown part ${tag}`);
    }
  }
  return { tables: [...tables.values()], nextFile };
}

/** The octets that add tables, to be put behind a manifest of `length` octets. */
export function tablesAdded(list: TableList, length: number): Uint8Array {
  let needed = 32;
  for (const { smallest, largest } of list.tables) needed += 40 + smallest.length + largest.length;
  const edit = new Uint8Array(needed);
  let at = putVarint(edit, 0, NEXT_FILE);
  at = putVarint(edit, at, list.nextFile);
  const put = (octets: Uint8Array) => {
    at = putVarint(edit, at, octets.length);
    edit.set(octets, at);
    at += octets.length;
  };
  for (const { level, number, bytes, smallest, largest } of list.tables) {
    at = putVarint(edit, at, NEW_FILE);
    at = putVarint(edit, at, level);
    at = putVarint(edit, at, number);
    at = putVarint(edit, at, bytes);
    put(smallest);
    put(largest);
  }
  return framed(edit.subarray(0, at), length);
}

/** The order of two keys as they stand in tables, without their trailers: with them, "a" would stand behind "a" with a zero. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a.subarray(0, a.length - KEY_TRAILER), b.subarray(0, b.length - KEY_TRAILER));
}

/** Whether no table of a level has keys between these, both included. */
export function isFree(
  tables: readonly ListedTable[],
  level: number,
  from: Uint8Array,
  to: Uint8Array,
): boolean {
  return tables.every(
    (table) =>
      table.level !== level || compareKeys(table.largest, from) < 0 || compareKeys(table.smallest, to) > 0,
  );
}

/** A record as it stands in a log that has `length` octets before it. */
function framed(record: Uint8Array, length: number): Uint8Array {
  const parts = Math.ceil(record.length / (BLOCK_BYTES - HEADER_BYTES)) + 2;
  const out = new Uint8Array(record.length + parts * 2 * HEADER_BYTES);
  let at = 0;
  let from = 0;
  do {
    let room = BLOCK_BYTES - ((length + at) % BLOCK_BYTES);
    if (room < HEADER_BYTES) {
      // Zeroes fill what no header has room in.
      at += room;
      room = BLOCK_BYTES;
    }
    const size = Math.min(record.length - from, room - HEADER_BYTES);
    const ends = from + size === record.length;
    const type = from === 0 ? (ends ? FULL : FIRST) : ends ? LAST : MIDDLE;
    out[at + 4] = size;
    out[at + 5] = size >>> 8;
    out[at + 6] = type;
    out.set(record.subarray(from, from + size), at + HEADER_BYTES);
    const end = at + HEADER_BYTES + size;
    // The checksum is of the type and what follows it.
    putFixed32(out, at, maskedCrc(crc32c(out, at + 6, end)));
    at = end;
    from += size;
  } while (from < record.length);
  return out.subarray(0, at);
}

/** The records of a log. */
function* records(octets: Uint8Array): Iterable<Uint8Array> {
  let parts: Uint8Array[] = [];
  for (let at = 0; at < octets.length; ) {
    const room = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (room < HEADER_BYTES) {
      at += room;
      continue;
    }
    const size = (octets[at + 4] as number) | ((octets[at + 5] as number) << 8);
    const type = octets[at + 6];
    const end = at + HEADER_BYTES + size;
    if (size > room - HEADER_BYTES || end > octets.length) throw damaged('a record is cut short');
    const crc = maskedCrc(crc32c(octets, at + 6, end));
    if (new DataView(octets.buffer, octets.byteOffset + at).getUint32(0, true) !== crc)
      throw damaged('a checksum differs');
    if (type === FULL || type === FIRST) parts = [];
    parts.push(octets.subarray(at + HEADER_BYTES, end));
    if (type === FULL || type === LAST)
      yield parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts);
    at = end;
  }
}

/** Reads forward through one edit. */
class EditReader {
  readonly #octets: Uint8Array;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  get left(): number {
    return this.#octets.length - this.#at;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const octet = this.#octets[this.#at++];
      if (octet === undefined) throw damaged('an edit is cut short');
      value += (octet & 0x7f) * factor;
      if (octet < 0x80) return value;
    }
  }

  octets(): Uint8Array {
    const length = this.varint();
    if (length > this.left) throw damaged('an edit is cut short');
    this.#at += length;
    return this.#octets.slice(this.#at - length, this.#at);
  }
}
