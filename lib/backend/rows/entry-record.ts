/**
 * The binary record of one entry state (docs/data-format.md), and readers that decode only what is asked for.
 *
 * Layout: checksum u32 | version u8 | flags u16 | effective parent id 6 | uuid 16 | parent register 16 | created CSN 12 | offset of the
 * attributes u32 | RDN | stamps, registers, life, preserved facts | attributes. Facts equal to those of the add are left out and flagged.
 * Invariants: what encode() wrote, decodeState() gives back equal; a record that fails its checksum is never read as data.
 */

import { ByteReader, ByteWriter } from '../../base/binary.js';
import type { Steps } from '../../base/steps.js';
import type { NamedAva, NamedRdn, PreservedFacts } from '../../change/change.js';
import {
  type EntryState,
  isAlive,
  type LifeEvent,
  LOST_AND_FOUND_UUID,
  withAttributes,
} from '../../conflict/entry-state.js';
import { CSN_BYTES, type Csn, csnFromBytes, putCsn, writeCsn } from '../../csn/csn.js';
import type { Attribute } from '../../entry/entry.js';
import { StoreError } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId } from '../backend.js';
import { type AttributeLabel, type Dictionary, splitLabel } from './dictionary.js';
import { ID_BYTES, readId, readUuid, UUID_BYTES, writeId, writeUuid } from './key-space.js';
import { readAttribute, readAttributes, writeAttributes, writeLabel } from './record-attributes.js';
import { checksum32, checksumInSteps } from './value-hash.js';
import type { ValueRows } from './value-rows.js';

const VERSION = 1;
const AT_FLAGS = 5;
const AT_PARENT_ID = 7;
const AT_UUID = AT_PARENT_ID + ID_BYTES;
const AT_PARENT = AT_UUID + UUID_BYTES;
const AT_CREATED = AT_PARENT + UUID_BYTES;
const AT_ATTRIBUTES = AT_CREATED + CSN_BYTES;
const AT_REST = AT_ATTRIBUTES + 4;
/** Where the RDN register stands in a record. */
export const RDN_AT = AT_REST;

const ALIVE = 0x0001;
const CONFLICT = 0x0002;
const LOST = 0x0004;
const RDN_INSIDE = 0x0008;
const MODIFIED_LIKE_CREATED = 0x0010;
const PARENT_LIKE_CREATED = 0x0020;
const RDN_LIKE_CREATED = 0x0040;
const CLAIM_LIKE_CREATED = 0x0080;
const PRESERVED = 0x0100;
const HAS_LIFE = 0x0200;
const MERGED = 0x0400;
const IN_ROWS = 0x0800;
const RESPELLED = 0x1000;

const damaged = (reason: string): StoreError => new StoreError('damaged', `entry record: ${reason}`);

export const isAliveRecord = (record: Uint8Array): boolean => (flagsOf(record) & ALIVE) !== 0;
export const isConflictRecord = (record: Uint8Array): boolean => (flagsOf(record) & CONFLICT) !== 0;
export const isLostRecord = (record: Uint8Array): boolean => (flagsOf(record) & LOST) !== 0;
/** EntryState.merged. */
export const isMergedRecord = (record: Uint8Array): boolean => (flagsOf(record) & MERGED) !== 0;
/** The values of an attribute stand in rows of their own (value-rows.ts). */
export const isInRows = (record: Uint8Array): boolean => (flagsOf(record) & IN_ROWS) !== 0;
/** The values of the RDN stand among the attributes: nothing is to be materialized. */
export const isRdnInside = (record: Uint8Array): boolean => (flagsOf(record) & RDN_INSIDE) !== 0;
export const parentIdOf = (record: Uint8Array): EntryId => readId(record, AT_PARENT_ID);
/** Where the attributes of a record stand. */
export function attributesAt(record: Uint8Array): number {
  return (
    (record[AT_ATTRIBUTES] as number) * 0x1000000 +
    (((record[AT_ATTRIBUTES + 1] as number) << 16) |
      ((record[AT_ATTRIBUTES + 2] as number) << 8) |
      (record[AT_ATTRIBUTES + 3] as number))
  );
}

