/** Proxied authorization, version 2: the value is an authzId itself, not BER (RFC 4370 section 3; RFC 4513 section 5.2.1.8). */
import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';

/** The authzId, such as `dn:cn=x` or `u:x`; '' is anonymous. Throws LdapError protocolError. */
export function decodeProxiedAuthorization(value: Uint8Array | undefined): string {
  if (value === undefined)
    throw new LdapError('protocolError', 'the proxied authorization control has no value');
  const text = value.length <= LIMITS.dnBytes ? utf8Decode(value) : undefined;
  if (text === undefined) {
    throw new LdapError(
      'protocolError',
      'the authzId of the proxied authorization control is too long or not UTF-8',
    );
  }
  return text;
}

export function encodeProxiedAuthorization(authzId: string): Uint8Array {
  return utf8Encode(authzId);
}
