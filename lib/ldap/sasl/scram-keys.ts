/**
 * What a server keeps of a password so that SCRAM-SHA-256 can be done with it (RFC 5802 section 3), as a value of userPassword.
 *
 * Owns the text `{SCRAM-SHA-256}iterations:salt$stored-key:server-key`, the binary parts in base64: RFC 5803's form of an authPassword behind a scheme. Values of Dovecot and others, with
 * commas between the parts, are read too. The keys are computed where threads hash passwords (io/password-schemes.ts).
 */
import { fromBase64, toBase64 } from '../../base/bytes.js';

/** Octets of SHA-256. */
export const SCRAM_KEY_BYTES = 32;
/** RFC 7677 section 4. */
const MIN_SCRAM_ITERATIONS = 4096;
/** More than any client takes part in. */
const MAX_SCRAM_ITERATIONS = 2_000_000;

const SCHEME = '{SCRAM-SHA-256}';
const MAX_TEXT = 512;
const MAX_SALT_BYTES = 128;

export interface ScramKeys {
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** The stored value. */
export function formatScramKeys({ iterations, salt, storedKey, serverKey }: ScramKeys): string {
  return `${SCHEME}${iterations}:${toBase64(salt)}$${toBase64(storedKey)}:${toBase64(serverKey)}`;
}

/** The inverse; undefined for any other text, and for numbers that no client would take part in. The scheme in any case. */
export function parseScramKeys(text: string): ScramKeys | undefined {
  if (text.length > MAX_TEXT || text.slice(0, SCHEME.length).toUpperCase() !== SCHEME) return undefined;
  const parts = /^(\d{4,7})[:,]([^:,$]+)[$,]([^:,$]+)[:,]([^:,$]+)$/.exec(text.slice(SCHEME.length));
  if (parts === null) return undefined;
  const iterations = Number(parts[1]);
  const [salt, storedKey, serverKey] = parts.slice(2).map(fromBase64);
  if (salt === undefined || storedKey === undefined || serverKey === undefined) return undefined;
  if (iterations < MIN_SCRAM_ITERATIONS || iterations > MAX_SCRAM_ITERATIONS) return undefined;
  if (salt.length === 0 || salt.length > MAX_SALT_BYTES) return undefined;
  if (storedKey.length !== SCRAM_KEY_BYTES || serverKey.length !== SCRAM_KEY_BYTES) return undefined;
  return { iterations, salt, storedKey, serverKey };
}
