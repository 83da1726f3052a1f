/** Password modify: values of request and response (RFC 3062 section 2). */
import { LdapError } from '../../base/ldap-error.js';
import type { BerReader } from '../../ber/ber-reader.js';
import { contextTag, TAG } from '../../ber/tags.js';
import { decodeValue, encodeValue } from '../value-codec.js';

export interface PasswordModify {
  /** DN or authzId of the user; undefined: who is bound. */
  readonly user: string | undefined;
  readonly oldPassword: Uint8Array | undefined;
  /** undefined: the server makes one. */
  readonly newPassword: Uint8Array | undefined;
}

const USER = contextTag(0);
const OLD = contextTag(1);
const NEW = contextTag(2);
const GENERATED = contextTag(0);

/** An absent value asks for a generated password of the bound user. Throws LdapError protocolError. */
export function decodePasswordModify(value: Uint8Array | undefined): PasswordModify {
  if (value === undefined) return { user: undefined, oldPassword: undefined, newPassword: undefined };
  return decodeValue('password modify request', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    let user: string | undefined;
    if (reader.peekTag() === USER) {
      user = reader.text(USER);
      if (user === undefined) throw new LdapError('protocolError', 'the user identity is not valid UTF-8');
    }
    const oldPassword = optionalOctets(reader, OLD);
    const newPassword = optionalOctets(reader, NEW);
    reader.leaveExtensible(outer);
    return { user, oldPassword, newPassword };
  });
}

export function encodePasswordModify(request: PasswordModify): Uint8Array {
  return encodeValue((writer) => {
    if (request.newPassword !== undefined) writer.octets(request.newPassword, NEW);
    if (request.oldPassword !== undefined) writer.octets(request.oldPassword, OLD);
    if (request.user !== undefined) writer.text(request.user, USER);
    writer.wrap(TAG.sequence, 0);
  });
}

/** The password that the server made, or undefined. Throws LdapError protocolError. */
export function decodeGeneratedPassword(value: Uint8Array | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined;
  return decodeValue('password modify response', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const generated = optionalOctets(reader, GENERATED);
    reader.leaveExtensible(outer);
    return generated;
  });
}

export function encodeGeneratedPassword(password: Uint8Array): Uint8Array {
  return encodeValue((writer) => {
    writer.octets(password, GENERATED);
    writer.wrap(TAG.sequence, 0);
  });
}

function optionalOctets(reader: BerReader, tag: number): Uint8Array | undefined {
  return reader.peekTag() === tag ? reader.octets(tag) : undefined;
}
