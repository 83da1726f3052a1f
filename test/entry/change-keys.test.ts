/** Keys of a change: normalized once, in steps or at once. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import { whole } from '../../lib/base/steps.js';
import type { AttributeChange } from '../../lib/change/change.js';
import { keysInSteps, keysOfChange, rememberKeys } from '../../lib/entry/change-keys.js';
import { valueKey } from '../../lib/entry/value-index.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { equalityRule } from '../../lib/schema/equality-rules.js';

const RULE = must(equalityRule('caseIgnoreMatch'), 'a rule');
const changeOf = (remove: string[], add: string[]): AttributeChange => ({
  key: 'cn' as AttributeKey,
  name: 'cn',
  equality: RULE.name,
  single: false,
  clear: false,
  remove: remove.map(utf8Encode),
  add: add.map(utf8Encode),
  increment: 0n,
});

t.test('keys of the values removed, then of those added', async (t) => {
  const change = changeOf(['A', 'b'], ['C  d']);
  const wanted = ['a', 'B', 'c d'].map((text) => valueKey(utf8Encode(text), RULE));
  t.same(keysOfChange(change, RULE), wanted);
  t.equal(keysOfChange(change, RULE), keysOfChange(change, RULE), 'made once');
  t.equal(whole(keysInSteps(change, RULE)), keysOfChange(change, RULE));
});

t.test('who made the change may know them', async (t) => {
  const change = changeOf([], ['A']);
  const keys = [valueKey(utf8Encode('a'), RULE)];
  rememberKeys(change, keys);
  t.equal(keysOfChange(change, RULE), keys);
});
