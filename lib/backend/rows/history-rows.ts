/**
 * Values of history, move and journal rows (docs/data-format.md): a version octet, then the fields of conflict/domain-view.ts in order.
 */
import { must } from '../../base/assert.js';
import { ByteReader, ByteWriter } from '../../base/binary.js';
import type { Steps } from '../../base/steps.js';
import { encodeAhead, readValues, writeValues } from '../../change/attribute-codec.js';
import type { NamedRdn } from '../../change/change.js';
import {
  type ChangeHeader,
  decodeChange,
  encodeChange,
  encodeInSteps,
  readChangeHeader,
} from '../../change/change-codec.js';
import { UUID_BYTES, uuidFromBytes, writeUuid } from '../../change/entry-uuid.js';
import type {
  AttributeEffect,
  HistoryRow,
  JournalLine,
  MoveRow,
  RdnRegister,
} from '../../conflict/domain-view.js';
import { CSN_BYTES, type Csn, csnFromBytes, writeCsn } from '../../csn/csn.js';
import { ServerState } from '../../csn/server-state.js';
import { type OrderedStore, StoreError, type StoreRange } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { KeySpace } from './key-space.js';

const VERSION = 1;
/** Flags of a history row: it is void; it set the RDN; the RDN before was a respelling. */
const VOID = 1;
const RENAMES = 2;
const RESPELLED = 4;
/** In place of a move's effect: MoveRow.revoked; beside it: MoveRow.founding. */
const REVOKED = 2;
const FOUNDING = 4;

/** Journal kinds by number; only appended to. */
const JOURNAL_KINDS: readonly JournalLine['kind'][] = [
  'value-lost',
  'change-of-deleted-entry',
  'name-conflict',
  'orphan',
  'rename-lost',
  'move-lost',
  'move-loop',
  'schema-violation',
  'add-lost',
];

function open(bytes: Uint8Array, what: string): ByteReader {
  const reader = new ByteReader(bytes, (reason) => new StoreError('damaged', `${what}: ${reason}`));
  const version = reader.u8();
  if (version !== VERSION) reader.fail(`version ${version} is unknown`);
  return reader;
}

const readCsn = (reader: ByteReader): Csn => csnFromBytes(reader.raw(CSN_BYTES));

const scratch = new ByteWriter(1024);

/** The row of a change in an entry's history. */
export function encodeHistoryRow(row: HistoryRow): Uint8Array {
  scratch.reset();
  writeHistoryRow(scratch, row);
  return scratch.finish();
}

/** encodeHistoryRow() in steps, where changes name many values. */
export function* historyRowInSteps(row: HistoryRow): Steps<Uint8Array> {
  const { change, effects } = row;
  yield* encodeInSteps(change);
  for (const { removed, added } of effects) {
    yield* encodeAhead(removed);
    yield* encodeAhead(added);
  }
  scratch.reset();
  writeHistoryRow(scratch, row);
  return yield* scratch.finishInSteps();
}

function writeHistoryRow(out: ByteWriter, row: HistoryRow): void {
  out.u8(VERSION);
  const { rdnBefore } = row;
  const respelled = rdnBefore !== undefined && rdnBefore.since !== rdnBefore.csn;
  out.u8((row.void ? VOID : 0) | (rdnBefore === undefined ? 0 : RENAMES) | (respelled ? RESPELLED : 0));
  out.bytes(encodeChange(row.change));
  out.varint(row.effects.length);
  for (const { key, removed, added, nameBefore } of row.effects) {
    out.text(key);
    out.u8(nameBefore === undefined ? 0 : 1);
    if (nameBefore !== undefined) out.text(nameBefore);
    writeValues(out, removed);
    writeValues(out, added);
  }
  if (rdnBefore !== undefined) {
    writeCsn(out, rdnBefore.csn);
    out.varint(rdnBefore.rdn.avas.length);
    for (const { key, name, value, equality } of rdnBefore.rdn.avas) {
      out.text(key);
      out.text(name);
      out.text(equality);
      out.bytes(value);
    }
    if (respelled) writeCsn(out, rdnBefore.since);
  }
}

/** Throws StoreError damaged, ChangeFormatError. */
export function decodeHistoryRow(bytes: Uint8Array): HistoryRow {
  const reader = open(bytes, 'history row');
  const flags = reader.u8();
  const change = decodeChange(reader.bytes());
  const effects: AttributeEffect[] = [];
  for (let left = reader.count(1_000_000); left > 0; left--) {
    const key = reader.text() as AttributeKey;
    const nameBefore = reader.u8() === 0 ? undefined : reader.text();
    const removed = readValues(reader);
    const added = readValues(reader);
    effects.push({ key, removed, added, ...(nameBefore === undefined ? {} : { nameBefore }) });
  }
  const rdnBefore = (flags & RENAMES) === 0 ? undefined : readRegister(reader, (flags & RESPELLED) !== 0);
  reader.end();
  return { change, void: (flags & VOID) !== 0, effects, rdnBefore };
}

