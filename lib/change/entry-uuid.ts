/**
 * Entry UUIDs (RFC 4122, RFC 4530): text as entryUUID shows it, 16 octets in records and keys. New ones are version 4, made from random octets
 * that the caller brings. Text is lower case, so equal UUIDs are equal strings.
 */
import { assert } from '../base/assert.js';
import { fromHex, toHex } from '../base/bytes.js';
import type { EntryUuid } from './change.js';

/** Octets of a UUID in binary form. */
export const UUID_BYTES = 16;

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
  const bytes = fromHex(
    uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(14, 18) + uuid.slice(19, 23) + uuid.slice(24),
  );
  assert(bytes !== undefined && bytes.length === UUID_BYTES, 'malformed UUID');
  return bytes;
}

/** The UUID in 16 octets at `offset`. The caller has checked the length. */
export function uuidFromBytes(bytes: Uint8Array, offset = 0): EntryUuid {
  assert(bytes.length >= offset + UUID_BYTES, 'UUID cut short');
  const hex = toHex(bytes.subarray(offset, offset + UUID_BYTES));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as EntryUuid;
}
