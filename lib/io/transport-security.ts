/**
 * What TLS gives a connection: protocol, cipher, strength, the peer's certificate, as port TransportSecurity.
 */
import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { concatBytes, utf8Encode } from '../base/bytes.js';
import type { ClientCertificate, TransportSecurity } from '../port/ldap-transport.js';
import { certificateDigest } from '../schema/certificate-digest.js';

/** A connection in clear text. */
export const NO_TLS: TransportSecurity = { tls: false, strengthBits: 0 };

/** A Unix-domain socket. */
export const LOCAL: TransportSecurity = { tls: false, local: true, strengthBits: 0 };

/** Facts of a finished handshake, at the server's end. */
export function securityOf(socket: TLSSocket): TransportSecurity {
  const cipher = socket.getCipher().standardName ?? socket.getCipher().name;
  const certificate = clientCertificateOf(socket);
  return {
    tls: true,
    protocol: socket.getProtocol() ?? 'TLS',
    cipher,
    strengthBits: strengthOf(cipher),
    channelBinding: (type) => channelBinding(socket, type),
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
  };
}

/** RFC 9266 section 2. With TLS 1.2 it would need an extended master secret, of which Node does not tell. */
const EXPORTER = { label: 'EXPORTER-Channel-Binding', octets: 32 } as const;

/** libldap's own type: the name of a registered one before its data, as GSSAPI has it. */
const LIBLDAP = { type: 'ldap', prefix: 'tls-server-end-point:' } as const;

/** The data of a channel binding type at the server's end. */
function channelBinding(socket: TLSSocket, type: string): Uint8Array | undefined {
  if (type === 'tls-exporter' && socket.getProtocol() === 'TLSv1.3')
    return socket.exportKeyingMaterial(EXPORTER.octets, EXPORTER.label, Buffer.alloc(0));
  if (type !== 'tls-server-end-point' && type !== LIBLDAP.type) return undefined;
  const own = socket.getCertificate();
  const der = own !== null && 'raw' in own && own.raw instanceof Uint8Array ? own.raw : undefined;
  const digest = der === undefined ? undefined : certificateDigest(der);
  if (der === undefined || digest === undefined) return undefined;
  const data = createHash(digest).update(der).digest();
  return type === LIBLDAP.type ? concatBytes([utf8Encode(LIBLDAP.prefix), data]) : data;
}

/** Common name of a certificate that Node has parsed; undefined when there is none or more than one. */
export function commonNameOf(subject: unknown): string | undefined {
  const name = (subject as { CN?: unknown } | undefined)?.CN;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Key length of a cipher suite's bulk cipher, from its IANA name. */
function strengthOf(cipher: string): number {
  if (cipher.includes('256') && !cipher.includes('_128_')) return 256;
  if (cipher.includes('CHACHA20')) return 256;
  return cipher.includes('128') ? 128 : 112;
}

function clientCertificateOf(socket: TLSSocket): ClientCertificate | undefined {
  const certificate = socket.getPeerCertificate();
  if (certificate === null || certificate.raw === undefined) return undefined;
  // A TLSSocket made over an accepted socket does not set `authorized`; this is what tls.Server itself asks.
  const verifier = (socket as unknown as { _handle?: { verifyError?(): Error | null | undefined } })._handle;
  const verified = verifier?.verifyError !== undefined && !verifier.verifyError();
  return { der: new Uint8Array(certificate.raw), commonName: commonNameOf(certificate.subject), verified };
}
