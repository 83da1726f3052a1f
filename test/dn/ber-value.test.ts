/** BER values in names (RFC 4514 section 2.4). */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { fromHex, toHex, utf8Decode } from '../../lib/base/bytes.js';
import { decodeBerValue, encodeBerOctets } from '../../lib/dn/ber-value.js';

function decoded(hex: string): string | undefined {
  const value = decodeBerValue(must(fromHex(hex), 'hex'));
  return value === undefined ? undefined : (utf8Decode(value) ?? `#${toHex(value)}`);
}

t.test('string types become their characters in UTF-8', async (t) => {
  t.equal(decoded('04024869'), 'Hi', 'OCTET STRING');
  for (const tag of ['0c', '12', '13', '16', '17', '18', '1a']) t.equal(decoded(`${tag}024869`), 'Hi', tag);
  t.equal(decoded('1402e9e8'), 'éè', 'TeletexString as Latin-1');
  t.equal(decoded('1e0400e90041'), 'éA', 'BMPString');
  t.equal(decoded('1c080001f60000000041'), '\u{1f600}A', 'UniversalString');
});

t.test('BOOLEAN and INTEGER become their LDAP text; other types keep their encoding', async (t) => {
  t.equal(decoded('0101ff'), 'TRUE');
  t.equal(decoded('010100'), 'FALSE');
  t.equal(decoded('020180'), '-128');
  t.equal(decoded('02020080'), '128');
  t.equal(decoded('30030c0161'), '0\x03\f\x01a', 'a SEQUENCE as it is');
});

t.test('anything but one definite element is refused', async (t) => {
  const bad = [
    '',
    '04',
    '0480',
    '040161ff',
    '0402',
    '04810',
    '1e0100',
    '1e02d800',
    '1c0400110000',
    '0200',
    '01020000',
    '1f0100',
    '0485000000000161',
  ];
  for (const hex of bad) {
    const bytes = fromHex(hex);
    if (bytes !== undefined) t.equal(decodeBerValue(bytes), undefined, hex);
  }
});

t.test('an octet string of any length comes back', async (t) => {
  for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536, 70_000]) {
    const value = new Uint8Array(length).fill(7);
    const ber = encodeBerOctets(value);
    t.equal(decodeBerValue(ber)?.length, length);
  }
});
