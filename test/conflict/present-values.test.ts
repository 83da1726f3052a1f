/** Values while rows are undone and redone. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { whole } from '../../lib/base/steps.js';
import { PresentValues } from '../../lib/conflict/present-values.js';
import { equalityRule } from '../../lib/schema/equality-rules.js';

const ignore = must(equalityRule('caseIgnoreMatch'), 'rule');
const exact = must(equalityRule('octetStringMatch'), 'rule');

t.test(
  'values equal under a later rule share a key and are taken together, octet for octet put back',
  async (t) => {
    const present = new PresentValues(exact, ['a', 'A', 'b'].map(utf8Encode));
    t.equal(present.has(utf8Encode('B')), false);
    whole(present.compareBy(ignore));
    t.equal(present.has(utf8Encode('B')), true);
    t.equal(present.takeExactly(utf8Encode('A')), true);
    t.equal(present.takeExactly(utf8Encode('A')), false);
    present.put(utf8Encode('A'));
    t.same(present.take(utf8Encode('a')).map(latin1).sort(), ['A', 'a']);
    t.equal(present.count, 1);
    t.same(present.take(utf8Encode('a')), []);
    t.same(present.takeAll().map(latin1), ['b']);
    t.equal(present.count, 0);
  },
);
