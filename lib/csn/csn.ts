/**
 * Change sequence numbers: (time, sequence, replica), the order in which the model executes changes (replication-model.md section 2).
 *
 * A Csn is its own text: 24 lower-case hex digits = 48 bits of ms since the epoch, 32 bits of sequence, 16 bits of replica id, so that
 * string order, byte order and CSN order are one. Owns the form only; csn-generator.ts makes them.
 */
import { assert } from '../base/assert.js';
import type { ByteWriter } from '../base/binary.js';
import { readHex, toHexPart, writeHex } from '../base/bytes.js';

export type Csn = string & { readonly __brand: 'Csn' };
/** 1..65535, unique in a topology. */
export type ReplicaId = number & { readonly __brand: 'ReplicaId' };

/** Octets of a CSN in binary form. */
export const CSN_BYTES = 12;
export const MAX_CSN_TIME_MS = 2 ** 48 - 1;
export const MAX_CSN_SEQUENCE = 2 ** 32 - 1;
export const MAX_REPLICA_ID = 65_535;
/** Older than every CSN that a replica can issue. */
export const ZERO_CSN = '0'.repeat(24) as Csn;

/** A number as replica id, or undefined when out of 1..65535. */
export function toReplicaId(id: number): ReplicaId | undefined {
  return Number.isInteger(id) && id >= 1 && id <= MAX_REPLICA_ID ? (id as ReplicaId) : undefined;
}

/** Builds a CSN from its parts; asserts their bounds. */
export function makeCsn(timeMs: number, sequence: number, replica: ReplicaId): Csn {
  assert(Number.isInteger(timeMs) && timeMs >= 0 && timeMs <= MAX_CSN_TIME_MS, 'CSN time out of range');
  assert(
    Number.isInteger(sequence) && sequence >= 0 && sequence <= MAX_CSN_SEQUENCE,
    'CSN sequence out of range',
  );
  if (timeMs !== lastTime.ms) lastTime = { ms: timeMs, text: hex(timeMs, 12) };
  // In halves: to write small numbers is several times faster.
  return (lastTime.text + hex(sequence >>> 16, 4) + hex(sequence & 0xffff, 4) + hex(replica, 4)) as Csn;
}

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');
/** Many CSNs are made within one millisecond. */
let lastTime = { ms: 0, text: hex(0, 12) };

/** The CSN that `text` writes, or undefined. */
export function parseCsn(text: string): Csn | undefined {
  return /^[0-9a-f]{24}$/.test(text) && text !== ZERO_CSN ? (text as Csn) : undefined;
}

/** Milliseconds since the epoch. */
export function csnTimeMs(csn: Csn): number {
  return readHex(csn, 0, 12);
}

export function csnSequence(csn: Csn): number {
  return readHex(csn, 12, 8);
}

/** The replica that made the change. */
export function csnReplica(csn: Csn): ReplicaId {
  return readHex(csn, 20, 4) as ReplicaId;
}

/** Order of execution: negative, zero, positive. */
export function compareCsn(a: Csn, b: Csn): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The one that is executed last. CSNs are texts: their order is that of characters. */
export function laterCsn(a: Csn, b: Csn): Csn {
  if (a > b) return a;
  return b;
}

/** 12 octets whose byte order is CSN order. */
export function csnToBytes(csn: Csn): Uint8Array {
  const bytes = new Uint8Array(CSN_BYTES);
  putCsn(bytes, 0, csn);
  return bytes;
}

/** Puts the 12 octets of a CSN at `at`. */
export function putCsn(bytes: Uint8Array, at: number, csn: Csn): void {
  assert(csn.length === 2 * CSN_BYTES && writeHex(bytes, at, csn, 0, CSN_BYTES), 'malformed CSN');
}

/** Writes the 12 octets of a CSN. */
export function writeCsn(writer: ByteWriter, csn: Csn): void {
  assert(csn.length === 2 * CSN_BYTES, 'malformed CSN');
  writer.hex(csn, 0, CSN_BYTES);
}

/** The CSN in 12 octets at `offset`. The caller has checked the length. */
export function csnFromBytes(bytes: Uint8Array, offset = 0): Csn {
  assert(bytes.length >= offset + CSN_BYTES, 'CSN cut short');
  return toHexPart(bytes, offset, offset + CSN_BYTES) as Csn;
}
