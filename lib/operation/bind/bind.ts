/**
 * Bind (RFC 4511 section 4.2; RFC 4513 section 5.1): anonymous and simple; SASL is sasl.ts. Says who the connection becomes.
 *
 * Owns the choice of the method and the answer; passwords are password-check.ts. Invariant: a connection has no identity while a bind runs.
 */
import { ANONYMOUS, authorizationId, type Requester } from '../../access/requester.js';
import { utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { CONTROL_OIDS } from '../../ldap/control-oids.js';
import type { BindRequest, Control } from '../../ldap/message.js';
import { awaitChanges } from '../change-wait.js';
import { checkProtected } from '../connection/protection.js';
import { type Answer, type Operation, resultOf, SUCCESS } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { verifyName } from './password-check.js';
import { saslBind } from './sasl.js';
import type { RunningScram } from './scram.js';

export interface Bound {
  readonly answer: Answer;
  readonly requester: Requester;
  /** A SASL exchange that the next bind may carry on; the connection is anonymous until it has ended. */
  readonly running: RunningScram | undefined;
  /** Whether the session still may do nothing but change its password; undefined: it may do all. */
  readonly mustChange: (() => boolean) | undefined;
}

/** Authenticates. `running`: the exchange that the bind before it began. Rejects with LdapError; the connection is anonymous then. */
export async function bind(
  parts: ServerParts,
  operation: Operation,
  running: RunningScram | undefined,
): Promise<Bound> {
  const request = operation.message.request as BindRequest;
  if (request.version !== 3 && !(request.version === 2 && parts.settings.allowVersion2)) {
    throw new LdapError('protocolError', `This server speaks LDAP version 3, not ${request.version}.`);
  }
  await awaitChanges(parts, operation);
  const { authentication } = request;
  if (authentication.kind === 'simple')
    return bound(operation, await simpleBind(parts, operation, request.dn, authentication.password));
  const step = await saslBind(parts, operation, authentication, running);
  if (step.kind === 'bound') return bound(operation, step.requester, step.serverCredentials);
  const result = resultOf('saslBindInProgress');
  const response = { kind: 'bind', result, serverCredentials: step.challenge } as const;
  return {
    answer: { response, controls: [] },
    requester: ANONYMOUS,
    running: step.running,
    mustChange: undefined,
  };
}

function bound(operation: Operation, requester: Requester, serverCredentials?: Uint8Array): Bound {
  const response = { kind: 'bind', result: SUCCESS, serverCredentials } as const;
  const controls = identityControls(operation, requester);
  const mustChange = operation.passwordPolicy?.mustChange;
  return { answer: { response, controls }, requester, running: undefined, mustChange };
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
  return verifyName(parts, operation, dn, password);
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
