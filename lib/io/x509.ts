/**
 * X.509 certificates of version 3 (RFC 5280), made with @peculiar/x509 and Node's WebCrypto: P-256 keys, ECDSA with SHA-256.
 *
 * Owns what goes into a certificate's fields; certificates.ts decides when one is made and where it is kept. The library is loaded when the first certificate is
 * made, not at every start.
 */
import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { Extension, JsonGeneralNames } from '@peculiar/x509';

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;

export interface CertificateRequest {
  /** 16 random octets. */
  readonly serial: Uint8Array;
  /** Common names; at most 64 characters each. */
  readonly subject: string;
  readonly issuer: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Private or public. */
  readonly subjectKey: KeyObject;
  readonly issuerKey: KeyObject;
  /** A CA signs certificates and nothing else. */
  readonly authority: boolean;
  /** DNS names and IP addresses of the server. */
  readonly hosts: readonly string[];
}

async function loadLibrary() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

type Library = Awaited<ReturnType<typeof loadLibrary>>;

/** A signed certificate in PEM form, with a line end at its end. */
export async function makeCertificate(request: CertificateRequest): Promise<string> {
  const library = await loadLibrary();
  const publicKey = await importPublicKey(request.subjectKey);
  const issuerPublicKey = await importPublicKey(request.issuerKey);
  const certificate = await library.X509CertificateGenerator.create(
    {
      serialNumber: positiveSerial(request.serial),
      subject: [{ CN: [request.subject] }],
      issuer: [{ CN: [request.issuer] }],
      notBefore: new Date(request.notBeforeMs),
      notAfter: new Date(request.notAfterMs),
      publicKey,
      signingKey: await importPrivateKey(request.issuerKey),
      signingAlgorithm: SIGNING_ALGORITHM,
      extensions: await extensions(library, request, publicKey, issuerPublicKey),
    },
    webcrypto,
  );
  return `${certificate.toString('pem')}\n`;
}

async function extensions(
  library: Library,
  request: CertificateRequest,
  publicKey: webcrypto.CryptoKey,
  issuerPublicKey: webcrypto.CryptoKey,
): Promise<Extension[]> {
  const usage = library.KeyUsageFlags;
  const purpose = library.ExtendedKeyUsage;
  const made: Extension[] = [
    new library.BasicConstraintsExtension(request.authority, undefined, true),
    new library.KeyUsagesExtension(
      request.authority ? usage.keyCertSign | usage.cRLSign : usage.digitalSignature,
      true,
    ),
  ];
  if (!request.authority) {
    made.push(new library.ExtendedKeyUsageExtension([purpose.serverAuth, purpose.clientAuth]));
  }
  if (request.hosts.length > 0) made.push(new library.SubjectAlternativeNameExtension(names(request.hosts)));
  made.push(await library.SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto));
  made.push(await library.AuthorityKeyIdentifierExtension.create(issuerPublicKey, false, webcrypto));
  return made;
}

function names(hosts: readonly string[]): JsonGeneralNames {
  return hosts.map((host) => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }));
}

/** RFC 5280 section 4.1.2.2: positive, and no leading zero octet. */
function positiveSerial(random: Uint8Array): string {
  const serial = Buffer.from(random);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  return serial.toString('hex');
}

function importPublicKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const spki = (key.type === 'public' ? key : createPublicKey(key)).export({ type: 'spki', format: 'der' });
  return webcrypto.subtle.importKey('spki', spki, KEY_ALGORITHM, true, ['verify']);
}

function importPrivateKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', pkcs8, KEY_ALGORITHM, false, ['sign']);
}
