/**
 * SASL SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677): a bind of two requests in which the password is never sent.
 *
 * Owns whose keys an exchange is about, and the answers; the arithmetic is scram-exchange.ts. Keys are values of userPassword that the server makes when `passwords.scram` is on
 * (io/password-schemes.ts). Invariants: who has no such keys, or does not exist, is answered with a salt that never changes and differs by name, on every server of
 * the topology the same, and fails at the end like a wrong password; keys that were taken out of the entry between the two requests open nothing; at most one exchange a
 * connection, which nothing but its next bind carries on.
 */
import type { Requester } from '../../access/requester.js';
import { must } from '../../base/assert.js';
import { equalBytes, latin1, toBase64, toHex, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { parseDn } from '../../dn/dn-text.js';
import { parseScramKeys, type ScramKeys } from '../../ldap/sasl/scram-keys.js';
import { type ClientFirst, formatServerFinal, readClientFirst } from '../../ldap/sasl/scram-message.js';
import type { Digests } from '../../port/digests.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { saslPrep } from '../../schema/sasl-prep.js';
import { prepareAssertion } from '../../schema/string-prep.js';
import type { Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { invalidCredentials } from './invalid-credentials.js';
import { accountOf, admitted } from './password-check.js';
import { type AuthenticationName, authorized, dnOfName, readAuthenticationName } from './sasl-identity.js';
import { beginScram, finishScram, type ScramExchange } from './scram-exchange.js';

export const SCRAM = 'SCRAM-SHA-256';
export const SCRAM_PLUS = 'SCRAM-SHA-256-PLUS';

/** What the server needs for SCRAM beside the keys of its users. */
export interface ScramParts {
  readonly digests: Digests;
  /** Iterations of new keys, and of those that nobody has. */
  readonly iterations: number;
  /** Secret from which the salts of those come that have none: one for all servers of a topology, so that two of them do not tell. */
  readonly secret: () => Uint8Array;
}

/** Where a bind waits for the client's last message. */
export interface RunningScram {
  readonly mechanism: string;
  readonly authzid: string;
  /** DN of the account; '' for nobody. */
  readonly dn: string;
  /** The value of userPassword that has the keys; undefined: they are made up. */
  readonly stored: Uint8Array | undefined;
  readonly exchange: ScramExchange;
}

/** What a request of an exchange comes to. */
export type ScramStep =
  | { readonly kind: 'challenge'; readonly challenge: Uint8Array; readonly running: RunningScram }
  | { readonly kind: 'bound'; readonly requester: Requester; readonly serverCredentials: Uint8Array };

const NONCE_BYTES = 18;
const SALT_BYTES = 16;
const UID_KEY = 'uid' as AttributeKey;

/** Answers the client's first message. Rejects with LdapError: protocolError, authMethodNotSupported, invalidCredentials. */
export async function startScram(
  parts: ServerParts,
  scram: ScramParts,
  operation: Operation,
  mechanism: string,
  message: Uint8Array,
): Promise<ScramStep> {
  const first = readClientFirst(message);
  if (first === undefined) throw malformed('first');
  const binding = channelBinding(operation, mechanism, first);
  const prepared = saslPrep(first.name);
  if (prepared === undefined || prepared === '') throw invalidCredentials();
  const name = readAuthenticationName(prepared);
  const dn = await dnOfName(parts, name);
  const stored = storedKeys(parts, name, dn);
  const madeUp = madeUpKeys(parts, scram, name ?? { kind: 'uid', text: prepared });
  const keys = (stored === undefined ? undefined : keysIn(stored)) ?? madeUp;
  const exchange = beginScram(first, keys, toBase64(parts.random.bytes(NONCE_BYTES)), binding);
  const running = { mechanism, authzid: first.authzid, dn, stored, exchange };
  return { kind: 'challenge', challenge: utf8Encode(exchange.serverFirst), running };
}

/** Answers the client's last message. Rejects with LdapError: protocolError, invalidCredentials, insufficientAccessRights. */
export async function endScram(
  parts: ServerParts,
  { digests }: ScramParts,
  operation: Operation,
  { exchange, dn, stored, authzid }: RunningScram,
  message: Uint8Array,
): Promise<ScramStep> {
  const verdict = finishScram(exchange, message, digests);
  if (verdict.kind === 'malformed') throw malformed('last');
  const account = accountOf(parts, dn);
  const still = stored !== undefined && account.stored.some((value) => equalBytes(value, stored));
  const guard = await account.guard();
  const proves = still && guard?.locked !== true;
  if (proves && verdict.kind === 'otherChannel') {
    throw new LdapError(
      'invalidCredentials',
      'The client is bound to another channel than this connection: something stands between the two.',
    );
  }
  const signature = proves && verdict.kind === 'proved' ? verdict.signature : undefined;
  const requester = await admitted(operation, account, guard, signature !== undefined);
  const acting = await authorized(parts, requester, authzid);
  const proof = must(signature, 'who is let in has proved the password');
  return { kind: 'bound', requester: acting, serverCredentials: formatServerFinal(proof) };
}

/**
 * The data of the channel that the client binds to; undefined where it does not. What it says must fit its mechanism and this connection (RFC 5802 section 6). Cyrus SASL names the
 * mechanism without PLUS even where it binds: that is no weaker.
 */
function channelBinding(
  { transport: { secure } }: Operation,
  mechanism: string,
  { binding }: ClientFirst,
): Uint8Array | undefined {
  if (binding.kind === 'bound') {
    const data = secure.channelBinding?.(binding.type);
    if (data !== undefined) return data;
    throw new LdapError(
      'authMethodNotSupported',
      `This connection has no channel binding ${binding.type}; with TLS there is tls-server-end-point, and with TLS 1.3 tls-exporter.`,
    );
  }
  if (mechanism === SCRAM_PLUS)
    throw new LdapError('protocolError', `${SCRAM_PLUS} needs the name of a channel binding.`);
  if (binding.kind === 'serverCannot' && secure.channelBinding !== undefined)
    throw new LdapError(
      'invalidCredentials',
      `The client was told that this server does not have ${SCRAM_PLUS}, which it has: something changed the list on its way.`,
    );
  return undefined;
}

/**
 * The value with the keys of an account. An account has one name: who has a uid is not found by the DN, or the equal salts of both would tell that there is such a
 * user. Of several passwords the first with keys counts.
 */
function storedKeys(
  parts: ServerParts,
  name: AuthenticationName | undefined,
  dn: string,
): Uint8Array | undefined {
  const { stored, entry } = accountOf(parts, dn);
  if (name?.kind === 'dn' && entry?.attribute(UID_KEY) !== undefined) return undefined;
  return stored.find((value) => keysIn(value) !== undefined);
}

function keysIn(value: Uint8Array): ScramKeys | undefined {
  return parseScramKeys(latin1(value));
}

/** Keys that open nothing. Names that are equal to the directory have equal ones. */
function madeUpKeys({ schema }: ServerParts, scram: ScramParts, name: AuthenticationName): ScramKeys {
  const octets = utf8Encode(name.text);
  const label =
    name.kind === 'dn'
      ? `dn:${schema.dnKey(parseDn(name.text)) ?? name.text}`
      : `u:${toHex(prepareAssertion(octets, true) ?? octets)}`;
  const secret = scram.secret();
  const derived = (use: string): Uint8Array =>
    scram.digests.hmacSha256(secret, utf8Encode(`${use} ${label}`));
  const key = derived('key');
  const salt = derived('salt').subarray(0, SALT_BYTES);
  return { iterations: scram.iterations, salt, storedKey: key, serverKey: key };
}

function malformed(which: string): LdapError {
  return new LdapError(
    'protocolError',
    `The client's ${which} message of SCRAM is malformed (RFC 5802 section 7).`,
  );
}
