/** DER as certificates need it. */
import t from 'tap';
import { childrenOf, elementAt, oidText, readName, SEQUENCE } from '../../lib/schema/der.js';
import { CERTIFICATE } from './sample-certificates.js';

t.test('elements know where they begin and end', async (t) => {
  const der = Uint8Array.of(0x30, 0x05, 0x02, 0x01, 0x07, 0x05, 0x00);
  t.same(elementAt(der, 0, der.length), { tag: SEQUENCE, at: 0, start: 2, end: 7 });
  const whole = elementAt(der, 0, der.length);
  t.same(whole && childrenOf(der, whole, 2)?.map((one) => one.tag), [0x02, 0x05]);
  t.equal(whole && childrenOf(der, whole, 1), undefined, 'more than were expected');
});

t.test(
  'what is not well-formed is undefined: every cut and every changed octet of a certificate is answered',
  async (t) => {
    for (let length = 0; length < CERTIFICATE.length; length++)
      t.equal(elementAt(CERTIFICATE, 0, length), undefined);
    for (const bytes of [[0x30], [0x30, 0x80], [0x30, 0x85, 1, 1, 1, 1, 1], [0x1f, 0x00], [0x30, 0x02, 0x00]])
      t.equal(elementAt(Uint8Array.from(bytes), 0, bytes.length), undefined, bytes.join());
  },
);

t.test('object identifiers and names', async (t) => {
  t.equal(oidText(Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d)), '1.2.840.113549');
  t.equal(oidText(Uint8Array.of(0x88, 0x37)), '2.999');
  t.equal(oidText(Uint8Array.of(0x88)), undefined);
  const name = Uint8Array.of(0x30, 0x0b, 0x31, 0x09, 0x30, 0x07, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x00);
  const element = elementAt(name, 0, name.length);
  t.same(element && readName(name, element)?.length, 1);
});
