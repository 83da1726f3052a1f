/** An attribute told by what differs answers as the attribute with its values merged does. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { EditedValues } from '../../lib/entry/edited-values.js';
import type { Attribute } from '../../lib/entry/entry.js';
import { changeValues, findValue, keyedValues, valueKey } from '../../lib/entry/value-index.js';
import { addToSum } from '../../lib/entry/value-sum.js';
import { equalityRule } from '../../lib/schema/equality-rules.js';

const RULE = must(equalityRule('caseIgnoreMatch'), 'a rule');
const of = (...values: string[]): Attribute => ({ name: 'cn', values: values.map(utf8Encode) });
const keyed = (...values: string[]) => keyedValues(of(...values), RULE);
const texts = (attribute: Attribute | undefined) => attribute?.values.map(latin1).sort();

t.test('values, count, sum and look-up', async (t) => {
  const before = of('a', 'B', 'c');
  const edit = { gone: keyed('B', 'c'), come: keyed('b', 'd') };
  const edited = must(EditedValues.after(before, 'cn', edit, RULE), 'some are left');
  t.same(texts(edited), ['a', 'b', 'd']);
  t.equal(edited.count, 3);
  t.same(edited.sum, addToSum({ high: 0, low: 0 }, edited.values, 1));
  for (const text of ['a', 'b', 'c', 'd', 'e']) {
    const key = valueKey(utf8Encode(text), RULE);
    const found = findValue(edited, key, RULE);
    const wanted = findValue({ name: 'cn', values: edited.values }, key, RULE);
    t.same(found && latin1(found), wanted && latin1(wanted));
  }
  t.equal(edited.madeOf(before), edit);
  t.equal(edited.madeOf(of('a')), undefined, 'of another one it says nothing');
});

t.test('nothing before, nothing left, all replaced', async (t) => {
  t.same(texts(EditedValues.after(undefined, 'cn', { gone: new Map(), come: keyed('x') }, RULE)), ['x']);
  t.equal(EditedValues.after(of('a'), 'cn', { gone: keyed('a'), come: new Map() }, RULE), undefined);
  const edit = { gone: keyed('a'), come: keyed('y') };
  const all = must(EditedValues.replaced(of('a', 'b'), 'cn', edit, keyed('b', 'y'), RULE), 'two are left');
  t.same(texts(all), ['b', 'y']);
  t.same(all.sum, addToSum({ high: 0, low: 0 }, all.values, 1));
  t.equal(EditedValues.replaced(of('a'), 'cn', edit, new Map(), RULE), undefined);
});

t.test('an edit of an edit is the edit of its values', async (t) => {
  const edited = must(
    EditedValues.after(of('a', 'b'), 'cn', { gone: keyed('a'), come: keyed('c') }, RULE),
    'some are left',
  );
  t.same(texts(changeValues(edited, 'cn', keyed('B'), keyed('d'), RULE)), ['c', 'd']);
});
