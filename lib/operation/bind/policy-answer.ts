/**
 * What a password policy has to say with an answer (draft-behera-ldap-password-policy-10 section 6.2), and the session that may do nothing but change its password.
 *
 * The password policy control goes to those who asked for it; a bind without it is answered with the older controls of Netscape, as 389 Directory Server and OpenDJ do, where the settings
 * say so. Invariant: to a bind that failed nothing is added that an unknown name would not get, but for accounts that are locked or expired.
 */
import type { PolicyFault } from '../../access/password-policy.js';
import { utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { ResultName } from '../../base/result-code.js';
import { CONTROL_OIDS, EXTENDED_OIDS } from '../../ldap/control-oids.js';
import { encodePasswordPolicyResponse } from '../../ldap/controls/password-policy.js';
import type { Control, LdapRequest } from '../../ldap/message.js';
import type { Answer, Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { isPassword } from './password-storage.js';

/** What was found out while an operation ran. */
export interface PolicyAnswer {
  readonly fault?: PolicyFault | undefined;
  readonly expiresInSeconds?: number | undefined;
  readonly graceLeft?: number | undefined;
  /** Of a bind: whether the session still may do nothing but change the password; asked at each request. */
  readonly mustChange?: (() => boolean) | undefined;
}

/** Ends the operation by the policy. */
export function refuse(operation: Operation, fault: PolicyFault, result: ResultName, text: string): never {
  operation.passwordPolicy = { fault };
  throw new LdapError(result, text);
}

/** The answer with what the policy has to say. */
export function withPolicy({ settings }: Pick<ServerParts, 'settings'>, operation: Operation, given: Answer) {
  const controls = policyControls(settings.netscapePasswordControls, operation, given);
  return controls.length === 0 ? given : { ...given, controls: [...given.controls, ...controls] };
}

function policyControls(netscape: boolean, operation: Operation, given: Answer): readonly Control[] {
  const { passwordPolicy: told, controls, message } = operation;
  const isBind = message.request.kind === 'bind';
  if (controls.passwordPolicy) {
    const silentBind = isBind && given.response.result.result === 'success';
    return told === undefined && !silentBind ? [] : [policyControl(told ?? {})];
  }
  return isBind && netscape && told !== undefined ? netscapeControls(told) : [];
}

function policyControl({ fault, expiresInSeconds, graceLeft }: PolicyAnswer): Control {
  const warning =
    expiresInSeconds !== undefined
      ? ({ kind: 'timeBeforeExpiration', seconds: expiresInSeconds } as const)
      : graceLeft !== undefined
        ? ({ kind: 'graceAuthNsRemaining', count: graceLeft } as const)
        : undefined;
  const value = encodePasswordPolicyResponse({ warning, error: fault });
  return { oid: CONTROL_OIDS.passwordPolicy, critical: false, value };
}

function netscapeControls({ fault, expiresInSeconds, graceLeft }: PolicyAnswer): readonly Control[] {
  if (expiresInSeconds !== undefined) {
    const value = utf8Encode(String(expiresInSeconds));
    return [{ oid: CONTROL_OIDS.passwordExpiring, critical: false, value }];
  }
  const expired = fault === 'passwordExpired' || fault === 'changeAfterReset' || graceLeft !== undefined;
  return expired ? [{ oid: CONTROL_OIDS.passwordExpired, critical: false, value: utf8Encode('0') }] : [];
}

/** Throws LdapError insufficientAccessRights for what a session may not do before its password is changed (section 7.2 of the draft). */
export function checkChangesPassword(parts: Pick<ServerParts, 'schema'>, operation: Operation): void {
  if (changesPassword(parts, operation.message.request)) return;
  const text = 'The password must be changed first; until then this session may do nothing else.';
  refuse(operation, 'changeAfterReset', 'insufficientAccessRights', text);
}

function changesPassword(parts: Pick<ServerParts, 'schema'>, request: LdapRequest): boolean {
  if (request.kind === 'extended') return OPEN.has(request.oid);
  return (
    request.kind === 'modify' &&
    request.modifications.every(({ attribute }) => isPassword(parts, attribute.description))
  );
}

const OPEN: ReadonlySet<string> = new Set([
  EXTENDED_OIDS.passwordModify,
  EXTENDED_OIDS.startTls,
  EXTENDED_OIDS.cancel,
]);
