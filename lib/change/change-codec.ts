/**
 * A change as bytes: what is logged, sent and stored in history rows. Version 1.
 *
 *   header  version u8 | csn 12 | previous: 0, or 1 and 12 | seen: count, 12 each by rising replica id | entry UUID 16
 *   body    initiator text | kind u8 | by kind
 *
 * Brokers read the header alone. Decoding trusts nothing: every field is bounded and checked, one change has one encoding, and the only error is
 * ChangeFormatError. A decoded change keeps no memory but its own record's.
 */
import { assert, unreachable } from '../base/assert.js';
import { ByteReader, ByteWriter } from '../base/binary.js';
import { Carver } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { Steps } from '../base/steps.js';
import { CSN_BYTES, type Csn, csnFromBytes, csnReplica, writeCsn, ZERO_CSN } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import { equalityRule } from '../schema/equality-rules.js';
import {
  encodeAhead,
  readAttributeHead,
  readRule,
  readValues,
  writeAttributeHead,
  writeRule,
  writeValues,
} from './attribute-codec.js';
import {
  type AddedAttribute,
  type AttributeChange,
  type Change,
  type ChangeBody,
  type EncodedChange,
  type EntryUuid,
  type NamedAva,
  type NamedRdn,
  type PreservedFacts,
  ROOT_UUID,
} from './change.js';
import { UUID_BYTES, uuidFromBytes, writeUuid } from './entry-uuid.js';

const VERSION = 1;
const KINDS: readonly ChangeBody['kind'][] = ['add', 'modify', 'modifyDn', 'delete', 'undelete'];
const PRESERVED = ['createTimestamp', 'creatorsName', 'modifyTimestamp', 'modifiersName'] as const;
/** Flags of an attribute change. */
const SINGLE = 1;
const CLEAR = 2;
const REMOVE = 4;
const ADD = 8;
const INCREMENT = 16;
/** Flags of a modifyDn. */
const NEW_PARENT = 1;
const NEW_RDN = 2;

/** Bytes that are no change of a version that we read. */
export class ChangeFormatError extends Error {
  override readonly name = 'ChangeFormatError';
}

/** What brokers and the changelog need to know of a change. */
export interface ChangeHeader {
  readonly csn: Csn;
  readonly previous: Csn | undefined;
  readonly seen: ServerState;
  readonly entry: EntryUuid;
}

/** Changes are kept in memory for the peers that will ask for them. */
const carver = new Carver();
const scratch = new ByteWriter(1024);
/** Bytes of changes that were encoded or decoded: the record in the log and the history row of a change, which is written again when its effects change, hold the same. */
const known = new WeakMap<Change, Uint8Array>();

/** The bytes of a change, not to be written to. Asserts what decodeChange would refuse, so that no origin publishes what its peers cannot read. */
export function encodeChange(change: Change): Uint8Array {
  const before = known.get(change);
  if (before !== undefined) return before;
  scratch.reset();
  write(scratch, change);
  const bytes = scratch.finish(carver);
  known.set(change, bytes);
  return bytes;
}

/** encodeChange() in steps, for a change of many values. */
export function* encodeInSteps(change: Change): Steps<Uint8Array> {
  const before = known.get(change);
  if (before !== undefined) return before;
  for (const values of valueLists(change.body)) yield* encodeAhead(values);
  scratch.reset();
  write(scratch, change);
  const bytes = yield* scratch.finishInSteps();
  known.set(change, bytes);
  return bytes;
}

/** The lists of values that a change names. */
export function valueLists(body: ChangeBody): readonly (readonly Uint8Array[])[] {
  const lists: (readonly Uint8Array[])[] = [];
  if (body.kind === 'add') for (const { values } of body.attributes) lists.push(values);
  else if (body.kind === 'modify' || body.kind === 'modifyDn')
    for (const { remove, add } of body.attributes) lists.push(remove, add);
  return lists;
}

function write(writer: ByteWriter, change: Change): void {
  writer.u8(VERSION);
  writeCsn(writer, change.csn);
  if (change.previous === undefined) writer.u8(0);
  else {
    assert(previousFits(change.csn, change.previous), 'previous CSN is not an older one of the same replica');
    writer.u8(1);
    writeCsn(writer, change.previous);
  }
  assert(change.seen.get(csnReplica(change.csn)) === undefined, 'seen names the origin of the change');
  writer.varint(change.seen.size);
  change.seen.write(writer);
  assert(change.entry !== ROOT_UUID, 'the root is no entry');
  writeUuid(writer, change.entry);
  writer.text(change.initiator);
  writer.u8(KINDS.indexOf(change.body.kind));
  writeBody(writer, change.body);
}

/** A change with its bytes, as the changelog takes it. */
export function toEncodedChange(change: Change): EncodedChange {
  return { csn: change.csn, previous: change.previous, bytes: encodeChange(change) };
}

/** The header of encoded bytes; the body is not looked at. Throws ChangeFormatError. */
export function readChangeHeader(bytes: Uint8Array): ChangeHeader {
  return readHeader(readerOf(bytes));
}

