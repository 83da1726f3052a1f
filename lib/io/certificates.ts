/**
 * The certificates of a topology: one CA, one certificate a server, made on first run and renewed before they expire.
 *
 * A server's certificate carries its server name as common name (replication peers are identified by it) and its host names and addresses as subject alternative
 * names. Keys are P-256. PEM files have mode 0600. A certificate that was not issued by the topology CA is the operator's and is never replaced. No key is ever
 * written over: a renewed certificate is for the same key, and what is left of a pair whose other file is missing is left alone.
 */
import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { OperatorError } from '../base/operator-error.js';
import { pathExists, readSmallFile, writeFileAtomic } from './files.js';
import { certificateFacts } from './tls-context.js';
import { makeCertificate } from './x509.js';

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
const SERVER_DAYS = 397;
/** Certificates are renewed when they have less than this left. */
const RENEW_MS = 60 * DAY_MS;
/** Clocks of peers may be behind. */
const BACKDATE_MS = DAY_MS;
const MAX_COMMON_NAME = 64;

/** A certificate and its key, PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificatePaths {
  readonly certificate: string;
  readonly key: string;
}

/** A new CA of its own. `name`: what people will see, such as `Polyarch topology CA`. */
export async function makeAuthority(name: string, nowMs: number): Promise<KeyedCertificate> {
  const key = newKey();
  const certificate = await makeCertificate({
    serial: randomBytes(16),
    subject: name.slice(0, MAX_COMMON_NAME),
    issuer: name.slice(0, MAX_COMMON_NAME),
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: nowMs + AUTHORITY_DAYS * DAY_MS,
    subjectKey: key,
    issuerKey: key,
    authority: true,
    hosts: [],
  });
  return { certificate, key: keyPem(key) };
}

/** A server's certificate, signed by the CA, valid for 397 days or as long as the CA, for a new key or a P-256 `ownKey`. Throws OperatorError TLS_INVALID. */
export async function issueServerCertificate(
  authority: KeyedCertificate,
  serverName: string,
  hosts: readonly string[],
  nowMs: number,
  ownKey?: KeyObject,
): Promise<KeyedCertificate> {
  const key = ownKey ?? newKey();
  return { certificate: await signServerKey(authority, serverName, hosts, nowMs, key), key: keyPem(key) };
}

/** The certificate (PEM) alone, for the P-256 key of another server, which may be its public half. Throws OperatorError TLS_INVALID. */
export async function signServerKey(
  authority: KeyedCertificate,
  serverName: string,
  hosts: readonly string[],
  nowMs: number,
  subjectKey: KeyObject,
): Promise<string> {
  if (serverName === '' || serverName.length > MAX_COMMON_NAME) {
    throw new OperatorError('TLS_INVALID', `a server name has 1 to ${MAX_COMMON_NAME} characters`);
  }
  const issuer = certificateFacts(authority.certificate, 'the CA certificate');
  if (issuer.notAfterMs <= nowMs) {
    throw new OperatorError(
      'TLS_INVALID',
      `the topology CA expired on ${new Date(issuer.notAfterMs).toISOString()}`,
    );
  }
  return await makeCertificate({
    serial: randomBytes(16),
    subject: serverName,
    issuer: issuer.commonName ?? '',
    notBeforeMs: nowMs - BACKDATE_MS,
    notAfterMs: Math.min(issuer.notAfterMs, nowMs + SERVER_DAYS * DAY_MS),
    subjectKey,
    issuerKey: createPrivateKey(authority.key),
    authority: false,
    hosts: [...new Set(hosts)],
  });
}

/** A new key of the kind that servers have. */
export function newServerKey(): { readonly key: KeyObject; readonly pem: string } {
  const key = newKey();
  return { key, pem: keyPem(key) };
}

/** Names and addresses that a server of this machine may be reached by: localhost, loopback, the host name and its addresses, `extra`. */
export function serverHosts(extra: readonly string[] = []): string[] {
  const hosts = ['localhost', '127.0.0.1', '::1', hostname()];
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, internal } of addresses ?? [])
      if (!internal && !address.includes('%')) hosts.push(address);
  }
  return [...new Set([...hosts, ...extra])].filter((host) => host !== '');
}

