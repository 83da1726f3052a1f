/**
 * Passwords as the keys of SCRAM-SHA-256 (RFC 5802 section 3; RFC 7677): making them, and checking a password of a simple bind against them.
 *
 * Synchronous and slow on purpose: it runs in the threads of password-hashing.ts. The text of the keys is ldap/sasl/scram-keys.ts. Clients prepare passwords (RFC 4013) before
 * they compute with them, so this does, too.
 */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { formatScramKeys, SCRAM_KEY_BYTES, type ScramKeys } from '../ldap/sasl/scram-keys.js';
import { saslPrep } from '../schema/sasl-prep.js';

/** The stored value for a password; undefined where no client could come in with it: it is no text, or has characters that SASLprep prohibits. */
export function hashScram(password: Uint8Array, salt: Uint8Array, iterations: number): string | undefined {
  const prepared = prepare(password);
  if (prepared === undefined) return undefined;
  const salted = saltedPassword(prepared, salt, iterations);
  const keys = { iterations, salt, storedKey: storedKeyOf(salted), serverKey: keyed(salted, 'Server Key') };
  return formatScramKeys(keys);
}

/** Whether the password is the one of the keys. */
export function checkScram(password: Uint8Array, { salt, iterations, storedKey }: ScramKeys): boolean {
  const prepared = prepare(password);
  // What cannot be prepared costs the same and matches nothing.
  const found = storedKeyOf(saltedPassword(prepared ?? password, salt, iterations));
  return timingSafeEqual(found, storedKey) && prepared !== undefined;
}

function prepare(password: Uint8Array): Uint8Array | undefined {
  const text = utf8Decode(password);
  const prepared = text === undefined ? undefined : saslPrep(text);
  return prepared === undefined || prepared === '' ? undefined : utf8Encode(prepared);
}

function saltedPassword(password: Uint8Array, salt: Uint8Array, iterations: number): Buffer {
  return pbkdf2Sync(password, salt, iterations, SCRAM_KEY_BYTES, 'sha256');
}

function storedKeyOf(salted: Buffer): Buffer {
  return createHash('sha256').update(keyed(salted, 'Client Key')).digest();
}

function keyed(salted: Buffer, label: string): Buffer {
  return createHmac('sha256', salted).update(label).digest();
}
