/**
 * The new server's end of joining: asks a member, by a token, for a certificate and for everything else that a server needs.
 *
 * Trusts no one before the other end has shown the CA that the token names and a certificate of that CA; only then the secret of the token is sent.
 */
import { createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { must } from '../../base/assert.js';
import { OperatorError } from '../../base/operator-error.js';
import { reasonOf } from '../../base/thrown.js';
import { dialJoin } from '../../io/json-lines.js';
import { parseAddress } from '../../topology/address.js';
import type { JoinWish } from '../../topology/admit.js';
import type { JoinToken } from '../../topology/join-token.js';
import { JOIN_FORM, type JoinGrant, provenText, readAnswer, readGreeting } from './join-talk.js';

/** Attempts, each at every address of the token. */
const ROUNDS = 3;

/** Asks the server that made the token. Rejects with OperatorError JOIN_REFUSED, TLS_INVALID or CONNECT_FAILED. */
export async function askToJoin(
  token: JoinToken,
  wish: Omit<JoinWish, 'clockMs'>,
  key: KeyObject,
  hosts: readonly string[],
): Promise<JoinGrant> {
  const faults: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const address of token.addresses) {
      try {
        // Asking twice does no harm: a token that this key has used is answered again.
        return await askAt(address, token, { ...wish, clockMs: Date.now() }, key, hosts);
      } catch (error) {
        if (error instanceof OperatorError) throw error;
        const fault = `${address}: ${reasonOf(error)}`;
        if (!faults.includes(fault)) faults.push(fault);
      }
    }
  }
  throw new OperatorError(
    'CONNECT_FAILED',
    'the server that made the token cannot be reached; does it run, and do its addresses lead to it from here? (token create --address HOST:PORT gives others)',
    faults,
  );
}

async function askAt(
  address: string,
  token: JoinToken,
  wish: JoinWish,
  key: KeyObject,
  hosts: readonly string[],
): Promise<JoinGrant> {
  const { lines, certificate } = await dialJoin(must(parseAddress(address), 'checked with the token'));
  try {
    const greeting = readGreeting(await lines.read());
    if (greeting === undefined || greeting.form !== JOIN_FORM)
      throw new OperatorError(
        'JOIN_REFUSED',
        `the server at ${address} speaks another form of joining${greeting === undefined ? '' : ` (version ${greeting.version})`}; run the same version on both`,
      );
    requireAuthority(token, greeting.authority, certificate, greeting.server, address);
    const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
    const proof = sign('sha256', Buffer.from(provenText(token.id, wish.clockMs)), key).toString('base64');
    lines.write({ token: token.id, secret: token.secret, wish, publicKey, proof, hosts });
    const answer = readAnswer(await lines.read());
    if (answer === undefined)
      throw new OperatorError(
        'JOIN_REFUSED',
        `the answer of ${greeting.server} is malformed; run the same version on both`,
      );
    if (answer.kind === 'refused')
      throw new OperatorError('JOIN_REFUSED', `${greeting.server}: ${answer.sentence}`);
    return answer.grant;
  } finally {
    lines.close();
  }
}

/** Throws OperatorError TLS_INVALID unless the other end has a valid certificate of the CA that the token names. */
function requireAuthority(
  token: JoinToken,
  bundle: string,
  certificate: X509Certificate | undefined,
  server: string,
  address: string,
): void {
  const authority = certificatesOf(bundle).find(({ fingerprint256 }) => fingerprint256 === token.authority);
  if (authority === undefined)
    throw new OperatorError(
      'TLS_INVALID',
      `the server at ${address} is of another topology than the token: it does not have the CA ${token.authority.slice(0, 23)}...`,
    );
  if (certificate === undefined || !certificate.verify(authority.publicKey))
    throw new OperatorError(
      'TLS_INVALID',
      `the server at ${address} has no certificate of the topology's CA; do not trust it`,
    );
  const now = Date.now();
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (now < from || now > to)
    throw new OperatorError(
      'TLS_INVALID',
      `the certificate of ${server} is valid from ${certificate.validFrom} to ${certificate.validTo}, and the clock here says ${new Date(now).toISOString()}; set the clock`,
    );
}

function certificatesOf(bundle: string): X509Certificate[] {
  const end = '-----END CERTIFICATE-----';
  const found: X509Certificate[] = [];
  for (const piece of bundle.split(end).slice(0, -1)) {
    try {
      found.push(new X509Certificate(`${piece}${end}\n`));
    } catch {
      // Not one that could be the token's.
    }
  }
  return found;
}
