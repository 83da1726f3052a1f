/** UTF-8 and octets. */
import t from 'tap';
import {
  beginsWith,
  compareBytes,
  concatBytes,
  emptyBytes,
  equalBytes,
  fromBase64,
  fromHex,
  fromLatin1,
  isAscii,
  isUtf8,
  latin1,
  readHex,
  toBase64,
  toHex,
  utf8Decode,
  utf8Encode,
} from '../../lib/base/bytes.js';

const every = Uint8Array.from({ length: 256 }, (_, i) => i);

t.test('RFC 3629: malformed UTF-8 is an answer, never a replacement character', async (t) => {
  const malformed = [
    '80',
    'c3',
    'c328',
    'c080',
    'e28228',
    'eda080',
    'edbfbf',
    'f0288cbc',
    'f4908080',
    'f8a1a1a1a1',
    'ff',
  ];
  for (const hex of malformed) {
    const bytes = fromHex(hex);
    t.equal(bytes && utf8Decode(bytes), undefined, hex);
    t.equal(
      bytes && utf8Decode(concatBytes([utf8Encode('before '), bytes, utf8Encode(' after')])),
      undefined,
      hex,
    );
  }
});

t.test('well-formed UTF-8 comes back as it was, byte order mark and NUL included', async (t) => {
  for (const text of ['', 'plain', 'a\u0000b', 'Łódź', '日本', '\u{1f600}', '\ufeffmarked', '\uffff']) {
    t.equal(utf8Decode(utf8Encode(text)), text, JSON.stringify(text));
  }
});

t.test('latin1, hex and base64 are lossless for every octet', async (t) => {
  t.same(fromLatin1(latin1(every)), Buffer.from(every));
  t.same(fromHex(toHex(every)), Buffer.from(every));
  t.same(fromBase64(toBase64(every)), Buffer.from(every));
});

t.test('text that is not hex or not strict base64 is refused', async (t) => {
  for (const text of ['0', 'zz', '0g', ' 00']) t.equal(fromHex(text), undefined, JSON.stringify(text));
  for (const text of ['QQ', 'Q===', 'Q Q=', 'QR==', '-_==', '===='])
    t.equal(fromBase64(text), undefined, text);
  t.same(fromHex(''), Buffer.alloc(0));
  t.same(fromBase64(''), Buffer.alloc(0));
});

t.test('order and equality are those of the octets, as LevelDB sorts', async (t) => {
  const values = [
    emptyBytes(),
    ...[0, 1, 127, 128, 255].flatMap((a) => [Uint8Array.of(a), Uint8Array.of(a, 0), Uint8Array.of(a, 255)]),
  ];
  for (const [i, a] of values.entries()) {
    for (const [j, b] of values.entries()) {
      if (Math.sign(compareBytes(a, b)) !== Math.sign(i - j)) t.fail(`${toHex(a)} ${toHex(b)}`);
      if (equalBytes(a, b) !== (i === j)) t.fail(`${toHex(a)} ${toHex(b)}`);
    }
  }
  const long = new Uint8Array(100).fill(7);
  const other = Uint8Array.from(long);
  t.ok(equalBytes(long, other));
  other[99] = 8;
  t.notOk(equalBytes(long, other));
});

t.test('ASCII is what has no octet above 0x7f', async (t) => {
  t.ok(isAscii(every.subarray(0, 128)));
  t.notOk(isAscii(every.subarray(0, 129)));
  t.ok(isAscii(emptyBytes()));
});

t.test('a byte string begins with its own beginnings and no other', async (t) => {
  const bytes = Uint8Array.of(1, 2, 3);
  for (let length = 0; length <= 3; length++) t.ok(beginsWith(bytes, bytes.subarray(0, length)));
  for (const other of [[2], [1, 3], [1, 2, 4], [1, 2, 3, 0]])
    t.notOk(beginsWith(bytes, Uint8Array.from(other)));
});

t.test('long values are UTF-8 or not as short ones are, wherever a character stands', async (t) => {
  for (const lead of [65_532, 65_533, 65_534, 65_535, 65_536, 131_071]) {
    const value = utf8Encode(`${'a'.repeat(lead)}\u{1F600}ß`);
    t.ok(isUtf8(value), `${lead} octets before it`);
    t.notOk(isUtf8(value.subarray(0, -1)), 'the last character cut short');
    const broken = value.slice();
    broken[lead + 1] = 0x41;
    t.notOk(isUtf8(broken), 'a character broken in the middle');
  }
});

t.test('hex digits are read as the number that they write, as far as numbers are exact', async (t) => {
  for (const text of ['0', '7f', 'ffff', '018bcfe56800', '1fffffffffffff'])
    t.equal(readHex(`x${text}y`, 1, text.length), Number.parseInt(text, 16));
});
