/** RFC 4517 section 4.2: every ordering rule by a list in its order. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { compareBytes, utf8Encode } from '../../lib/base/bytes.js';
import { orderingRule, orderingRules } from '../../lib/schema/ordering-rules.js';

const U = '-16a6-1027-98f4-abcdefabcdef';

/** Values in rising order; items of an inner list are equal. */
const ORDERS: ReadonlyMap<string, readonly (readonly string[])[]> = new Map([
  [
    'caseIgnoreOrderingMatch',
    [
      ['', '  '],
      ['a', 'A '],
      ['a  b', 'A B'],
      ['a-b'],
      ['aa'],
      ['B'],
      ['z'],
      ['é', 'É'],
      ['\u{10400}', '\u{10428}'],
    ],
  ],
  ['caseExactOrderingMatch', [[''], ['A'], ['A b', 'A  b'], ['B'], ['a'], ['é']]],
  ['numericStringOrderingMatch', [['1'], ['10', '1 0'], ['2']]],
  [
    'integerOrderingMatch',
    [['-100'], ['-99'], ['-1'], ['0'], ['2'], ['10'], ['99'], ['100'], ['9'.repeat(400)]],
  ],
  ['octetStringOrderingMatch', [[''], ['A'], ['AA'], ['a'], ['é']]],
  ['uTCTimeOrderingMatch', [['5001010000Z'], ['9412161032Z', '9412161132+0100'], ['4901010000Z']]],
  [
    'generalizedTimeOrderingMatch',
    [
      ['00000101000000Z'],
      ['19700101000000Z', '1970010101+0100'],
      ['19700101000000.001Z'],
      ['19700101000000.01Z'],
      ['19700101000001Z'],
      ['99991231235959Z'],
      ['99991231235959-0100'],
    ],
  ],
  ['uuidOrderingMatch', [[`00000000${U}`], [`0000000a${U}`, `0000000A${U}`], [`f0000000${U}`]]],
  [
    'CSNOrderingMatch',
    [
      ['000000000000000000000001'],
      ['0000000000000000000000ab', '0000000000000000000000AB'],
      ['ffffffffffffffffffffffff'],
    ],
  ],
]);

t.test('every rule of the table has its order', async (t) => {
  t.same(
    orderingRules()
      .map((rule) => rule.name)
      .filter((name) => !ORDERS.has(name)),
    [],
  );
});

for (const [name, order] of ORDERS) {
  t.test(`${name} sorts octets as it sorts values`, async (t) => {
    const rule = must(orderingRule(name), name);
    const forms = order.map((equals) => equals.map((text) => must(rule.normalize(utf8Encode(text)), text)));
    for (const [i, equals] of forms.entries()) {
      for (const [j, others] of forms.entries()) {
        for (const a of equals)
          for (const b of others) t.equal(Math.sign(compareBytes(a, b)), Math.sign(i - j));
      }
    }
  });
}

t.test('values beyond the syntax have no form', async (t) => {
  for (const name of [
    'integerOrderingMatch',
    'generalizedTimeOrderingMatch',
    'uTCTimeOrderingMatch',
    'uuidOrderingMatch',
  ]) {
    t.equal(orderingRule(name)?.normalize(utf8Encode('x')), undefined, name);
  }
  t.equal(orderingRule('caseIgnoreMatch'), undefined, 'an equality rule is no ordering rule');
  t.equal(orderingRule('2.5.13.15'), orderingRule('INTEGERORDERINGMATCH'));
});
