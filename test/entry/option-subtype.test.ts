/** Option subtypes of attribute keys. RFC 4512 section 2.5.3, RFC 3866. */
import t from 'tap';
import { baseKey, hasOptions, isOptionSubtype, optionsOf } from '../../lib/entry/option-subtype.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';

const key = (text: string) => text as AttributeKey;

t.test('a key splits into base and options', async (t) => {
  t.equal(baseKey(key('cn;lang-en;x-a')), 'cn');
  t.equal(baseKey(key('cn')), 'cn');
  t.same(optionsOf(key('cn;lang-en;x-a')), ['lang-en', 'x-a']);
  t.same(optionsOf(key('cn')), []);
  t.ok(hasOptions(key('cn;x')));
  t.notOk(hasOptions(key('cn')));
});

t.test('more options make a subtype, in any combination', async (t) => {
  const cases: [string, string, boolean][] = [
    ['cn', 'cn', true],
    ['cn;x', 'cn', true],
    ['cnx', 'cn', false],
    ['cnx;y', 'cn', false],
    ['cn', 'cn;x', false],
    ['cn;a;x', 'cn;x', true],
    ['cn;a;x', 'cn;a;x', true],
    ['cn;a', 'cn;a;x', false],
    ['sn;x', 'cn;x', false],
    ['cn;lang-en-gb', 'cn;lang-en-', true],
    ['cn;lang-en', 'cn;lang-en-', true],
    ['cn;lang-eng', 'cn;lang-en-', false],
    ['cn;lang-fr', 'cn;lang-', true],
  ];
  for (const [one, wanted, expected] of cases) {
    t.equal(isOptionSubtype(key(one), key(wanted)), expected, `${one} under ${wanted}`);
  }
});