export const uuidOf = (record: Uint8Array) => readUuid(record, AT_UUID);

function flagsOf(record: Uint8Array): number {
  return ((record[AT_FLAGS] as number) << 8) | (record[AT_FLAGS + 1] as number);
}

/** The checksum that stands in a record. */
export function checksumOf(record: Uint8Array): number {
  return (
    (((record[0] as number) << 24) |
      ((record[1] as number) << 16) |
      ((record[2] as number) << 8) |
      (record[3] as number)) >>>
    0
  );
}

/** Whether a record has all its octets as they were written. */
export function isSound(record: Uint8Array): boolean {
  return record.length > AT_REST && checksumOf(record) === checksum32(record, 4);
}

/** isSound() in steps. */
export function* isSoundInSteps(record: Uint8Array): Steps<boolean> {
  return record.length > AT_REST && checksumOf(record) === (yield* checksumInSteps(record, 4));
}

/** Refuses a record that is damaged or of another version: StoreError damaged. Called once for each record read from the store. `sound`: whether isSound(), where that is known. */
export function checkRecord(record: Uint8Array, sound = isSound(record)): Uint8Array {
  if (record.length <= AT_REST) throw damaged('cut short');
  if (!sound) throw damaged('checksum differs');
  if (record[4] !== VERSION) throw damaged(`version ${record[4]} is unknown`);
  return record;
}

const writer = new ByteWriter(4096);
const headScratch = new Uint8Array(AT_REST);

/** Octets of a record from which on it is put together in steps. */
const LONG_RECORD = 1 << 18;

/** The record of a state. `parentId`: number of the effective parent. `rdnInside`: see isRdnInside(). */
export function encodeRecord(
  state: EntryState,
  parentId: EntryId,
  rdnInside: boolean,
  dictionary: Dictionary,
): Uint8Array {
  const facts = writeRecord(state, parentId, rdnInside, dictionary);
  const record = putFacts(writer.finish(), facts);
  return putChecksum(record, checksum32(record, 4));
}

/** encodeRecord() in steps, where it is long. */
export function* encodeRecordInSteps(
  state: EntryState,
  parentId: EntryId,
  rdnInside: boolean,
  dictionary: Dictionary,
): Steps<Uint8Array> {
  const facts = writeRecord(state, parentId, rdnInside, dictionary);
  if (writer.length < LONG_RECORD) {
    const record = putFacts(writer.finish(), facts);
    return putChecksum(record, checksum32(record, 4));
  }
  const record = putFacts(yield* writer.finishInSteps(), facts);
  return putChecksum(record, yield* checksumInSteps(record, 4));
}

/** What is known of a record when its attributes were written. */
interface RecordFacts {
  readonly attributesAt: number;
  /** With IN_ROWS where that is so. */
  readonly flags: number;
}

/** Puts what is known at the end alone into a record. */
function putFacts(record: Uint8Array, { attributesAt, flags }: RecordFacts): Uint8Array {
  record[AT_FLAGS] = flags >>> 8;
  new DataView(record.buffer, record.byteOffset).setUint32(AT_ATTRIBUTES, attributesAt);
  return record;
}

function putChecksum(record: Uint8Array, checksum: number): Uint8Array {
  new DataView(record.buffer, record.byteOffset).setUint32(0, checksum);
  return record;
}

