/** Binary records: one value, one encoding; no read past the end. */
import t from 'tap';
import { BinaryFormatError, ByteReader, ByteWriter } from '../../lib/base/binary.js';
import { equalBytes } from '../../lib/base/bytes.js';

t.test('every form reads back as it was written', async (t) => {
  const writer = new ByteWriter(1);
  const numbers = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 53 - 1];
  writer.u8(255);
  writer.u16(65_534);
  writer.u32(4_294_967_295);
  for (const n of numbers) writer.varint(n);
  writer.bytes(Uint8Array.of(1, 2, 3));
  writer.bytes(new Uint8Array(0));
  for (const text of ['', 'cn', 'é', 'a'.repeat(127), 'a'.repeat(128), `${'a'.repeat(100)}é`])
    writer.text(text);
  const reader = new ByteReader(writer.finish());
  t.equal(reader.u8(), 255);
  t.equal(reader.u16(), 65_534);
  t.equal(reader.u32(), 4_294_967_295);
  for (const n of numbers) t.equal(reader.varint(), n);
  t.same(reader.bytes(), Uint8Array.of(1, 2, 3));
  t.same(reader.bytes(), new Uint8Array(0));
  for (const text of ['', 'cn', 'é', 'a'.repeat(127), 'a'.repeat(128), `${'a'.repeat(100)}é`])
    t.equal(reader.text(), text);
  reader.end();
});

t.test('a number has one form', async (t) => {
  const read = (...octets: number[]) => new ByteReader(Uint8Array.from(octets)).varint();
  t.throws(() => read(0x80, 0x00), BinaryFormatError);
  t.throws(() => read(0x80), BinaryFormatError);
  t.throws(() => read(255, 255, 255, 255, 255, 255, 255, 255, 1), BinaryFormatError);
  t.throws(() => read(255, 255, 255, 255, 255, 255, 255, 127), BinaryFormatError, 'above 2^53-1');
  t.throws(() => new ByteReader(Uint8Array.of(5)).varint(4), BinaryFormatError);
});

t.test('lengths and counts are checked against what is left', async (t) => {
  t.throws(() => new ByteReader(Uint8Array.of(4, 1, 2, 3)).bytes(), BinaryFormatError);
  t.throws(() => new ByteReader(Uint8Array.of(3, 1, 2, 3)).bytes(2), BinaryFormatError);
  t.throws(() => new ByteReader(Uint8Array.of(3, 1, 2, 3)).count(10, 2), BinaryFormatError);
  t.throws(() => new ByteReader(Uint8Array.of(1, 0xff)).text(), BinaryFormatError, 'not UTF-8');
  t.throws(() => new ByteReader(Uint8Array.of(0)).end(), BinaryFormatError);
  t.throws(() => new ByteReader(new Uint8Array(0)).u32(), BinaryFormatError);
});

t.test('the owner names the error', async (t) => {
  const reader = new ByteReader(new Uint8Array(0), (reason) => new RangeError(reason));
  t.throws(() => reader.u8(), RangeError);
});

t.test('a writer may be used again', async (t) => {
  const writer = new ByteWriter();
  writer.text('first');
  writer.reset();
  writer.u8(7);
  t.same(writer.view(), Uint8Array.of(7));
  t.equal(writer.length, 1);
});

t.test(
  'long octets stand where they were written, and a writer that is joined in steps is free at once',
  async (t) => {
    const writer = new ByteWriter();
    const long = new Uint8Array(3_000_000).fill(7);
    const write = () => {
      writer.reset();
      writer.text('before');
      writer.bytes(long);
      writer.bytes(long.subarray(0, 70_000));
      writer.u8(9);
      return writer.length;
    };
    const length = write();
    const expected = writer.finish();
    t.equal(expected.length, length);
    const reader = new ByteReader(expected);
    t.equal(reader.text(), 'before');
    t.ok(equalBytes(reader.bytes(), long));
    t.equal(reader.bytes().length, 70_000);
    t.equal(reader.u8(), 9);
    reader.end();
    write();
    t.ok(equalBytes(writer.view(), expected), 'as a view');
    write();
    const steps = writer.finishInSteps();
    t.equal(writer.length, 0);
    writer.text('another');
    let yields = 0;
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) yields += 1;
    t.ok(yields >= 2, `${yields} steps`);
    t.ok(equalBytes(step.value, expected));
    t.equal(new ByteReader(writer.finish()).text(), 'another');
  },
);
