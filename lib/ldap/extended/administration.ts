/**
 * The administration operation (ours, docs/protocol.md): a command of `polyarch status`, `replication` or `topology` and its result, as JSON texts.
 *
 * Request value: the command. While it works, intermediate responses tell how far it is; a long result comes in parts, as further intermediate responses, and the
 * last part is the value of the response: the result is all parts in their order. When the command failed, the value is the failure. Owns the form of these
 * octets; not what the texts say (app/control/control-protocol.ts).
 */

import { utf8Decode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';

/** Octets of one part of a result. */
const PART_BYTES = 262_144;

/** The command in a request. Throws LdapError protocolError. */
export function decodeAdministration(value: Uint8Array | undefined): string {
  if (value === undefined) throw new LdapError('protocolError', 'the administration request has no value');
  if (value.length > LIMITS.administrationRequestBytes)
    throw new LdapError(
      'protocolError',
      `the administration request is longer than ${LIMITS.administrationRequestBytes} octets (administrationRequestBytes)`,
    );
  const text = utf8Decode(value);
  if (text === undefined) throw new LdapError('protocolError', 'the administration request is no UTF-8');
  return text;
}

/** A result cut into parts, at least one; the last one goes into the response. */
export function resultParts(result: Uint8Array): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let at = 0;
  do {
    parts.push(result.subarray(at, at + PART_BYTES));
    at += PART_BYTES;
  } while (at < result.length);
  return parts;
}
