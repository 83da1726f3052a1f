/** Rows of change numbers (change-numbers.ts): how numbers, changes and what was counted stand in the store. */
import { ByteReader, ByteWriter } from '../base/binary.js';
import { carveBytes } from '../base/bytes.js';
import { CSN_BYTES, type Csn, csnFromBytes, putCsn, writeCsn } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import { StoreError } from '../port/ordered-store.js';

export const NUMBER_BYTES = 6;

/** A change and its number. */
export interface NumberedChange {
  readonly number: number;
  readonly domain: number;
  readonly csn: Csn;
}

/** The row of a number. */
export function encodeRow(domain: number, csn: Csn): Uint8Array {
  const value = carveBytes(2 + CSN_BYTES);
  value[0] = domain >>> 8;
  value[1] = domain;
  putCsn(value, 2, csn);
  return value;
}

/** The inverse of decodeFacts(). */
export function encodeFacts({ last, newest, numbered, counts }: NumberFacts): Uint8Array {
  const writer = new ByteWriter(256);
  writer.varint(last);
  writeCsn(writer, newest);
  writer.varint(numbered.size);
  for (const [domain, state] of numbered) {
    writer.varint(domain);
    writer.bytes(state.toBytes());
  }
  writer.varint(counts.size);
  for (const [domain, count] of counts) {
    writer.varint(domain);
    writer.varint(count);
  }
  return writer.finish();
}

/** What was numbered so far. Maps are by the number of a domain in the store. */
export interface NumberFacts {
  readonly last: number;
  readonly newest: Csn;
  readonly numbered: ReadonlyMap<number, ServerState>;
  readonly counts: ReadonlyMap<number, number>;
}

/** Rows of before the counts were kept give all to the domain `first`: the sum is what counts. Throws StoreError. */
export function decodeFacts(bytes: Uint8Array, first: number): NumberFacts {
  const reader = new ByteReader(bytes, (reason) => new StoreError('damaged', `change numbers: ${reason}`));
  const last = reader.varint();
  const newest = csnFromBytes(reader.raw(CSN_BYTES));
  const numbered = new Map<number, ServerState>();
  for (let left = reader.count(65_536, 2); left > 0; left--)
    numbered.set(reader.varint(), ServerState.fromBytes(reader.bytes()));
  const counts = new Map<number, number>();
  if (reader.left === 0) counts.set(first, last);
  else
    for (let left = reader.count(65_536, 2); left > 0; left--) counts.set(reader.varint(), reader.varint());
  return { last, newest, numbered, counts };
}

/** Key part of a domain. */
export function domainBytes(domain: number): Uint8Array {
  return Uint8Array.of(domain >>> 8, domain);
}

/** Key part of a number. */
export function numberBytes(number: number): Uint8Array {
  const bytes = carveBytes(NUMBER_BYTES);
  putNumber(bytes, 0, number);
  return bytes;
}

/** Puts a number at its place: big-endian, so that rows sort by it. */
export function putNumber(bytes: Uint8Array, at: number, number: number): void {
  let rest = number;
  for (let i = at + NUMBER_BYTES - 1; i >= at; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** The number at this place. */
export function readNumber(bytes: Uint8Array, at: number): number {
  let number = 0;
  for (let i = 0; i < NUMBER_BYTES; i++) number = number * 256 + (bytes[at + i] ?? 0);
  return number;
}

/** Key part of a change that came late. */
export function lateKey(csn: Csn, domain: number): Uint8Array {
  const key = carveBytes(CSN_BYTES + 2);
  putCsn(key, 0, csn);
  key[CSN_BYTES] = domain >>> 8;
  key[CSN_BYTES + 1] = domain;
  return key;
}

/** What a change that came late keeps: its number, and the newest CSN that had one before it. */
export function lateRow(number: number, newest: Csn): Uint8Array {
  const row = carveBytes(NUMBER_BYTES + CSN_BYTES);
  putNumber(row, 0, number);
  putCsn(row, NUMBER_BYTES, newest);
  return row;
}

/** The newest CSN that had a number before a change that came late; undefined in a row of an older version. */
export function readLate(row: Uint8Array): Csn | undefined {
  return row.length < NUMBER_BYTES + CSN_BYTES ? undefined : csnFromBytes(row, NUMBER_BYTES);
}

/** The change that has a number. Throws StoreError. */
export function decodeRow(number: number, value: Uint8Array): NumberedChange {
  if (value.length !== 2 + CSN_BYTES) throw new StoreError('damaged', `change number ${number} is cut short`);
  return { number, domain: (value[0] as number) * 256 + (value[1] as number), csn: csnFromBytes(value, 2) };
}
