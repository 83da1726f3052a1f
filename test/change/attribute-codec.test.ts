/** Attributes in records: one form each, nothing that was not written. */
import t from 'tap';
import { BinaryFormatError, ByteReader, ByteWriter } from '../../lib/base/binary.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import {
  readAttributeHead,
  readAttributes,
  readRule,
  writeAttributeHead,
  writeAttributes,
  writeRule,
} from '../../lib/change/attribute-codec.js';
import type { Attribute } from '../../lib/entry/entry.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { equalityRules } from '../../lib/schema/equality-rules.js';

function record(write: (writer: ByteWriter) => void): ByteReader {
  const writer = new ByteWriter();
  write(writer);
  return new ByteReader(writer.finish());
}

t.test('attributes read back as they were', async (t) => {
  const attributes = new Map<AttributeKey, Attribute>([
    ['cn' as AttributeKey, { name: 'cn', values: [utf8Encode('é'), new Uint8Array(0)] }],
    ['cn;lang-en' as AttributeKey, { name: 'cn;lang-en', values: [utf8Encode('x')] }],
    ['givenname' as AttributeKey, { name: 'givenName', values: [new Uint8Array(300)] }],
    ['2.5.4.4' as AttributeKey, { name: 'sn', values: [utf8Encode('y')] }],
  ]);
  const reader = record((writer) => writeAttributes(writer, attributes));
  t.same([...readAttributes(reader)], [...attributes]);
  reader.end();
});

t.test('a key is spelled out only when the name does not say it', async (t) => {
  const refuse = (name: string, key: string) => {
    const reader = record((writer) => {
      writer.text(name);
      writer.text(key);
    });
    t.throws(() => readAttributeHead(reader), BinaryFormatError, `${name} ${key}`);
  };
  refuse('cn', 'cn');
  refuse('cn', 'CN');
  refuse('', '');
  refuse('c'.repeat(513), '');
  t.same(readAttributeHead(record((w) => writeAttributeHead(w, { name: 'CN', key: 'cn' as AttributeKey }))), {
    name: 'CN',
    key: 'cn',
  });
});

t.test('rules that we know have a number, and only that', async (t) => {
  for (const name of ['caseIgnoreMatch', 'octetStringMatch', 'somebodyElsesMatch'])
    t.equal(readRule(record((w) => writeRule(w, name))), name);
  t.equal(record((w) => writeRule(w, 'caseIgnoreMatch')).left, 1);
  t.throws(() => readRule(new ByteReader(Uint8Array.of(250))), BinaryFormatError);
  const spelled = record((w) => {
    w.u8(0);
    w.text('caseIgnoreMatch');
  });
  t.throws(() => readRule(spelled), BinaryFormatError);
  for (const { name } of equalityRules())
    t.equal(record((w) => writeRule(w, name)).left, 1, `${name} has a number`);
});

t.test('an attribute twice or without a value is refused', async (t) => {
  const twice = record((w) => {
    w.varint(2);
    for (let i = 0; i < 2; i++) {
      writeAttributeHead(w, { name: 'cn', key: 'cn' as AttributeKey });
      w.varint(1);
      w.bytes(Uint8Array.of(i));
    }
  });
  t.throws(() => readAttributes(twice), BinaryFormatError);
  const empty = record((w) => {
    w.varint(1);
    writeAttributeHead(w, { name: 'cn', key: 'cn' as AttributeKey });
    w.varint(0);
  });
  t.throws(() => readAttributes(empty), BinaryFormatError);
});