/** Writes a record into `writer`. */
function writeRecord(
  state: EntryState,
  parentId: EntryId,
  rdnInside: boolean,
  dictionary: Dictionary,
): RecordFacts {
  const { created } = state;
  const likeCreated = state.modified.csn === created.csn && state.modified.by === created.by;
  let flags = 0;
  if (isAlive(state)) flags |= ALIVE;
  if (state.place.conflict) flags |= CONFLICT;
  if (state.place.parent === LOST_AND_FOUND_UUID && state.parent !== LOST_AND_FOUND_UUID) flags |= LOST;
  if (rdnInside) flags |= RDN_INSIDE;
  if (likeCreated) flags |= MODIFIED_LIKE_CREATED;
  if (state.parentCsn === created.csn) flags |= PARENT_LIKE_CREATED;
  if (state.rdnCsn === created.csn) flags |= RDN_LIKE_CREATED;
  if (state.claimCsn === created.csn) flags |= CLAIM_LIKE_CREATED;
  const preserved = preservedTexts(state.preserved);
  if (preserved.some((text) => text !== undefined)) flags |= PRESERVED;
  if (state.life.length > 0) flags |= HAS_LIFE;
  if (state.merged) flags |= MERGED;
  if (state.rdnSince !== state.rdnCsn) flags |= RESPELLED;
  const head = headScratch;
  head[4] = VERSION;
  head[AT_FLAGS] = flags >>> 8;
  head[AT_FLAGS + 1] = flags;
  writeId(head, AT_PARENT_ID, parentId);
  writeUuid(head, AT_UUID, state.uuid);
  writeUuid(head, AT_PARENT, state.parent);
  putCsn(head, AT_CREATED, created.csn);

  const out = writer;
  out.reset();
  out.raw(head);
  writeRdn(out, state.rdn, dictionary);
  out.text(created.by);
  if (!likeCreated) {
    writeCsn(out, state.modified.csn);
    out.text(state.modified.by);
  }
  if ((flags & PARENT_LIKE_CREATED) === 0) writeCsn(out, state.parentCsn);
  if ((flags & RDN_LIKE_CREATED) === 0) writeCsn(out, state.rdnCsn);
  if ((flags & CLAIM_LIKE_CREATED) === 0) writeCsn(out, state.claimCsn);
  if ((flags & HAS_LIFE) !== 0) writeLife(out, state.life);
  if ((flags & PRESERVED) !== 0) writePreserved(out, preserved);
  if ((flags & RESPELLED) !== 0) writeCsn(out, state.rdnSince);
  const attributesAt = out.length;
  if (writeAttributes(out, state.attributes, dictionary)) flags |= IN_ROWS;
  return { attributesAt, flags };
}

function preservedTexts(facts: PreservedFacts): (string | undefined)[] {
  return [facts.createTimestamp, facts.creatorsName, facts.modifyTimestamp, facts.modifiersName];
}

function writeLife(out: ByteWriter, life: readonly LifeEvent[]): void {
  out.varint(life.length);
  for (const event of life) {
    writeCsn(out, event.csn);
    out.u8(event.kind === 'delete' ? 0 : 1);
  }
}

function writePreserved(out: ByteWriter, texts: readonly (string | undefined)[]): void {
  for (const text of texts) {
    out.u8(text === undefined ? 0 : 1);
    if (text !== undefined) out.text(text);
  }
}

function writeRdn(out: ByteWriter, rdn: NamedRdn, dictionary: Dictionary): void {
  out.varint(rdn.avas.length);
  for (const ava of rdn.avas) {
    writeLabel(out, ava.key, ava.name, dictionary);
    const rule = dictionary.numberOf(ava.equality);
    out.varint(rule);
    if (rule === 0) out.text(ava.equality);
    out.bytes(ava.value);
  }
}

function readLabel(reader: ByteReader, dictionary: Dictionary): AttributeLabel {
  const number = reader.varint();
  return number === 0 ? splitLabel(reader.text()) : dictionary.attribute(number);
}

function readRdn(reader: ByteReader, dictionary: Dictionary): NamedRdn {
  const count = reader.count(1000);
  const avas: NamedAva[] = [];
  for (let i = 0; i < count; i++) {
    const { key, name } = readLabel(reader, dictionary);
    const rule = reader.varint();
    const equality = rule === 0 ? reader.text() : dictionary.text(rule);
    avas.push({ key, name, equality, value: reader.bytes() });
  }
  return { avas };
}

function readCsn(reader: ByteReader): Csn {
  return csnFromBytes(reader.raw(CSN_BYTES));
}

