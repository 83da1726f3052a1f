/** The password policy response control (draft-behera-ldap-password-policy-10 section 6.2). Its request has no value. */
import { LdapError } from '../../base/ldap-error.js';
import { contextConstructed, contextTag, TAG } from '../../ber/tags.js';
import { readCount } from '../decode-parts.js';
import { decodeValue, encodeValue } from '../value-codec.js';

/** In the order of their numbers, 0.. */
export const PASSWORD_POLICY_ERRORS = [
  'passwordExpired',
  'accountLocked',
  'changeAfterReset',
  'passwordModNotAllowed',
  'mustSupplyOldPassword',
  'insufficientPasswordQuality',
  'passwordTooShort',
  'passwordTooYoung',
  'passwordInHistory',
] as const;
export type PasswordPolicyError = (typeof PASSWORD_POLICY_ERRORS)[number];

export interface PasswordPolicyResponse {
  readonly warning:
    | { readonly kind: 'timeBeforeExpiration'; readonly seconds: number }
    | { readonly kind: 'graceAuthNsRemaining'; readonly count: number }
    | undefined;
  readonly error: PasswordPolicyError | undefined;
}

const WARNING = contextConstructed(0);
const ERROR = contextTag(1);
const EXPIRATION = contextTag(0);
const GRACE = contextTag(1);

/** Throws LdapError protocolError. */
export function decodePasswordPolicyResponse(value: Uint8Array | undefined): PasswordPolicyResponse {
  return decodeValue('password policy response', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    let warning: PasswordPolicyResponse['warning'];
    if (reader.peekTag() === WARNING) {
      const inner = reader.enter(WARNING);
      if (reader.peekTag() === EXPIRATION) {
        warning = {
          kind: 'timeBeforeExpiration',
          seconds: readCount(reader, 'an expiration time', EXPIRATION),
        };
      } else {
        warning = {
          kind: 'graceAuthNsRemaining',
          count: readCount(reader, 'a count of grace logins', GRACE),
        };
      }
      reader.leave(inner);
    }
    let error: PasswordPolicyError | undefined;
    if (reader.peekTag() === ERROR) {
      error = PASSWORD_POLICY_ERRORS[reader.integer(ERROR)];
      if (error === undefined) throw new LdapError('protocolError', 'the password policy error is unknown');
    }
    reader.leaveExtensible(outer);
    return { warning, error };
  });
}

export function encodePasswordPolicyResponse(response: PasswordPolicyResponse): Uint8Array {
  return encodeValue((writer) => {
    if (response.error !== undefined) writer.integer(PASSWORD_POLICY_ERRORS.indexOf(response.error), ERROR);
    const mark = writer.length;
    if (response.warning?.kind === 'timeBeforeExpiration')
      writer.integer(response.warning.seconds, EXPIRATION);
    if (response.warning?.kind === 'graceAuthNsRemaining') writer.integer(response.warning.count, GRACE);
    if (response.warning !== undefined) writer.wrap(WARNING, mark);
    writer.wrap(TAG.sequence, 0);
  });
}
