/**
 * The get effective rights control (Sun; OpenDJ, 389-ds): whose rights a search tells beside each entry, and to which attributes besides those that it gives.
 *
 * Read in all its forms: SEQUENCE { authzId OCTET STRING OPTIONAL, attributes SEQUENCE OF AttributeType OPTIONAL }, where either may be NULL; the authorization
 * identity as plain text, which 389-ds takes and generic tools can send; no value.
 */
import { utf8Decode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { BerReader } from '../../ber/ber-reader.js';
import { TAG } from '../../ber/tags.js';
import { readDn, readSelection } from '../decode-parts.js';
import { decodeValue, encodeValue } from '../value-codec.js';

export interface EffectiveRightsRequest {
  /** '' for those of the client; `dn:` for those of anonymous clients. */
  readonly authzId: string;
  readonly attributes: readonly string[];
}

const NO_ATTRIBUTES: readonly string[] = [];

/** Throws LdapError protocolError, invalidDNSyntax or adminLimitExceeded. */
export function decodeEffectiveRights(value: Uint8Array | undefined): EffectiveRightsRequest {
  if (value === undefined || value.length === 0) return { authzId: '', attributes: NO_ATTRIBUTES };
  if (value[0] !== TAG.sequence) return { authzId: plainText(value), attributes: NO_ATTRIBUTES };
  return decodeValue('get effective rights control', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const authzId = passNull(reader) || reader.peekTag() !== TAG.octetString ? '' : readDn(reader);
    const none = passNull(reader) || reader.atEnd;
    const attributes = none ? NO_ATTRIBUTES : readSelection(reader, 'a control');
    reader.leave(outer);
    return { authzId, attributes };
  });
}

export function encodeEffectiveRights({ authzId, attributes }: EffectiveRightsRequest): Uint8Array {
  return encodeValue((writer) => {
    for (let i = attributes.length - 1; i >= 0; i--) writer.text(attributes[i] as string);
    if (attributes.length > 0) writer.wrap(TAG.sequence, 0);
    writer.text(authzId);
    writer.wrap(TAG.sequence, 0);
  });
}

function passNull(reader: BerReader): boolean {
  if (reader.peekTag() !== TAG.null) return false;
  reader.null();
  return true;
}

function plainText(value: Uint8Array): string {
  const text = value.length > LIMITS.dnBytes ? undefined : utf8Decode(value);
  if (text !== undefined && /^(dn|u):/i.test(text)) return text;
  throw new LdapError(
    'protocolError',
    'the get effective rights control has neither a sequence nor an authorization identity (dn:... or u:...)',
  );
}