/** Everything but the attributes. The record was checked. */
export function decodeFacts(record: Uint8Array, dictionary: Dictionary): Omit<EntryState, 'attributes'> {
  const flags = flagsOf(record);
  const uuid = readUuid(record, AT_UUID);
  const parent = readUuid(record, AT_PARENT);
  const reader = new ByteReader(record, damaged);
  reader.raw(AT_CREATED);
  const createdCsn = readCsn(reader);
  reader.u32();
  const rdn = readRdn(reader, dictionary);
  const created = { csn: createdCsn, by: reader.text() };
  const modified =
    (flags & MODIFIED_LIKE_CREATED) !== 0 ? created : { csn: readCsn(reader), by: reader.text() };
  const parentCsn = (flags & PARENT_LIKE_CREATED) !== 0 ? createdCsn : readCsn(reader);
  const rdnCsn = (flags & RDN_LIKE_CREATED) !== 0 ? createdCsn : readCsn(reader);
  const claimCsn = (flags & CLAIM_LIKE_CREATED) !== 0 ? createdCsn : readCsn(reader);
  const life = (flags & HAS_LIFE) !== 0 ? readLife(reader) : [];
  const preserved = (flags & PRESERVED) !== 0 ? readPreserved(reader) : {};
  const rdnSince = (flags & RESPELLED) !== 0 ? readCsn(reader) : rdnCsn;
  const place = {
    parent: (flags & LOST) !== 0 ? LOST_AND_FOUND_UUID : parent,
    conflict: (flags & CONFLICT) !== 0,
  };
  const merged = (flags & MERGED) !== 0;
  return {
    uuid,
    created,
    modified,
    preserved,
    life,
    parent,
    parentCsn,
    rdn,
    rdnCsn,
    rdnSince,
    claimCsn,
    place,
    merged,
  };
}

function readLife(reader: ByteReader): LifeEvent[] {
  const count = reader.count(1_000_000, CSN_BYTES + 1);
  const life: LifeEvent[] = [];
  for (let i = 0; i < count; i++) {
    const csn = readCsn(reader);
    life.push({ csn, kind: reader.u8() === 0 ? 'delete' : 'undelete' });
  }
  return life;
}

function readPreserved(reader: ByteReader): PreservedFacts {
  const text = () => (reader.u8() === 0 ? undefined : reader.text());
  const [createTimestamp, creatorsName, modifyTimestamp, modifiersName] = [text(), text(), text(), text()];
  return {
    ...(createTimestamp === undefined ? {} : { createTimestamp }),
    ...(creatorsName === undefined ? {} : { creatorsName }),
    ...(modifyTimestamp === undefined ? {} : { modifyTimestamp }),
    ...(modifiersName === undefined ? {} : { modifiersName }),
  };
}

/** The RDN register alone. The record was checked. */
export function decodeRdn(record: Uint8Array, dictionary: Dictionary): NamedRdn {
  const reader = new ByteReader(record, damaged);
  reader.raw(AT_REST);
  return readRdn(reader, dictionary);
}

/** A whole state; its values are views of the record. The record was checked. `rows`: for a record of a snapshot, those of the snapshot. */
export function decodeState(
  record: Uint8Array,
  dictionary: Dictionary,
  rows: ValueRows | undefined = dictionary.values,
): EntryState {
  return withAttributes(decodeFacts(record, dictionary), decodeAttributes(record, dictionary, rows));
}

/** decodeState() that throws StoreError damaged too where values that stand in rows cannot be read. */
export function decodeWhole(record: Uint8Array, dictionary: Dictionary): EntryState {
  const state = decodeState(record, dictionary);
  for (const attribute of state.attributes.values()) if (attribute.many !== undefined) void attribute.values;
  return state;
}

/** All attributes; values are views of the record, or read from `rows` when they are asked for. */
export function decodeAttributes(
  record: Uint8Array,
  dictionary: Dictionary,
  rows: ValueRows | undefined = dictionary.values,
): Map<AttributeKey, Attribute> {
  return readAttributes(record, attributesAt(record), dictionary, rows);
}

/** One attribute, or undefined; the others are skipped. */
export function decodeAttribute(
  record: Uint8Array,
  dictionary: Dictionary,
  key: AttributeKey,
): Attribute | undefined {
  return readAttribute(record, attributesAt(record), dictionary, key);
}