/** The change that `bytes` hold, all of them. Throws ChangeFormatError. */
export function decodeChange(bytes: Uint8Array): Change {
  // A small record must not keep the frame alive that it came in.
  const own = bytes.buffer.byteLength > 2 * bytes.length + 1024 ? bytes.slice() : bytes;
  const reader = readerOf(own);
  const header = readHeader(reader);
  const initiator = reader.text(LIMITS.dnBytes);
  const kind = KINDS[reader.u8()] ?? reader.fail('unknown kind of change');
  const body = readBody(reader, kind);
  reader.end();
  const { csn, previous, seen, entry } = header;
  const change: Change = { csn, previous, seen, entry, initiator, body };
  known.set(change, own);
  return change;
}

function readerOf(bytes: Uint8Array): ByteReader {
  return new ByteReader(bytes, (reason) => new ChangeFormatError(`malformed change: ${reason}`));
}

function previousFits(csn: Csn, previous: Csn): boolean {
  return previous < csn && csnReplica(previous) === csnReplica(csn);
}

function readCsn(reader: ByteReader): Csn {
  const csn = csnFromBytes(reader.raw(CSN_BYTES));
  if (csn === ZERO_CSN || csnReplica(csn) === 0) reader.fail('CSN names no replica');
  return csn;
}

function readUuid(reader: ByteReader): EntryUuid {
  return uuidFromBytes(reader.raw(UUID_BYTES));
}

function readHeader(reader: ByteReader): ChangeHeader {
  if (reader.u8() !== VERSION) reader.fail('written by another version of the format');
  const csn = readCsn(reader);
  const hasPrevious = reader.u8();
  if (hasPrevious > 1) reader.fail('malformed flag');
  const previous = hasPrevious === 1 ? readCsn(reader) : undefined;
  if (previous !== undefined && !previousFits(csn, previous)) {
    reader.fail('previous CSN is not an older one of the same replica');
  }
  const seen = readSeen(reader, csn);
  const entry = readUuid(reader);
  if (entry === ROOT_UUID) reader.fail('the root is no entry');
  return { csn, previous, seen, entry };
}

function readSeen(reader: ByteReader, csn: Csn): ServerState {
  const count = reader.count(LIMITS.replicas, CSN_BYTES);
  const csns: Csn[] = [];
  let last = 0;
  for (let i = 0; i < count; i++) {
    const seen = readCsn(reader);
    const replica = csnReplica(seen);
    if (replica <= last) reader.fail('seen is not in order');
    if (replica === csnReplica(csn)) reader.fail('seen names the origin of the change');
    last = replica;
    csns.push(seen);
  }
  return ServerState.of(csns);
}

function writeBody(writer: ByteWriter, body: ChangeBody): void {
  switch (body.kind) {
    case 'add':
      writeUuid(writer, body.parent);
      writeRdn(writer, body.rdn);
      writer.varint(body.attributes.length);
      assertDistinct(body.attributes);
      for (const attribute of body.attributes) {
        assert(attribute.values.length > 0, 'an added attribute has a value');
        writeAttributeHead(writer, attribute);
        writeValues(writer, attribute.values);
      }
      writePreserved(writer, body.preserved);
      return;
    case 'modify':
      writeAttributeChanges(writer, body.attributes);
      return;
    case 'modifyDn':
      assert(body.parent !== undefined || body.rdn !== undefined, 'a modifyDn changes the parent or the RDN');
      writer.u8((body.parent === undefined ? 0 : NEW_PARENT) | (body.rdn === undefined ? 0 : NEW_RDN));
      if (body.parent !== undefined) writeUuid(writer, body.parent);
      if (body.rdn !== undefined) writeRdn(writer, body.rdn);
      writeAttributeChanges(writer, body.attributes);
      return;
    case 'delete':
    case 'undelete':
      return;
    default:
      unreachable(body);
  }
}

function readBody(reader: ByteReader, kind: ChangeBody['kind']): ChangeBody {
  switch (kind) {
    case 'add': {
      const parent = readUuid(reader);
      const rdn = readRdn(reader);
      const attributes = readAddedAttributes(reader);
      const preserved = readPreserved(reader);
      return preserved === undefined
        ? { kind, parent, rdn, attributes }
        : { kind, parent, rdn, attributes, preserved };
    }
    case 'modify':
      return { kind, attributes: readAttributeChanges(reader) };
    case 'modifyDn': {
      const flags = reader.u8();
      if (flags < 1 || flags > 3) reader.fail('malformed flags of a modifyDn');
      const parent = flags & NEW_PARENT ? readUuid(reader) : undefined;
      const rdn = flags & NEW_RDN ? readRdn(reader) : undefined;
      return { kind, parent, rdn, attributes: readAttributeChanges(reader) };
    }
    case 'delete':
    case 'undelete':
      return { kind };
    default:
      return unreachable(kind);
  }
}

