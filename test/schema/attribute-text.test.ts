/** Attribute descriptions as text (RFC 4512 section 2.5). */
import t from 'tap';
import { readAttributeDescription } from '../../lib/schema/attribute-text.js';

t.test('type and options are split; options are folded, sorted and unique', async (t) => {
  t.same(readAttributeDescription('cn'), { type: 'cn', options: [], binary: false });
  t.same(readAttributeDescription('2.5.4.3;B;a;b'), { type: '2.5.4.3', options: ['a', 'b'], binary: false });
  t.same(readAttributeDescription('Cn;binary;x'), { type: 'Cn', options: ['x'], binary: true });
});

t.test('anything else is malformed', async (t) => {
  for (const text of ['', 'cn;', ';', '1', '1..2', 'a.b', 'cn;é', 'c\0n', '__proto__'])
    t.equal(readAttributeDescription(text), undefined, text);
});
