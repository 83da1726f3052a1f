/** The digest of a certificate that binds a channel (tls-server-end-point, RFC 5929). */
import t from 'tap';
import { fromHex } from '../../lib/base/bytes.js';
import { certificateDigest } from '../../lib/schema/certificate-digest.js';

/** A certificate as far as its signature's algorithm. */
const certificate = (oid: string): Uint8Array => {
  const length = (text: string) => (text.length / 2).toString(16).padStart(2, '0');
  const algorithm = `06${length(oid)}${oid}`;
  const body = `3000${`30${length(algorithm)}${algorithm}`}030100`;
  return fromHex(`30${length(body)}${body}`) ?? new Uint8Array(0);
};

t.test('RFC 5929 section 4.1: the digest of the signature, SHA-256 for MD5 and SHA-1', async (t) => {
  for (const [oid, digest] of [
    ['2a864886f70d010104', 'sha256'],
    ['2a864886f70d010105', 'sha256'],
    ['2a864886f70d01010b', 'sha256'],
    ['2a864886f70d01010c', 'sha384'],
    ['2a864886f70d01010d', 'sha512'],
    ['2a8648ce3d0401', 'sha256'],
    ['2a8648ce3d040302', 'sha256'],
    ['2a8648ce3d040303', 'sha384'],
    ['2a8648ce3d040304', 'sha512'],
  ] as const)
    t.equal(certificateDigest(certificate(oid)), digest, oid);
});

t.test('no digest for a signature that has none of its own, and for what is no certificate', async (t) => {
  t.equal(certificateDigest(certificate('2b6570')), undefined, 'Ed25519');
  t.equal(certificateDigest(certificate('2a864886f70d01010a')), undefined, 'RSA-PSS');
  const whole = certificate('2a8648ce3d040302');
  for (let end = 0; end < whole.length; end++)
    t.doesNotThrow(() => certificateDigest(whole.subarray(0, end)), String(end));
  t.equal(certificateDigest(new Uint8Array(0)), undefined);
});
