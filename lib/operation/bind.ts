/**
 * Bind (RFC 4511 section 4.2; RFC 4513 section 5.1): anonymous and simple; SASL is sasl.ts. Says who the connection becomes.
 *
 * Owns the choice of the method and the answer; passwords are password-check.ts. Invariant: a connection has no identity while a bind runs.
 */
import { ANONYMOUS, authorizationId, type Requester } from '../access/requester.js';
import { utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { CONTROL_OIDS } from '../ldap/control-oids.js';
import type { BindRequest, Control } from '../ldap/message.js';
import { awaitChanges } from './change-wait.js';
import { type Answer, answer, type Operation, SUCCESS } from './operation.js';
import { verifyName } from './password-check.js';
import { checkProtected } from './protection.js';
import { saslBind } from './sasl.js';
import type { ServerParts } from './server-parts.js';

export interface Bound {
  readonly answer: Answer;
  readonly requester: Requester;
}

/** Authenticates. Rejects with LdapError; the connection is anonymous then. */
export async function bind(parts: ServerParts, operation: Operation): Promise<Bound> {
  const request = operation.message.request as BindRequest;
  if (request.version !== 3 && !(request.version === 2 && parts.settings.allowVersion2)) {
    throw new LdapError('protocolError', `This server speaks LDAP version 3, not ${request.version}.`);
  }
  await awaitChanges(parts, operation);
  const { authentication } = request;
  const requester =
    authentication.kind === 'sasl'
      ? await saslBind(parts, operation, authentication)
      : await simpleBind(parts, operation, request.dn, authentication.password);
  return { answer: answer('bind', SUCCESS, identityControls(operation, requester)), requester };
}

async function simpleBind(
  parts: ServerParts,
  operation: Operation,
  dn: string,
  password: Uint8Array,
): Promise<Requester> {
  if (password.length === 0) {
    if (dn !== '') checkUnauthenticated(parts, dn);
    return ANONYMOUS;
  }
  checkProtected(parts, operation);
  return verifyName(parts, dn, password);
}

/** The authorization identity response (RFC 3829); empty for anonymous. */
function identityControls(operation: Operation, requester: Requester): readonly Control[] {
  if (!operation.controls.authorizationIdentity) return [];
  const value = utf8Encode(authorizationId(requester));
  return [{ oid: CONTROL_OIDS.authorizationIdentityResponse, critical: false, value }];
}

function checkUnauthenticated(parts: ServerParts, dn: string): void {
  parts.directory.route(dn);
  if (parts.settings.allowUnauthenticatedBind) return;
  throw new LdapError(
    'unwillingToPerform',
    'A bind with a name needs a password; bind without a name to be anonymous (RFC 4513 section 5.1.2).',
  );
}
