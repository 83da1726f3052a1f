/**
 * The cookie control of the external change log (OpenDJ, 1.3.6.1.4.1.26027.1.5.4): request and response.
 *
 *   request: SEQUENCE { cookie OCTET STRING } or the octets alone; response: the octets alone, as OpenDJ sends them
 */

import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import { BerError } from '../../ber/ber-error.js';
import { BerReader } from '../../ber/ber-reader.js';
import { TAG } from '../../ber/tags.js';
import { encodeValue } from '../value-codec.js';

/** The text of the cookie; '' for one from the beginning. Throws LdapError protocolError. */
export function decodeChangelogCookie(value: Uint8Array | undefined): string {
  const octets = value === undefined ? new Uint8Array(0) : inner(value);
  const text = octets.length > LIMITS.syncCookieBytes ? undefined : utf8Decode(octets);
  if (text === undefined) throw new LdapError('protocolError', 'the cookie of the change log is malformed');
  return text;
}

/** A request's value. */
export function encodeChangelogRequest(cookie: string): Uint8Array {
  return encodeValue((writer) => {
    writer.text(cookie);
    writer.wrap(TAG.sequence, 0);
  });
}

/** A response's value. */
export function encodeChangelogCookie(cookie: string): Uint8Array {
  return utf8Encode(cookie);
}

function inner(value: Uint8Array): Uint8Array {
  if (value[0] !== TAG.sequence && value[0] !== TAG.octetString) return value;
  try {
    const reader = new BerReader(value);
    if (value[0] === TAG.octetString) {
      const octets = reader.octets();
      reader.finish();
      return octets;
    }
    const outer = reader.enter(TAG.sequence);
    const octets = reader.octets();
    reader.leave(outer);
    reader.finish();
    return octets;
  } catch (error) {
    if (error instanceof BerError)
      throw new LdapError('protocolError', 'the cookie of the change log is malformed');
    throw error;
  }
}
