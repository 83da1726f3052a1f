/** Claims about the BER reader and writer together (X.690 as narrowed by RFC 4511 section 5.1). */
import t from 'tap';
import { fromHex, toHex, utf8Encode } from '../../lib/base/bytes.js';
import { BerError } from '../../lib/ber/ber-error.js';
import { BerReader } from '../../lib/ber/ber-reader.js';
import { BerWriter } from '../../lib/ber/ber-writer.js';
import { TAG } from '../../lib/ber/tags.js';

function reader(hex: string): BerReader {
  return new BerReader(fromHex(hex) as Uint8Array);
}

t.test('integers of one to four octets are read as two-complement', async (t) => {
  const cases: [string, number][] = [
    ['020100', 0],
    ['02017f', 127],
    ['0201ff', -1],
    ['02020080', 128],
    ['02027fff', 32767],
    ['02047fffffff', 2147483647],
    ['020480000000', -2147483648],
    ['020400000001', 1],
  ];
  for (const [hex, value] of cases) t.equal(reader(hex).integer(), value, hex);
  t.throws(() => reader('0200').integer(), BerError);
  t.throws(() => reader('02050000000001').integer(), BerError);
});

t.test('integers are written in their shortest form and read back', async (t) => {
  const writer = new BerWriter(16);
  for (const value of [
    0, 1, 127, 128, 255, 256, 32767, 32768, 8388607, 8388608, 2147483647, -1, -128, -129, -2147483648,
  ]) {
    writer.reset();
    writer.integer(value);
    const bytes = writer.copySince(0);
    t.equal(new BerReader(bytes).integer(), value);
    if (bytes.length > 3) {
      const nine = ((bytes[2] as number) << 1) | ((bytes[3] as number) >> 7);
      t.ok(nine !== 0 && nine !== 0x1ff, `shortest: ${toHex(bytes)}`);
    }
  }
});

t.test(
  'long and padded length forms are read, indefinite and five-octet ones refused (RFC 4511 section 5.1)',
  async (t) => {
    for (const hex of ['0401aa', '048101aa', '04820001aa', '0483000001aa', '048400000001aa'])
      t.equal(toHex(reader(hex).octets()), 'aa', hex);
    t.throws(() => reader('0480aa0000').octets(), BerError, 'indefinite');
    t.throws(() => reader('04850000000001aa').octets(), BerError, 'five octets');
    t.throws(() => reader('0484ffffffff').octets(), BerError, 'an unsigned length above what is there');
    t.throws(() => reader('04ff').octets(), BerError);
  },
);

t.test('an element never reaches beyond what holds it', async (t) => {
  const r = reader('30030402aabbcc');
  r.enter(TAG.sequence);
  t.throws(() => r.octets(), BerError);
});

t.test('constructed octet strings and high tag numbers are refused', async (t) => {
  t.throws(() => reader('240304 01aa'.replace(' ', '')).octets(), BerError);
  t.throws(() => reader('3f8101 00'.replace(' ', '')).skip(), BerError);
});

t.test(
  'leave() wants everything read; leaveExtensible() passes well-formed components that it does not know',
  async (t) => {
    const strict = reader('3006020105040100');
    const outer = strict.enter(TAG.sequence);
    strict.integer();
    t.throws(() => strict.leave(outer), BerError);
    const loose = reader('3006020105040100');
    const saved = loose.enter(TAG.sequence);
    loose.integer();
    loose.leaveExtensible(saved);
    loose.finish();
    const broken = reader('3006020105040200');
    const kept = broken.enter(TAG.sequence);
    broken.integer();
    t.throws(() => broken.leaveExtensible(kept), BerError);
  },
);

t.test('octets are views of the input, not copies', async (t) => {
  const bytes = fromHex('0402aabb') as Uint8Array;
  const view = new BerReader(bytes).octets();
  t.equal(view.buffer, bytes.buffer);
});

t.test('text is strict UTF-8', async (t) => {
  t.equal(reader('0403c3a978').text(), 'éx');
  t.equal(reader('0402c328').text(), undefined);
  t.equal(reader('0403eda080').text(), undefined, 'a lone surrogate');
  t.equal(reader('0402c080').text(), undefined, 'an over-long form');
  t.equal(reader('0400').text(), '');
});

t.test('what the writer writes, lengths around every boundary, the reader reads', async (t) => {
  for (const length of [0, 1, 24, 25, 64, 65, 127, 128, 255, 256, 65535, 65536, 1_100_000]) {
    const writer = new BerWriter(8);
    const value = new Uint8Array(length).fill(7);
    const mark = writer.length;
    writer.null();
    writer.boolean(true);
    writer.octets(value);
    writer.text('é'.repeat(length % 100));
    writer.text('a'.repeat(length % 100));
    writer.wrap(TAG.sequence, mark);
    const r = new BerReader(writer.bytes());
    const outer = r.enter(TAG.sequence);
    t.equal(r.text(), 'a'.repeat(length % 100));
    t.equal(r.text(), 'é'.repeat(length % 100));
    t.equal(r.octets().length, length);
    t.equal(r.boolean(), true);
    r.null();
    r.leave(outer);
    r.finish();
  }
});

t.test('a writer can be reset, copied from a mark and cut back to it', async (t) => {
  const writer = new BerWriter(8);
  writer.octets(utf8Encode('abc'));
  const mark = writer.length;
  writer.boolean(false);
  t.equal(toHex(writer.copySince(mark)), '010100');
  writer.dropSince(mark);
  t.equal(toHex(writer.bytes()), '0403616263');
  writer.raw(new Uint8Array(3_000_000));
  writer.reset();
  t.equal(writer.length, 0);
  writer.null();
  t.equal(toHex(writer.bytes()), '0500');
});

t.test('element() answers a whole element with its header', async (t) => {
  const r = reader('0201050402aabb');
  t.equal(toHex(r.element()), '020105');
  t.equal(toHex(r.element()), '0402aabb');
  t.ok(r.atEnd);
  t.equal(r.peekTag(), -1);
  t.throws(() => r.element(), BerError);
});