function writeRdn(writer: ByteWriter, rdn: NamedRdn): void {
  assert(rdn.avas.length > 0, 'an RDN has a part');
  writer.varint(rdn.avas.length);
  for (const ava of rdn.avas) {
    writeAttributeHead(writer, ava);
    writeRule(writer, ava.equality);
    writer.bytes(ava.value);
  }
}

function readRdn(reader: ByteReader): NamedRdn {
  const count = reader.count(LIMITS.rdnValues, 4);
  if (count === 0) reader.fail('RDN without a part');
  const avas: NamedAva[] = [];
  for (let i = 0; i < count; i++) {
    const { key, name } = readAttributeHead(reader);
    const equality = readKnownRule(reader);
    avas.push({ key, name, value: reader.bytes(LIMITS.dnBytes), equality });
  }
  return { avas };
}

/** A rule that we lack would fold otherwise here than at the origin: such a change must wait for our upgrade. */
function readKnownRule(reader: ByteReader): string {
  const name = readRule(reader);
  if (equalityRule(name) === undefined) reader.fail(`unknown equality rule ${JSON.stringify(name)}`);
  return name;
}

function readAddedAttributes(reader: ByteReader): AddedAttribute[] {
  const count = reader.count(LIMITS.attributesPerEntry, 4);
  const attributes: AddedAttribute[] = [];
  for (let i = 0; i < count; i++) {
    const { key, name } = readAttributeHead(reader);
    const values = readValues(reader);
    if (values.length === 0) reader.fail(`attribute ${key} without a value`);
    attributes.push({ key, name, values });
  }
  if (!distinct(attributes)) reader.fail('an attribute twice');
  return attributes;
}

function writePreserved(writer: ByteWriter, preserved: PreservedFacts | undefined): void {
  let flags = 0;
  PRESERVED.forEach((fact, i) => {
    if (preserved?.[fact] !== undefined) flags |= 1 << i;
  });
  writer.u8(flags);
  for (const fact of PRESERVED) {
    const text = preserved?.[fact];
    if (text !== undefined) writer.text(text);
  }
}

function readPreserved(reader: ByteReader): PreservedFacts | undefined {
  const flags = reader.u8();
  if (flags >= 1 << PRESERVED.length) reader.fail('malformed flags of preserved facts');
  if (flags === 0) return undefined;
  const preserved: { -readonly [F in keyof PreservedFacts]: PreservedFacts[F] } = {};
  PRESERVED.forEach((fact, i) => {
    if (flags & (1 << i)) preserved[fact] = reader.text(LIMITS.dnBytes);
  });
  return preserved;
}

function writeAttributeChanges(writer: ByteWriter, changes: readonly AttributeChange[]): void {
  assertDistinct(changes);
  writer.varint(changes.length);
  for (const change of changes) {
    writeAttributeHead(writer, change);
    writeRule(writer, change.equality);
    writer.u8(
      (change.single ? SINGLE : 0) |
        (change.clear ? CLEAR : 0) |
        (change.remove.length > 0 ? REMOVE : 0) |
        (change.add.length > 0 ? ADD : 0) |
        (change.increment !== 0n ? INCREMENT : 0),
    );
    if (change.remove.length > 0) writeValues(writer, change.remove);
    if (change.add.length > 0) writeValues(writer, change.add);
    if (change.increment !== 0n) {
      const text = change.increment.toString();
      assert(text.length <= LIMITS.integerDigits, 'increment beyond the bound of integerDigits');
      writer.text(text);
    }
  }
}

function readAttributeChanges(reader: ByteReader): AttributeChange[] {
  const count = reader.count(LIMITS.attributesPerEntry, 4);
  const changes: AttributeChange[] = [];
  for (let i = 0; i < count; i++) {
    const { key, name } = readAttributeHead(reader);
    const equality = readKnownRule(reader);
    const flags = reader.u8();
    if (flags >= 2 * INCREMENT) reader.fail('malformed flags of an attribute change');
    changes.push({
      key,
      name,
      equality,
      single: (flags & SINGLE) !== 0,
      clear: (flags & CLEAR) !== 0,
      remove: flags & REMOVE ? readSomeValues(reader) : [],
      add: flags & ADD ? readSomeValues(reader) : [],
      increment: flags & INCREMENT ? readIncrement(reader) : 0n,
    });
  }
  if (!distinct(changes)) reader.fail('an attribute twice');
  return changes;
}

function readSomeValues(reader: ByteReader): Uint8Array[] {
  const values = readValues(reader);
  if (values.length === 0) reader.fail('empty list of values');
  return values;
}

function readIncrement(reader: ByteReader): bigint {
  const text = reader.text(LIMITS.integerDigits);
  if (!/^-?[1-9][0-9]*$/.test(text)) reader.fail('malformed increment');
  return BigInt(text);
}

function distinct(attributes: readonly { readonly key: string }[]): boolean {
  return attributes.length < 2 || new Set(attributes.map(({ key }) => key)).size === attributes.length;
}

function assertDistinct(attributes: readonly { readonly key: string }[]): void {
  assert(attributes.length <= LIMITS.attributesPerEntry, 'too many attributes in one change');
  assert(distinct(attributes), 'a change names each attribute once');
}
