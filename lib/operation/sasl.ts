/**
 * SASL binds (RFC 4422; RFC 4513 section 5.2): which mechanisms a connection has, and who they make it.
 *
 * ANONYMOUS (RFC 4505); PLAIN (RFC 4616) over TLS or a Unix-domain socket only; EXTERNAL (RFC 4422 appendix A) where the client has shown a certificate that our CA signed. All of them
 * are one message of the client; none has a security layer. The requested authorization identity must be one that the client may act under.
 */
import { ANONYMOUS, type Requester } from '../access/requester.js';
import { emptyBytes, utf8Decode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { formatDn, parseDn } from '../dn/dn-text.js';
import type { BindRequest } from '../ldap/message.js';
import { certificateSubject } from '../schema/certificate-form.js';
import { requesterOf, requesterOfDn, requesterWith } from './identities.js';
import type { Operation, TransportFacts } from './operation.js';
import { verifyName } from './password-check.js';
import { isProtected } from './protection.js';
import { mayProxy } from './proxied-authorization.js';
import type { ServerParts } from './server-parts.js';

type SaslAuthentication = Extract<BindRequest['authentication'], { readonly kind: 'sasl' }>;

/** What the root DSE lists: the mechanisms that work on this connection as it is. */
export function saslMechanisms({ secure }: TransportFacts): readonly string[] {
  const mechanisms = ['ANONYMOUS'];
  if (isProtected(secure)) mechanisms.push('PLAIN');
  if (secure.clientCertificate?.verified === true) mechanisms.push('EXTERNAL');
  return mechanisms;
}

/** Who the client becomes. Rejects with LdapError: authMethodNotSupported, confidentialityRequired, invalidCredentials, insufficientAccessRights ... */
export async function saslBind(
  parts: ServerParts,
  operation: Operation,
  { mechanism, credentials }: SaslAuthentication,
): Promise<Requester> {
  if (credentials !== undefined && credentials.length > LIMITS.saslBytes) {
    throw new LdapError(
      'invalidCredentials',
      `SASL credentials may have ${LIMITS.saslBytes} octets (limit saslBytes).`,
    );
  }
  switch (mechanism.toUpperCase()) {
    case 'ANONYMOUS':
      // What the client says of itself (RFC 4505 section 2) is a trace, not an identity.
      return ANONYMOUS;
    case 'PLAIN':
      return plain(parts, operation, credentials);
    case 'EXTERNAL':
      return external(parts, operation, credentials ?? emptyBytes());
    default:
      throw new LdapError(
        'authMethodNotSupported',
        `The SASL mechanism ${shownMechanism(mechanism)} is not supported; this connection has ${saslMechanisms(operation.transport).join(', ')}. ` +
          'For a simple bind use option -x of the OpenLDAP tools.',
      );
  }
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
  const name = await nameOf(parts, message.authcid);
  const requester = await verifyName(parts, name, message.password);
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

/** The DN of an authentication identity: an authorization id, a DN, or the value of uid. '' for nobody, which no password opens. */
async function nameOf(parts: ServerParts, authcid: string): Promise<string> {
  const lower = authcid.slice(0, 3).toLowerCase();
  if (lower === 'dn:') return isDn(authcid.slice(3)) ? authcid.slice(3) : '';
  if (!lower.startsWith('u:') && authcid.includes('=') && isDn(authcid)) return authcid;
  const uid = lower.startsWith('u:') ? authcid.slice(2) : authcid;
  const requester = await requesterWith(parts, 'uid', uid);
  return requester === undefined || requester.kind === 'anonymous' ? '' : requester.dn;
}

function isDn(text: string): boolean {
  try {
    return parseDn(text).rdns.length > 0;
  } catch (error) {
    if (error instanceof LdapError) return false;
    throw error;
  }
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
  if (requester === undefined || requester.kind === 'anonymous') {
    throw new LdapError('invalidCredentials', "The subject of the client's certificate is nobody here.");
  }
  return authorized(parts, requester, authzid);
}

/** The identity to act under: the own one, or another that this one may take. */
async function authorized(parts: ServerParts, requester: Requester, authzid: string): Promise<Requester> {
  if (authzid === '') return requester;
  const wanted = await requesterOf(parts, authzid);
  if (wanted !== undefined && mayProxy(parts, requester, wanted)) return wanted;
  throw new LdapError('insufficientAccessRights', 'This identity may not act under the requested one.');
}

function shownMechanism(name: string): string {
  return name.length <= 32 ? `"${name}"` : `"${name.slice(0, 32)}..."`;
}

function invalidCredentials(): LdapError {
  return new LdapError('invalidCredentials', 'The name or the password is wrong.');
}
