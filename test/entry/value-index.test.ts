/** Sets of values: the same answers for small and large attributes, for fresh and changed images. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import type { Attribute } from '../../lib/entry/entry.js';
import {
  changeValues,
  findValue,
  keptValueCount,
  keyedValues,
  valueKey,
} from '../../lib/entry/value-index.js';
import { equalityRule } from '../../lib/schema/equality-rules.js';
import { bytes, textOf } from './sample-schema.js';

const rule = must(equalityRule('caseIgnoreMatch'), 'rule');
const exact = must(equalityRule('caseExactMatch'), 'rule');
const integer = must(equalityRule('integerMatch'), 'rule');
const attribute = (values: readonly string[]): Attribute => ({ name: 'cn', values: values.map(bytes) });
const list = (count: number) => Array.from({ length: count }, (_, i) => `Value ${i}`);
const key = (text: string) => valueKey(bytes(text), rule);

t.test('values are found under their rule, in small and large attributes', async (t) => {
  for (const count of [1, 63, 64, 5000]) {
    const one = attribute(list(count));
    t.equal(textOf(must(findValue(one, key('VALUE 0'), rule), 'there')), 'Value 0');
    t.equal(findValue(one, key(`value ${count}`), rule), undefined);
    t.equal(keyedValues(one, rule).size, count);
    t.equal(
      findValue(one, valueKey(bytes('VALUE 0'), exact), exact),
      undefined,
      'a set of another rule is not used',
    );
  }
  t.equal(findValue(undefined, key('x'), rule), undefined);
});

t.test('a value that the rule cannot normalize equals its own octets only', async (t) => {
  const odd = attribute(['12', 'twelve']);
  t.ok(findValue(odd, valueKey(bytes('twelve'), integer), integer));
  t.notOk(findValue(odd, valueKey(bytes('TWELVE'), integer), integer));
});

t.test('changed images answer as if made anew, over many generations', async (t) => {
  let image: Attribute | undefined = attribute(list(1000));
  findValue(image, key('value 1'), rule);
  const expected = new Map(list(1000).map((text) => [text.toLowerCase(), text]));
  let seed = 7;
  for (let generation = 0; generation < 600; generation++) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    const text = `Value ${seed % 1500}`;
    const stored = findValue(image, key(text), rule);
    t.equal(stored !== undefined, expected.has(text.toLowerCase())) || t.bailout('diverged');
    const gone = stored === undefined ? new Map() : new Map([[key(text), stored]]);
    const come =
      stored === undefined || seed % 3 === 0 ? new Map([[key(text), bytes(text.toUpperCase())]]) : new Map();
    image = changeValues(image, 'cn', gone, come, rule);
    if (stored !== undefined) expected.delete(text.toLowerCase());
    if (come.size > 0) expected.set(text.toLowerCase(), text.toUpperCase());
  }
  const left = must(image, 'image').values.map(textOf).sort();
  t.same(left, [...expected.values()].sort());
});

t.test('an attribute without values is none', async (t) => {
  const one = attribute(['a']);
  const gone = new Map([[key('a'), must(one.values[0], 'a')]]);
  t.equal(changeValues(one, 'cn', gone, new Map(), rule), undefined);
  t.same(changeValues(undefined, 'cn', new Map(), new Map([[key('a'), bytes('a')]]), rule), one);
});

t.test('what is kept is bounded', async (t) => {
  const octets = must(equalityRule('octetStringMatch'), 'rule');
  const values = list(50_000).map(bytes);
  for (let i = 0; i < 12; i++) findValue({ name: 'cn', values }, key('x'), octets);
  t.ok(keptValueCount() <= 500_000, `${keptValueCount()} values`);
});
