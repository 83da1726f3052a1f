/**
 * The digest by which a certificate stands for a channel (RFC 5929 section 4.1, tls-server-end-point): that of its own signature, and SHA-256 for those that are
 * too weak. Total: undefined for what is no certificate and for signatures of no one digest (Ed25519, RSA-PSS).
 */
import { childrenOf, elementAt, OBJECT_IDENTIFIER, oidText, SEQUENCE } from './der.js';

const DIGESTS = new Map([
  ['1.2.840.113549.1.1.4', 'sha256'],
  ['1.2.840.113549.1.1.5', 'sha256'],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.1', 'sha256'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
]);

/** `sha256`, `sha384` or `sha512`. `der`: a certificate. */
export function certificateDigest(der: Uint8Array): string | undefined {
  const whole = elementAt(der, 0, der.length);
  const parts = whole?.tag === SEQUENCE ? childrenOf(der, whole, 3) : undefined;
  const algorithm = parts?.[1];
  const oid = algorithm?.tag === SEQUENCE ? elementAt(der, algorithm.start, algorithm.end) : undefined;
  if (oid?.tag !== OBJECT_IDENTIFIER) return undefined;
  return DIGESTS.get(oidText(der.subarray(oid.start, oid.end)) ?? '');
}
