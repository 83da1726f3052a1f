/** Attributes in records: one form each, nothing that was not written. */
import t from 'tap';
import { BinaryFormatError, ByteReader, ByteWriter } from '../../lib/base/binary.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import {
  readAttributeHead,
  readRule,
  readValues,
  writeAttributeHead,
  writeRule,
  writeValues,
} from '../../lib/change/attribute-codec.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { equalityRules } from '../../lib/schema/equality-rules.js';

function record(write: (writer: ByteWriter) => void): ByteReader {
  const writer = new ByteWriter();
  write(writer);
  return new ByteReader(writer.finish());
}

t.test('heads and values read back as they were', async (t) => {
  const attributes = [
    { key: 'cn' as AttributeKey, name: 'cn', values: [utf8Encode('é'), new Uint8Array(0)] },
    { key: 'cn;lang-en' as AttributeKey, name: 'cn;lang-en', values: [utf8Encode('x')] },
    { key: 'givenname' as AttributeKey, name: 'givenName', values: [new Uint8Array(300)] },
    { key: '2.5.4.4' as AttributeKey, name: 'sn', values: [] },
  ];
  const reader = record((writer) => {
    for (const { key, name, values } of attributes) {
      writeAttributeHead(writer, { key, name });
      writeValues(writer, values);
    }
  });
  t.same(
    attributes.map(() => ({ ...readAttributeHead(reader), values: readValues(reader) })),
    attributes,
  );
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
