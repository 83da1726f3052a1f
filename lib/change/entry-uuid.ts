/**
 * Entry UUIDs (RFC 4122, RFC 4530): text as entryUUID shows it, 16 octets in records and keys. New ones are version 4, made from random octets
 * that the caller brings. Text is lower case, so equal UUIDs are equal strings.
 */
import { assert } from '../base/assert.js';
import type { ByteWriter } from '../base/binary.js';
import { toHexPart, writeHex } from '../base/bytes.js';
import type { EntryUuid } from './change.js';

/** Octets of a UUID in binary form. */
export const UUID_BYTES = 16;
const TEXT_LENGTH = 36;
/** Groups of digits in the text: first character, octets. */
const GROUPS = [
  [0, 4],
  [9, 2],
  [14, 2],
  [19, 2],
  [24, 6],
] as const;

/** The UUID that `text` writes, in lower case; undefined where it is none. */
export function parseUuid(text: string): EntryUuid | undefined {
  if (text.length !== 36) return undefined;
  for (let i = 0; i < 36; i++) {
    const c = text.charCodeAt(i);
    const dash = i === 8 || i === 13 || i === 18 || i === 23;
    const digit = (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);
    if (dash ? c !== 0x2d : !digit) return undefined;
  }
  return text.toLowerCase() as EntryUuid;
}

/** A new UUID of version 4 from 16 random octets, which are left as they are. */
export function uuidFromRandom(random: Uint8Array): EntryUuid {
  assert(random.length === UUID_BYTES, 'a UUID is made of 16 random octets');
  const bytes = random.slice();
  bytes[6] = ((random[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((random[8] as number) & 0x3f) | 0x80;
  return uuidFromBytes(bytes);
}

/** 16 octets of a UUID. */
export function uuidToBytes(uuid: EntryUuid): Uint8Array {
  const bytes = new Uint8Array(UUID_BYTES);
  let at = 0;
  for (const [from, count] of GROUPS) {
    assert(uuid.length === TEXT_LENGTH && writeHex(bytes, at, uuid, from, count), 'malformed UUID');
    at += count;
  }
  return bytes;
}

/** Writes the 16 octets of a UUID. */
export function writeUuid(writer: ByteWriter, uuid: EntryUuid): void {
  assert(uuid.length === TEXT_LENGTH, 'malformed UUID');
  for (const [from, count] of GROUPS) writer.hex(uuid, from, count);
}

/** The UUID in 16 octets at `offset`. The caller has checked the length. */
export function uuidFromBytes(bytes: Uint8Array, offset = 0): EntryUuid {
  assert(bytes.length >= offset + UUID_BYTES, 'UUID cut short');
  const hex = toHexPart(bytes, offset, offset + UUID_BYTES);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as EntryUuid;
}
