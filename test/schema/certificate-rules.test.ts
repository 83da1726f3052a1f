/** The component matching rules of RFC 4523 section 2. */
import t from 'tap';
import { latin1, toHex, utf8Encode } from '../../lib/base/bytes.js';
import { readCertificate, readRevocationList } from '../../lib/schema/certificate-fields.js';
import { equalityRule } from '../../lib/schema/equality-rules.js';
import { extensibleRule } from '../../lib/schema/extensible-rules.js';
import { CERTIFICATE, REVOCATION_LIST } from './sample-certificates.js';

function match(rule: string, assertion: string, value: Uint8Array): boolean | undefined | 'no assertion' {
  const matcher = extensibleRule(rule)?.matcher(utf8Encode(assertion), undefined);
  return matcher === undefined ? 'no assertion' : matcher(value);
}

const NAME = 'rdnSequence:"CN=Root CA,O=Example Org,C=DE"';
const KEY_ID = toHex(readCertificate(CERTIFICATE)?.subjectKeyIdentifier ?? new Uint8Array());

t.test('section 2.2: certificateMatch', async (t) => {
  const cases: readonly (readonly [string, boolean | 'no assertion'])[] = [
    ['{ }', true],
    ['{ serialNumber 4660 }', true],
    ['{ serialNumber 1 }', false],
    [`{ serialNumber 4660, issuer ${NAME} }`, true],
    [`{ subject rdnSequence:"cn=root  ca,o=example org,c=DE" }`, true],
    ['{ subject rdnSequence:"cn=other" }', false],
    [`{ subjectKeyIdentifier '${KEY_ID.toUpperCase()}'H }`, true],
    [`{ subjectKeyIdentifier '00'H }`, false],
    ['{ certificateValid generalTime:"20700101000000Z" }', true],
    ['{ certificateValid utcTime:"010101000000Z" }', false],
    ['{ subjectPublicKeyAlgID 1.2.840.10045.2.1 }', true],
    ['{ keyUsage { keyCertSign } }', true],
    ["{ keyUsage '0000011'B }", true],
    ['{ keyUsage { keyCertSign, digitalSignature } }', false],
    ['{ keyUsage { nonsense } }', 'no assertion'],
    ['{ pathToName { } }', 'no assertion'],
    ['4660', 'no assertion'],
  ];
  for (const [assertion, expected] of cases)
    t.equal(match('certificateMatch', assertion, CERTIFICATE), expected, assertion);
  t.equal(match('2.5.13.35', '{ }', REVOCATION_LIST), undefined, 'no certificate: Undefined');
});

t.test('section 2.5: certificateListExactMatch is the equality of revocation lists', async (t) => {
  const rule = equalityRule('certificateListExactMatch');
  const time = readRevocationList(REVOCATION_LIST)?.thisUpdate ?? '';
  const form = rule?.normalize(REVOCATION_LIST);
  const asserted = rule?.normalizeAssertion(
    utf8Encode(`{ issuer ${NAME}, thisUpdate generalTime:"${time}Z" }`),
  );
  t.equal(form && latin1(form), asserted && latin1(asserted));
  t.equal(rule?.normalizeAssertion(utf8Encode(`{ issuer ${NAME} }`)), undefined);
});

t.test('section 2.6: certificateListMatch', async (t) => {
  const cases: readonly (readonly [string, boolean | 'no assertion'])[] = [
    [`{ issuer ${NAME}, minCRLNumber 7, maxCRLNumber 7 }`, true],
    ['{ minCRLNumber 8 }', false],
    ['{ maxCRLNumber 6 }', false],
    ['{ dateAndTime generalTime:"20700101000000Z" }', true],
    ['{ dateAndTime utcTime:"010101000000Z" }', false],
    ['{ reasonFlags { keyCompromise } }', 'no assertion'],
  ];
  for (const [assertion, expected] of cases)
    t.equal(match('certificateListMatch', assertion, REVOCATION_LIST), expected, assertion);
});

t.test('sections 2.3 and 2.4: pairs', async (t) => {
  const n = CERTIFICATE.length;
  const wrap = (tag: number, body: Uint8Array) =>
    Uint8Array.of(tag, 0x82, body.length >> 8, body.length & 0xff, ...body);
  const pair = wrap(0x30, wrap(0xa0, CERTIFICATE));
  t.ok(n > 255);
  const exact = `{ issuedToThisCAAssertion { serialNumber 4660, issuer ${NAME} } }`;
  t.equal(match('certificatePairExactMatch', exact, pair), true);
  t.equal(
    match('certificatePairExactMatch', '{ issuedToThisCAAssertion { serialNumber 4660 } }', pair),
    'no assertion',
  );
  t.equal(match('certificatePairMatch', '{ issuedToThisCAAssertion { serialNumber 4660 } }', pair), true);
  t.equal(match('certificatePairMatch', '{ issuedByThisCAAssertion { serialNumber 4660 } }', pair), false);
});

t.test('section 2.7: algorithmIdentifierMatch', async (t) => {
  const algorithm = Uint8Array.of(0x30, 0x05, 0x06, 0x03, 0x2a, 0x03, 0x04);
  t.equal(match('algorithmIdentifierMatch', '{ algorithm 1.2.3.4 }', algorithm), true);
  t.equal(match('algorithmIdentifierMatch', '{ algorithm 1.2.3.5 }', algorithm), false);
  t.equal(match('algorithmIdentifierMatch', '{ algorithm 1.2.3.4 }', utf8Encode('x')), undefined);
});