/** What a row says of its change before all else: which one it is, and what it knew. Throws StoreError damaged, ChangeFormatError. */
export function readHistoryHeader(bytes: Uint8Array): ChangeHeader {
  const reader = open(bytes, 'history row');
  reader.u8();
  return readChangeHeader(reader.bytes());
}

function readRegister(reader: ByteReader, respelled: boolean): RdnRegister {
  const csn = readCsn(reader);
  const rdn = readRdn(reader);
  return { csn, rdn, since: respelled ? readCsn(reader) : csn };
}

function readRdn(reader: ByteReader): NamedRdn {
  const avas = [];
  for (let left = reader.count(1000); left > 0; left--) {
    const [key, name, equality] = [reader.text() as AttributeKey, reader.text(), reader.text()];
    avas.push({ key, name, equality, value: reader.bytes() });
  }
  return { avas };
}

export function encodeMoveRow(move: MoveRow): Uint8Array {
  const out = new ByteWriter(128);
  out.u8(VERSION);
  const effect = move.revoked === true ? REVOKED : move.effective ? 1 : 0;
  out.u8(effect | (move.founding === true ? FOUNDING : 0));
  writeCsn(out, move.csn);
  for (const uuid of [move.entry, move.to, move.from]) writeUuid(out, uuid);
  writeCsn(out, move.fromCsn);
  out.bytes(move.seen.toBytes());
  return out.finish();
}

/** Throws StoreError damaged. */
export function decodeMoveRow(bytes: Uint8Array): MoveRow {
  const reader = open(bytes, 'move row');
  const effect = reader.u8();
  const effective = (effect & 1) !== 0;
  const csn = readCsn(reader);
  const uuid = () => uuidFromBytes(reader.raw(UUID_BYTES));
  const [entry, to, from] = [uuid(), uuid(), uuid()];
  const fromCsn = readCsn(reader);
  const seen = ServerState.fromBytes(reader.bytes());
  reader.end();
  const move = { csn, entry, to, from, fromCsn, effective, seen };
  return {
    ...move,
    ...((effect & FOUNDING) === 0 ? {} : { founding: true }),
    ...((effect & REVOKED) === 0 ? {} : { revoked: true }),
  };
}

export function encodeJournalLine(line: JournalLine): Uint8Array {
  const out = new ByteWriter(128);
  out.u8(VERSION);
  out.u8(JOURNAL_KINDS.indexOf(line.kind));
  const has = [line.winner, line.attribute, line.value].map((field) => field !== undefined);
  out.u8((has[0] ? 1 : 0) | (has[1] ? 2 : 0) | (has[2] ? 4 : 0));
  writeCsn(out, line.loser);
  writeUuid(out, line.entry);
  if (line.winner !== undefined) writeCsn(out, line.winner);
  if (line.attribute !== undefined) out.text(line.attribute);
  if (line.value !== undefined) out.bytes(line.value);
  return out.finish();
}

/** The key of a journal line: equal lines have equal keys. */
export function journalLineKey(keys: KeySpace, line: JournalLine): Uint8Array {
  return keys.journal(line.loser, line.entry, JOURNAL_KINDS.indexOf(line.kind), encodeJournalLine(line));
}

/** Throws StoreError damaged. */
export function decodeJournalLine(bytes: Uint8Array): JournalLine {
  const reader = open(bytes, 'journal row');
  const kind = JOURNAL_KINDS[reader.u8()];
  const has = reader.u8();
  const loser = readCsn(reader);
  const entry = uuidFromBytes(reader.raw(UUID_BYTES));
  const winner = (has & 1) === 0 ? undefined : readCsn(reader);
  const attribute = (has & 2) === 0 ? undefined : reader.text();
  const value = (has & 4) === 0 ? undefined : reader.bytes();
  if (kind === undefined) reader.fail('unknown kind');
  reader.end();
  return { loser, winner, entry, kind: must(kind, 'kind'), attribute, value };
}

/** CSN of the change whose row has this key (KeySpace.history()). */
export function csnOfHistoryKey(key: Uint8Array): Csn {
  return csnFromBytes(key, key.length - CSN_BYTES);
}

/** All rows of a range, ascending. Rejects with a StoreError. */
export async function readHistory(store: OrderedStore, range: StoreRange): Promise<readonly HistoryRow[]> {
  const history: HistoryRow[] = [];
  for await (const rows of store.scan(range))
    for (const { value } of rows) history.push(decodeHistoryRow(value));
  return history;
}
