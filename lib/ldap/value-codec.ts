/**
 * Values of controls and extended operations: BER inside an octet string.
 *
 * Whatever is wrong with one is an LdapError protocolError that names what it belongs to, so a recognized control with a bad value is answered.
 */
import { LdapError } from '../base/ldap-error.js';
import { BerError } from '../ber/ber-error.js';
import { BerReader } from '../ber/ber-reader.js';
import { BerWriter } from '../ber/ber-writer.js';

/** Reads a value that must be there, wholly. `what` is for the diagnostic, such as "paged results control". */
export function decodeValue<T>(
  what: string,
  value: Uint8Array | undefined,
  read: (reader: BerReader) => T,
): T {
  if (value === undefined) throw new LdapError('protocolError', `the ${what} has no value`);
  try {
    const reader = new BerReader(value);
    const decoded = read(reader);
    reader.finish();
    return decoded;
  } catch (error) {
    if (error instanceof BerError)
      throw new LdapError('protocolError', `the ${what} is malformed: ${error.message}`);
    throw error;
  }
}

/** The octets that `write` leaves in a fresh writer. */
export function encodeValue(write: (writer: BerWriter) => void): Uint8Array {
  const writer = new BerWriter(64);
  write(writer);
  return writer.copySince(0);
}
