/** Attributes as records hold them: what is told of them without making their values. */
import t from 'tap';
import { Dictionary } from '../../lib/backend/rows/dictionary.js';
import { readAttributes, writeAttributes } from '../../lib/backend/rows/record-attributes.js';
import { ByteWriter } from '../../lib/base/binary.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import type { Attribute } from '../../lib/entry/entry.js';
import { valueCount } from '../../lib/entry/value-index.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';

t.test('how many values an attribute has is told from the record, however many octets say it', async (t) => {
  const counts = [1, 127, 128, 300, 20_000];
  const attributes = new Map<AttributeKey, Attribute>();
  for (const count of counts) {
    const values = Array.from({ length: count }, (_, n) => utf8Encode(String(n)));
    attributes.set(`a${count}` as AttributeKey, { name: `a${count}`, values });
  }
  const dictionary = Dictionary.inline();
  const out = new ByteWriter();
  writeAttributes(out, attributes, dictionary);
  const read = [...readAttributes(out.finish(), 0, dictionary).values()];
  t.same(read.map(valueCount), counts);
  t.same(
    read.map(({ values }) => values.length),
    counts,
  );
  t.same(read.map(valueCount), counts, 'and once they are made');
});
