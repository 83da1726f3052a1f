/** RFC 4523 section 2.1 certificateExactMatch, over a certificate made here. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { fromHex, latin1, toHex, utf8Encode } from '../../lib/base/bytes.js';
import {
  certificateAssertionForm,
  certificateForm,
  isDerSequence,
} from '../../lib/schema/certificate-form.js';

function tlv(tag: string, content: string): string {
  const n = content.length / 2;
  const length = n < 0x80 ? n.toString(16).padStart(2, '0') : `82${n.toString(16).padStart(4, '0')}`;
  return tag + length + content;
}

const text = (tag: string, value: string) => tlv(tag, toHex(utf8Encode(value)));
const rdn = (oid: string, value: string) => tlv('31', tlv('30', tlv('06', oid) + value));
/** C=DE, O=Example Org, CN=Root CA + emailAddress, as X.501 writes it: root first. */
const NAME = tlv(
  '30',
  rdn('550406', text('13', 'DE')) +
    rdn('55040a', text('0c', 'Example  Org')) +
    rdn('2a864886f70d010901', text('16', 'CA@example.com')),
);
const ALGORITHM = tlv('30', tlv('06', '2a864886f70d01010b'));

function certificate(serial: string, version = tlv('a0', '020102'), issuer = NAME): Uint8Array {
  const tbs = tlv('30', version + tlv('02', serial) + ALGORITHM + issuer + tlv('30', ''));
  return must(fromHex(tlv('30', tbs + ALGORITHM + tlv('03', '00'))), 'hex');
}

function form(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : latin1(bytes);
}

t.test('a certificate is its serial and its issuer, leaf first, normalized', async (t) => {
  const wanted = '4660$emailaddress=ca@example.com,o=example org,c=de';
  t.equal(form(certificateForm(certificate('1234'))), wanted);
  t.equal(form(certificateForm(certificate('1234', ''))), wanted, 'version 1 has no version');
  t.equal(form(certificateForm(certificate('ff'))), '-1$emailaddress=ca@example.com,o=example org,c=de');
});

t.test('the assertion in both forms finds it', async (t) => {
  const wanted = form(certificateForm(certificate('1234')));
  const good = [
    '{ serialNumber 4660, issuer rdnSequence:"E=ca@example.com,O=Example Org,C=DE" }',
    '{serialNumber 4660,issuer rdnSequence:"1.2.840.113549.1.9.1=CA@EXAMPLE.com,o=example org,c=de"}',
    '{ issuer rdnSequence:"emailAddress=ca@example.com,O=Example Org,C=DE", serialNumber 4660 }',
    '4660$emailAddress=ca@example.com,O=Example Org,C=DE',
    ' 04660 $ e=ca@example.com, o=example org, c=de ',
  ];
  for (const one of good) t.equal(form(certificateAssertionForm(utf8Encode(one))), wanted, one);
  t.not(
    form(certificateAssertionForm(utf8Encode('4661$emailAddress=ca@example.com,O=Example Org,C=DE'))),
    wanted,
  );
});

t.test('malformed assertions have no form', async (t) => {
  const bad = [
    '',
    '4660',
    '$cn=a',
    'x$cn=a',
    '1$nonsense',
    '{',
    '{}',
    '{ serialNumber 1 }',
    '{ serialNumber 1, issuer "cn=a" }',
    '{ serialNumber 1, issuer rdnSequence:"cn=a }',
    '{ serialNumber 1 issuer rdnSequence:"cn=a" }',
    '{ serialNumber 1, serialNumber 1, issuer rdnSequence:"cn=a" }',
    `${'9'.repeat(200)}$cn=a`,
    `{${' '.repeat(50_000)}}`,
  ];
  for (const one of bad) t.equal(certificateAssertionForm(utf8Encode(one)), undefined, one.slice(0, 40));
});

t.test('every truncation and every flipped octet is answered without an exception', async (t) => {
  const good = certificate('1234');
  for (let i = 0; i < good.length; i++) {
    certificateForm(good.subarray(0, i));
    t.notOk(isDerSequence(good.subarray(0, i)));
    for (const flip of [0x01, 0x80, 0xff]) {
      const bent = Uint8Array.from(good);
      bent[i] = (bent[i] as number) ^ flip;
      certificateForm(bent);
      isDerSequence(bent);
    }
  }
  t.ok(isDerSequence(good));
  t.notOk(isDerSequence(Uint8Array.of(0x30, 0x80, 0, 0)), 'indefinite length');
  t.notOk(isDerSequence(Uint8Array.of(0x30, 0x00, 0x00)), 'octets after it');
});
