/** Session tracking: for whom a middle tier asks, told for the log (draft-wahl-ldap-session-tracking-control section 2). */
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { BerReader } from '../../ber/ber-reader.js';
import { TAG } from '../../ber/tags.js';
import { readName } from '../decode-parts.js';
import { decodeValue, encodeValue } from '../value-codec.js';

/** Claims of the client; nothing here is verified. */
export interface SessionTracking {
  /** Address of the client's client. */
  readonly sourceIp: string;
  readonly sourceName: string;
  /** What kind of identifier follows. */
  readonly formatOid: string;
  readonly identifier: string;
}

/** Throws LdapError protocolError. */
export function decodeSessionTracking(value: Uint8Array | undefined): SessionTracking {
  return decodeValue('session tracking control', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const sourceIp = readText(reader);
    const sourceName = readText(reader);
    const formatOid = readName(reader);
    const identifier = readText(reader);
    reader.leaveExtensible(outer);
    return { sourceIp, sourceName, formatOid, identifier };
  });
}

export function encodeSessionTracking(session: SessionTracking): Uint8Array {
  return encodeValue((writer) => {
    writer.text(session.identifier);
    writer.text(session.formatOid);
    writer.text(session.sourceName);
    writer.text(session.sourceIp);
    writer.wrap(TAG.sequence, 0);
  });
}

function readText(reader: BerReader): string {
  const text = reader.text(TAG.octetString);
  if (text === undefined || text.length > LIMITS.sessionTextBytes) {
    throw new LdapError(
      'protocolError',
      `a text of session tracking is too long or not UTF-8 (limit sessionTextBytes: ${LIMITS.sessionTextBytes})`,
    );
  }
  return text;
}
