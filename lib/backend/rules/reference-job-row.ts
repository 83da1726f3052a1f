/**
 * The row of a reference job (docs/data-format.md, tag `f`): its form, and what verify may expect of it.
 *
 * What jobs do is reference-jobs.ts. Invariant: a row has one form, read to its last octet.
 */
import { ByteReader, ByteWriter } from '../../base/binary.js';
import { LdapError } from '../../base/ldap-error.js';
import type { EntryUuid } from '../../change/change.js';
import { parseDn } from '../../dn/dn-text.js';
import { StoreError } from '../../port/ordered-store.js';
import { isAtOrBelow } from '../../schema/dn-key.js';
import { readUuid, UUID_BYTES, writeUuid } from '../rows/key-space.js';

/** What is to be done. */
export interface ReferenceJob {
  /** The entry that has another name now; undefined: it went. */
  readonly moved: EntryUuid | undefined;
  /** Key of the name that it had. */
  readonly key: string;
  /** Names below it changed too. */
  readonly deep: boolean;
  /** Who asked for the write. */
  readonly initiator: string;
}

const MOVED = 1;
const DEEP = 2;
/** Domain, tag and number. */
const KEY_BYTES = 11;
const NUMBER_AT = 3;

const writer = new ByteWriter(512);
const damaged = (reason: string): StoreError => new StoreError('damaged', `reference job: ${reason}`);

export function encodeJob({ moved, key, deep, initiator }: ReferenceJob): Uint8Array {
  writer.reset();
  writer.varint((moved === undefined ? 0 : MOVED) | (deep ? DEEP : 0));
  if (moved !== undefined) {
    const uuid = new Uint8Array(UUID_BYTES);
    writeUuid(uuid, 0, moved);
    writer.raw(uuid);
  }
  writer.text(key);
  writer.text(initiator);
  return writer.finish();
}

/** StoreError damaged. */
export function decodeJob(bytes: Uint8Array): ReferenceJob {
  const reader = new ByteReader(bytes, damaged);
  const flags = reader.varint(MOVED | DEEP);
  const moved = (flags & MOVED) === 0 ? undefined : readUuid(reader.raw(UUID_BYTES), 0);
  const job = { moved, key: reader.text(), deep: (flags & DEEP) !== 0, initiator: reader.text() };
  reader.end();
  return job;
}

/** The number in the key of a job: jobs are done by rising numbers. StoreError damaged. */
export function jobNumber(key: Uint8Array): number {
  if (key.length !== KEY_BYTES) throw damaged('its key has another length');
  const number = Number(new DataView(key.buffer, key.byteOffset).getBigUint64(NUMBER_AT));
  // The next job gets the next number.
  if (!Number.isSafeInteger(number + 1)) throw damaged('its number is out of range');
  return number;
}

/** What a job says that cannot be, each in a clause. `base`: key of the domain's base, where it is known; `isStored`: whether an entry is there, alive or dead. */
export function jobFaults(
  { moved, key, deep, initiator }: ReferenceJob,
  base: string | undefined,
  isStored: (uuid: EntryUuid) => boolean,
): readonly string[] {
  const faults: string[] = [];
  if (!key.split(',').every((rdn) => rdn.indexOf('=') > 0)) faults.push(`'${key}' is no name`);
  else if (base !== undefined && !isAtOrBelow(key, base)) faults.push(`'${key}' does not lie in the domain`);
  if (moved !== undefined && !isStored(moved)) faults.push(`the renamed entry ${moved} is not stored`);
  if (moved === undefined && deep) faults.push('an entry that went leaves no names below it');
  if (!isDn(initiator)) faults.push(`'${initiator}', who asked for it, is no name`);
  return faults;
}

function isDn(text: string): boolean {
  try {
    parseDn(text);
    return true;
  } catch (error) {
    if (error instanceof LdapError) return false;
    throw error;
  }
}
