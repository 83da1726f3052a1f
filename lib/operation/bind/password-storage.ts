/**
 * How passwords enter the store: hashed, off the event loop, before the write is decided (RFC 4519 section 2.41 leaves the form to us).
 *
 * Invariants: no clear text reaches a change record. A value that is hashed already is taken from the administrator only, in a scheme and at a
 * cost that we verify; anything else that looks like a hash is refused there rather than hashed again. The work of one request is bounded.
 */

import { baseKey } from '../../access/secret-attributes.js';
import type { StoredEntry } from '../../backend/backend.js';
import { utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { Modification, RawAttribute } from '../../ldap/message.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';

const PASSWORD_KEY = 'userpassword' as AttributeKey;
/** 100 bits. */
const GENERATED_LENGTH = 20;
/**
 * Letters and digits, without those that people confuse: nothing that a shell or a command line reads in its own way. 32 of them, so that a
 * random octet picks each equally often.
 */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Whether the description names userPassword (with whatever options). */
export function isPassword(parts: Pick<ServerParts, 'schema'>, description: string): boolean {
  const described = parts.schema.describe(description);
  return described !== undefined && baseKey(described.key) === PASSWORD_KEY;
}

/** The hash to store for one new password. Rejects with constraintViolation when it is empty, too long, or a hash that is not acceptable. */
export async function storedPassword(
  parts: ServerParts,
  operation: Operation,
  value: Uint8Array,
): Promise<Uint8Array> {
  if (value.length === 0) throw new LdapError('constraintViolation', 'A password cannot be empty.');
  const mayStore = parts.policy.mayStoreHashedPassword(operation.requester);
  if (parts.hasher.isHashed(value)) {
    if (mayStore) return value;
    throw new LdapError(
      'constraintViolation',
      'Only the administrator may store a password that is hashed already.',
    );
  }
  if (mayStore && looksHashed(value)) {
    throw new LdapError(
      'constraintViolation',
      'The hashed password has an unknown scheme, a malformed value or a cost above the bound.',
    );
  }
  if (value.length > LIMITS.passwordBytes) {
    throw new LdapError(
      'constraintViolation',
      `A password may have ${LIMITS.passwordBytes} octets (passwordBytes).`,
    );
  }
  return parts.hasher.hash(value);
}

/** The attributes of an add with their passwords hashed; the same list when there are none. */
export async function hashAdded(
  parts: ServerParts,
  operation: Operation,
  attributes: readonly RawAttribute[],
): Promise<readonly RawAttribute[]> {
  let budget: number = LIMITS.passwordsPerRequest;
  const hashed: RawAttribute[] = [];
  for (const attribute of attributes) {
    if (!isPassword(parts, attribute.description)) {
      hashed.push(attribute);
      continue;
    }
    budget = spend(budget, attribute.values.length);
    hashed.push({ ...attribute, values: await hashAll(parts, operation, attribute.values) });
  }
  return hashed;
}

/**
 * The modifications with new passwords hashed. A value to delete may be given in clear: it stands for the stored hash that it matches
 * (a user's "delete the old, add the new").
 */
export async function hashModified(
  parts: ServerParts,
  operation: Operation,
  modifications: readonly Modification[],
  entry: StoredEntry,
): Promise<readonly Modification[]> {
  let budget: number = LIMITS.passwordsPerRequest;
  const hashed: Modification[] = [];
  for (const modification of modifications) {
    const { attribute } = modification;
    if (!isPassword(parts, attribute.description) || modification.operation === 'increment') {
      hashed.push(modification);
      continue;
    }
    budget = spend(budget, attribute.values.length);
    const values =
      modification.operation === 'delete'
        ? await matchStored(parts, attribute, entry)
        : await hashAll(parts, operation, attribute.values);
    hashed.push({ ...modification, attribute: { ...attribute, values } });
  }
  return hashed;
}

/** A new password for a user, from random octets. */
export function generatePassword(parts: ServerParts): Uint8Array {
  let text = '';
  for (const octet of parts.random.bytes(GENERATED_LENGTH)) text += ALPHABET[octet % ALPHABET.length];
  return utf8Encode(text);
}

async function hashAll(
  parts: ServerParts,
  operation: Operation,
  values: readonly Uint8Array[],
): Promise<readonly Uint8Array[]> {
  const hashed: Uint8Array[] = [];
  for (const value of values) hashed.push(await storedPassword(parts, operation, value));
  return hashed;
}

async function matchStored(
  parts: ServerParts,
  attribute: RawAttribute,
  entry: StoredEntry,
): Promise<readonly Uint8Array[]> {
  const key = parts.schema.describe(attribute.description)?.key ?? PASSWORD_KEY;
  const stored = (entry.attribute(key)?.values ?? []).slice(0, LIMITS.passwordsPerRequest);
  const matched: Uint8Array[] = [];
  for (const value of attribute.values) {
    let found = value;
    if (!parts.hasher.isHashed(value) && value.length <= LIMITS.passwordBytes) {
      for (const candidate of stored) {
        if (!(await parts.hasher.verify(value, candidate))) continue;
        found = candidate;
        break;
      }
    }
    matched.push(found);
  }
  return matched;
}

function spend(budget: number, values: number): number {
  if (values <= budget) return budget - values;
  throw new LdapError(
    'adminLimitExceeded',
    `One request may hold ${LIMITS.passwordsPerRequest} passwords (passwordsPerRequest).`,
  );
}

/** `{scheme}rest` with a scheme of letters, digits and dashes. */
function looksHashed(value: Uint8Array): boolean {
  if (value[0] !== 0x7b) return false;
  const end = value.indexOf(0x7d);
  if (end < 2 || end > 32) return false;
  for (let i = 1; i < end; i++) {
    const c = value[i] as number;
    const plain =
      (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a) || c === 0x2d;
    if (!plain) return false;
  }
  return true;
}
