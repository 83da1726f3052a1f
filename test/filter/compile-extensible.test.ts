/** Extensible clauses on entries: DN values, rules without attribute, bits. RFC 4511 section 4.5.1.7.7. */
import t from 'tap';
import { compileExtensible } from '../../lib/filter/compile-extensible.js';
import { compileFilter } from '../../lib/filter/compile-filter.js';
import { matchFilter } from '../../lib/filter/filter-match.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { attributesOf, bytes, sampleSchema, viewOf } from '../entry/sample-schema.js';

const entry = viewOf(
  'cn=Ann Lee,ou=Staff,o=Org',
  attributesOf({
    cn: ['Ann Lee'],
    mail: ['a@x'],
    uidNumber: ['6'],
    number: ['-2147483646'],
    description: ['one Two three'],
    member: ['cn=x,o=y'],
  }),
  attributesOf({ createTimestamp: ['20260102000000Z'] }),
);
const match = (text: string) => matchFilter(compileFilter(parseFilter(text), sampleSchema()), entry);

t.test('dnAttributes looks at the values in the DN too', async (t) => {
  t.equal(match('(ou:dn:=staff)'), true);
  t.equal(match('(ou:=staff)'), false);
  t.equal(match('(ou:dn:caseExactMatch:=staff)'), false);
  t.equal(match('(name:dn:=STAFF)'), true, 'subtypes in the DN as well');
  t.equal(match('(:dn:caseIgnoreMatch:=staff)'), true);
  t.equal(match('(ou:dn:=nobody)'), false);
});

t.test('a rule without attribute is tried on every attribute that it suits', async (t) => {
  t.equal(match('(:caseExactMatch:=Ann Lee)'), true);
  t.equal(match('(:caseExactMatch:=ann lee)'), false);
  t.equal(match('(:caseIgnoreMatch:=A@X)'), true, 'IA5 strings are strings');
  t.equal(match('(:distinguishedNameMatch:=CN=X, O=Y)'), true);
  t.equal(match('(:integerMatch:=6)'), true);
  t.equal(match('(:generalizedTimeMatch:=20260102000000Z)'), true, 'computed attributes too');
});

t.test("bits (Active Directory 803 and 804), in two's complement", async (t) => {
  t.equal(match('(uidNumber:1.2.840.113556.1.4.803:=6)'), true);
  t.equal(match('(uidNumber:1.2.840.113556.1.4.803:=5)'), false);
  t.equal(match('(uidNumber:1.2.840.113556.1.4.804:=5)'), true);
  t.equal(match('(number:1.2.840.113556.1.4.803:=2147483648)'), true, 'as groupType is asked for');
});

t.test('ordering and word rules', async (t) => {
  t.equal(match('(createTimestamp:generalizedTimeOrderingMatch:=20270101000000Z)'), true);
  t.equal(match('(createTimestamp:generalizedTimeOrderingMatch:=20250101000000Z)'), false);
  t.equal(match('(description:wordMatch:=two)'), true);
  t.equal(match('(description:wordMatch:=tw)'), false);
});

t.test('a value that the rule cannot judge makes the clause Undefined', async (t) => {
  t.equal(match('(cn:1.2.840.113556.1.4.803:=1)'), undefined);
  t.equal(match('(!(cn:1.2.840.113556.1.4.803:=1))'), undefined);
});

t.test('no rule to go by is no clause', async (t) => {
  const item = {
    keys: undefined,
    description: undefined,
    rule: undefined,
    value: bytes('x'),
    dnAttributes: true,
  };
  t.equal(compileExtensible(item, sampleSchema()), undefined);
});