/** Writes PEM files with mode 0600; the key first, so that a certificate never stands without its key. */
export async function writeCertificate(paths: CertificatePaths, pair: KeyedCertificate): Promise<void> {
  await writeFileAtomic(paths.key, pair.key, 0o600);
  await writeFileAtomic(paths.certificate, pair.certificate, 0o600);
}

/** Reads both files, or undefined when either is missing. */
export async function readCertificate(paths: CertificatePaths): Promise<KeyedCertificate | undefined> {
  const certificate = await readSmallFile(paths.certificate);
  const key = await readSmallFile(paths.key);
  if (certificate === undefined || key === undefined) return undefined;
  return { certificate: Buffer.from(certificate).toString('utf8'), key: Buffer.from(key).toString('utf8') };
}

/** Reads both files, or undefined when both are missing; one without the other is OperatorError TLS_INVALID. */
async function readPair(paths: CertificatePaths): Promise<KeyedCertificate | undefined> {
  const present = await readCertificate(paths);
  if (present !== undefined) return present;
  const [found, missing] = (await pathExists(paths.key))
    ? [paths.key, paths.certificate]
    : [paths.certificate, paths.key];
  if (!(await pathExists(found))) return undefined;
  throw new OperatorError(
    'TLS_INVALID',
    `${missing} does not exist, but ${found} does; mend the path, or move ${found} away to have both made anew`,
  );
}

/** The CA of these files, made when both are missing. Rejects with OperatorError TLS_INVALID when one is. */
export async function ensureAuthority(
  paths: CertificatePaths,
  name: string,
  nowMs: number,
): Promise<KeyedCertificate> {
  const present = await readPair(paths);
  if (present !== undefined) return present;
  const made = await makeAuthority(name, nowMs);
  await writeCertificate(paths, made);
  return made;
}

/**
 * Makes or renews a server's certificate where needed: missing, close to its end, or without a wanted host. Answers whether it wrote one. An operator's own
 * certificate (not of this CA) is left alone. Rejects with OperatorError TLS_INVALID when one of the two files is missing: the other may be the only copy.
 */
export async function ensureServerCertificate(
  paths: CertificatePaths,
  authority: KeyedCertificate,
  serverName: string,
  hosts: readonly string[],
  nowMs: number,
): Promise<boolean> {
  const present = await readPair(paths);
  if (present === undefined) {
    await writeCertificate(paths, await issueServerCertificate(authority, serverName, hosts, nowMs));
    return true;
  }
  const key = renewableKey(present, authority);
  if (key === undefined || !needsRenewal(present, serverName, hosts, nowMs)) return false;
  const renewed = await issueServerCertificate(authority, serverName, hosts, nowMs, key);
  await writeFileAtomic(paths.certificate, renewed.certificate, 0o600);
  return true;
}

/** The key of a pair that we made: the certificate is of our CA, and the key is the certificate's. Undefined when the pair is not ours to renew. */
function renewableKey(present: KeyedCertificate, authority: KeyedCertificate): KeyObject | undefined {
  try {
    const certificate = new X509Certificate(present.certificate);
    if (!certificate.verify(new X509Certificate(authority.certificate).publicKey)) return undefined;
    const key = createPrivateKey(present.key);
    const isOurs = key.asymmetricKeyDetails?.namedCurve === 'prime256v1' && certificate.checkPrivateKey(key);
    return isOurs ? key : undefined;
  } catch {
    return undefined;
  }
}

function needsRenewal(
  present: KeyedCertificate,
  serverName: string,
  hosts: readonly string[],
  nowMs: number,
): boolean {
  const facts = certificateFacts(present.certificate, 'the server certificate');
  if (facts.notAfterMs - nowMs < RENEW_MS) return true;
  if (facts.commonName !== serverName) return true;
  const certificate = new X509Certificate(present.certificate);
  return hosts.some((host) => !covers(certificate, host));
}

function covers(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
