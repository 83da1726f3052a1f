/**
 * What TLS gives a connection: protocol, cipher, strength, the peer's certificate, as port TransportSecurity.
 */
import type { TLSSocket } from 'node:tls';
import type { ClientCertificate, TransportSecurity } from '../port/ldap-transport.js';

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
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
  };
}

/** Common name of a certificate that Node has parsed; undefined when there is none or more than one. */
export function commonNameOf(subject: unknown): string | undefined {
  const name = (subject as { CN?: unknown } | undefined)?.CN;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Key length of a cipher suite's bulk cipher, from its IANA name. */
export function strengthOf(cipher: string): number {
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
