/** Which attributes are secret. */
import t from 'tap';
import { firstAccessRules } from '../../lib/access/first-access-rules.js';
import { ANONYMOUS } from '../../lib/access/requester.js';
import { baseKey, RestrictedView, restrictFilter } from '../../lib/access/secret-attributes.js';
import { compileFilter } from '../../lib/filter/compile-filter.js';
import { prepareMatch } from '../../lib/filter/filter-match.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { testSchema } from '../operation/test-server.js';
import { entryOf } from './test-entries.js';

const policy = firstAccessRules();

const ENTRY = {
  cn: ['Ann'],
  userPassword: ['{TEST}x'],
  'userPassword;x-old': ['{TEST}y'],
};
const entry = () => entryOf(ENTRY, 'uid=ann,dc=example');

t.test('options do not make a secret another attribute', async (t) => {
  t.equal(baseKey('userpassword;x-old;lang-en'), 'userpassword');
  t.equal(baseKey('cn'), 'cn');
});

t.test(
  'a clause on a hidden attribute is Undefined, and so is its negation (RFC 4511 section 4.5.1.7)',
  async (t) => {
    const reader = policy.reader(ANONYMOUS);
    const whole = entry();
    const evaluate = (text: string) => {
      const compiled = compileFilter(parseFilter(text), testSchema());
      const restricted = restrictFilter(compiled, reader.mayHide);
      const viaFilter = prepareMatch(restricted)(whole);
      const viaView = prepareMatch(compiled)(new RestrictedView(whole, reader.mayHide));
      return [viaFilter, viaView];
    };
    t.equal(evaluate('(userPassword=*)')[0], undefined);
    t.equal(evaluate('(!(userPassword=*))')[0], undefined);
    t.equal(evaluate('(userPassword={TEST}x)')[0], undefined);
    t.equal(evaluate('(!(userPassword={TEST}x))')[0], undefined);
    t.equal(evaluate('(userPassword;x-old=*)')[0], undefined);
    t.same(evaluate('(|(userPassword={TEST}x)(cn=Ann))'), [true, true]);
    t.not(evaluate('(&(userPassword={TEST}x)(cn=Ann))')[0], true);
    for (const rule of ['octetStringMatch', 'caseExactMatch', '2.5.13.17']) {
      t.not(evaluate(`(:${rule}:={TEST}x)`)[0], true, `a rule without attribute: ${rule}`);
      t.not(evaluate(`(userPassword:${rule}:={TEST}x)`)[0], true, `a rule with the attribute: ${rule}`);
    }
    const visible = compileFilter(parseFilter('(&(cn=Ann)(!(sn=x)))'), testSchema());
    t.equal(restrictFilter(visible, reader.mayHide), visible, 'nothing hidden, nothing copied');
  },
);
