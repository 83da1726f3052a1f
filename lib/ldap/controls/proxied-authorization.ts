/**
 * Proxied authorization. Version 2: the value is an authzId itself, not BER (RFC 4370 section 3; RFC 4513 section 5.2.1.8). Version 1: a DN in BER
 * (draft-weltman-ldapv3-proxy-04).
 */
import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import { TAG } from '../../ber/tags.js';
import { readDn } from '../decode-parts.js';
import { decodeValue } from '../value-codec.js';

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

/** The authzId that the DN of version 1 stands for. Throws LdapError protocolError. */
export function decodeProxiedAuthorizationV1(value: Uint8Array | undefined): string {
  return decodeValue('proxied authorization control, version 1,', value, (reader) => {
    const list = reader.enter(TAG.sequence);
    const dn = readDn(reader);
    reader.leave(list);
    return dn === '' ? '' : `dn:${dn}`;
  });
}

export function encodeProxiedAuthorization(authzId: string): Uint8Array {
  return utf8Encode(authzId);
}
