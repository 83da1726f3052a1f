/**
 * SASL binds (RFC 4422; RFC 4513 section 5.2): which mechanisms a connection has, and who they make it.
 *
 * ANONYMOUS (RFC 4505); PLAIN (RFC 4616) over TLS or a Unix-domain socket only; EXTERNAL (RFC 4422 appendix A) where the client has shown a certificate that our CA signed;
 * SCRAM (scram.ts), the only one of more than one message. None has a security layer. The requested authorization identity must be one that the client may act under.
 */
import { ANONYMOUS, type Requester } from '../../access/requester.js';
import { emptyBytes, utf8Decode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import { formatDn } from '../../dn/dn-text.js';
import type { BindRequest } from '../../ldap/message.js';
import { certificateSubject } from '../../schema/certificate-form.js';
import { isProtected } from '../connection/protection.js';
import type { Operation, TransportFacts } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { requesterOfDn, requesterWith } from './identities.js';
import { invalidCredentials } from './invalid-credentials.js';
import { accountOf, verifyName } from './password-check.js';
import { authorized, dnOfName, readAuthenticationName } from './sasl-identity.js';
import { endScram, type RunningScram, SCRAM, SCRAM_PLUS, startScram } from './scram.js';

type SaslAuthentication = Extract<BindRequest['authentication'], { readonly kind: 'sasl' }>;

/** What a request of a SASL bind comes to: an identity, or a challenge that the next bind of the connection may answer. */
export type SaslStep =
  | { readonly kind: 'bound'; readonly requester: Requester; readonly serverCredentials?: Uint8Array }
  | { readonly kind: 'challenge'; readonly challenge: Uint8Array; readonly running: RunningScram };

/** What the root DSE lists: the mechanisms that work on this connection as it is. */
export function saslMechanisms(
  { scram }: Pick<ServerParts, 'scram'>,
  { secure }: TransportFacts,
): readonly string[] {
  const mechanisms = ['ANONYMOUS'];
  if (isProtected(secure)) mechanisms.push('PLAIN');
  if (secure.clientCertificate?.verified === true) mechanisms.push('EXTERNAL');
  if (scram !== undefined) mechanisms.push(SCRAM);
  if (scram !== undefined && secure.channelBinding !== undefined) mechanisms.push(SCRAM_PLUS);
  return mechanisms;
}

/**
 * One request of a SASL bind. `running`: the exchange that the bind before it began. Rejects with LdapError: authMethodNotSupported,
 * confidentialityRequired, invalidCredentials, insufficientAccessRights ...
 */
export async function saslBind(
  parts: ServerParts,
  operation: Operation,
  { mechanism, credentials }: SaslAuthentication,
  running: RunningScram | undefined,
): Promise<SaslStep> {
  if (credentials !== undefined && credentials.length > LIMITS.saslBytes) {
    throw new LdapError(
      'invalidCredentials',
      `SASL credentials may have ${LIMITS.saslBytes} octets (limit saslBytes).`,
    );
  }
  const upper = mechanism.toUpperCase();
  switch (upper) {
    case 'ANONYMOUS':
      // What the client says of itself (RFC 4505 section 2) is a trace, not an identity.
      return { kind: 'bound', requester: ANONYMOUS };
    case 'PLAIN':
      return { kind: 'bound', requester: await plain(parts, operation, credentials) };
    case 'EXTERNAL':
      return { kind: 'bound', requester: await external(parts, operation, credentials ?? emptyBytes()) };
    case SCRAM:
    case SCRAM_PLUS:
      return scram(parts, operation, { mechanism: upper, credentials }, running);
    default:
      throw notSupported(parts, operation, mechanism);
  }
}

/** A bind of the mechanism that runs carries its exchange on (RFC 4511 section 4.2.1); any other begins a new one. */
async function scram(
  parts: ServerParts,
  operation: Operation,
  { mechanism, credentials }: Omit<SaslAuthentication, 'kind'>,
  running: RunningScram | undefined,
): Promise<SaslStep> {
  if (parts.scram === undefined) throw notSupported(parts, operation, mechanism);
  // An empty challenge asks for the client's first message.
  if (credentials === undefined) throw new LdapError('saslBindInProgress', '');
  return running?.mechanism === mechanism
    ? endScram(parts, parts.scram, operation, running, credentials)
    : startScram(parts, parts.scram, operation, mechanism, credentials);
}

async function plain(
  parts: ServerParts,
  operation: Operation,
  credentials: Uint8Array | undefined,
): Promise<Requester> {
  if (!isProtected(operation.transport.secure)) {
    throw new LdapError(
      'confidentialityRequired',
      'SASL PLAIN is accepted over TLS only: use ldaps:// or StartTLS.',
    );
  }
  // An empty challenge asks for the one message of the mechanism (RFC 4422 section 3).
  if (credentials === undefined) throw new LdapError('saslBindInProgress', '');
  const message = readPlain(credentials);
  if (message === undefined || message.password.length === 0) throw invalidCredentials();
  const name = await dnOfName(parts, readAuthenticationName(message.authcid));
  const requester = await verifyName(parts, operation, name, message.password);
  return authorized(parts, requester, message.authzid);
}

interface PlainMessage {
  readonly authzid: string;
  readonly authcid: string;
  readonly password: Uint8Array;
}

/** RFC 4616 section 2: [authzid] NUL authcid NUL passwd. */
function readPlain(credentials: Uint8Array): PlainMessage | undefined {
  const first = credentials.indexOf(0);
  const second = first < 0 ? -1 : credentials.indexOf(0, first + 1);
  if (second < 0 || credentials.indexOf(0, second + 1) >= 0) return undefined;
  const authzid = utf8Decode(credentials.subarray(0, first));
  const authcid = utf8Decode(credentials.subarray(first + 1, second));
  if (authzid === undefined || authcid === undefined || authcid === '') return undefined;
  return { authzid, authcid, password: credentials.subarray(second + 1) };
}

async function external(
  parts: ServerParts,
  operation: Operation,
  credentials: Uint8Array,
): Promise<Requester> {
  const { clientCertificate } = operation.transport.secure;
  if (clientCertificate?.verified !== true) {
    throw new LdapError(
      'inappropriateAuthentication',
      "SASL EXTERNAL needs TLS with a client certificate that the server's CA signed.",
    );
  }
  const authzid = utf8Decode(credentials);
  if (authzid === undefined) throw invalidCredentials();
  const subject = certificateSubject(clientCertificate.der);
  const { certificateAttribute } = parts.settings;
  const { commonName } = clientCertificate;
  const requester =
    (subject === undefined ? undefined : requesterOfDn(parts, formatDn(subject))) ??
    (certificateAttribute === undefined || commonName === undefined
      ? undefined
      : await requesterWith(parts, certificateAttribute, commonName));
  if (requester === undefined || requester.kind === 'anonymous') throw nobody();
  const account = accountOf(parts, requester.dn);
  const guard = await account.guard();
  await guard?.identified(operation);
  const now = account.confirm();
  if (now === undefined) throw nobody();
  return authorized(parts, now, authzid);
}

function nobody(): LdapError {
  return new LdapError('invalidCredentials', "The subject of the client's certificate is nobody here.");
}

function notSupported(parts: ServerParts, operation: Operation, mechanism: string): LdapError {
  return new LdapError(
    'authMethodNotSupported',
    `The SASL mechanism ${shownMechanism(mechanism)} is not supported; this connection has ${saslMechanisms(parts, operation.transport).join(', ')}. ` +
      'For a simple bind use option -x of the OpenLDAP tools.',
  );
}

function shownMechanism(name: string): string {
  return name.length <= 32 ? `"${name}"` : `"${name.slice(0, 32)}..."`;
}
