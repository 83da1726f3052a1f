/** Fields of X.509 certificates and revocation lists (RFC 5280). */
import t from 'tap';
import { centuryOf, readCertificate, readRevocationList } from '../../lib/schema/certificate-fields.js';
import { CERTIFICATE, ISSUER, REVOCATION_LIST } from './sample-certificates.js';

t.test('a certificate', async (t) => {
  const fields = readCertificate(CERTIFICATE);
  t.match(fields, { serial: '4660', issuer: ISSUER, subject: ISSUER, algorithm: '1.2.840.10045.2.1' });
  t.same([...(fields?.keyUsage ?? [])], [5, 6]);
  t.equal(fields?.subjectKeyIdentifier?.length, 20);
  t.ok(fields !== undefined && fields.notBefore < fields.notAfter);
});

t.test('a revocation list', async (t) => {
  const fields = readRevocationList(REVOCATION_LIST);
  t.match(fields, { issuer: ISSUER, number: 7n });
  t.ok(fields?.nextUpdate !== undefined && fields.thisUpdate < fields.nextUpdate);
});

t.test('anything else is undefined, and nothing throws: cut, changed, swapped', async (t) => {
  t.equal(readCertificate(REVOCATION_LIST), undefined);
  t.equal(readRevocationList(CERTIFICATE), undefined);
  for (let i = 0; i < CERTIFICATE.length; i++) {
    readCertificate(CERTIFICATE.subarray(0, i));
    const changed = new Uint8Array(CERTIFICATE);
    changed[i] = (changed[i] as number) ^ 0xff;
    readCertificate(changed);
    readRevocationList(changed);
  }
});

t.test('RFC 5280 section 4.1.2.5.1: a UTCTime lies between 1950 and 2049', async (t) => {
  t.equal(centuryOf('490101000000Z'), '20');
  t.equal(centuryOf('500101000000Z'), '19');
});
