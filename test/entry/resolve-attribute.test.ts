/** Attribute descriptions of update requests. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import {
  describeAttribute,
  isKnown,
  resolveAttribute,
  ruleOfAva,
} from '../../lib/entry/resolve-attribute.js';
import { rdnOf, sampleSchema } from './sample-schema.js';

const schema = sampleSchema();

t.test('a known description resolves under any name', async (t) => {
  for (const text of ['cn', 'commonName', '2.5.4.3']) t.equal(resolveAttribute(text, schema).key, 'cn');
  t.equal(resolveAttribute('CN;Lang-EN', schema).text, 'cn;lang-en');
});

t.test('unknown and malformed ones are undefinedAttributeType, shown shortened', async (t) => {
  t.throws(() => resolveAttribute('alien', schema), /attribute 'alien' is not in the schema/);
  t.throws(() => resolveAttribute('-', schema), /not a well-formed attribute description/);
  t.throws(() => resolveAttribute(`a${'x'.repeat(400)}`, schema), /\.\.\.'/);
  t.notOk(isKnown(describeAttribute('alien', schema)));
});

t.test('the values of an RDN compare in the entry by their own rule', async (t) => {
  const rule = (rdn: string) => ruleOfAva(must(rdnOf(rdn).avas[0], rdn), schema).name;
  t.equal(rule('cn=x'), 'caseIgnoreMatch');
  t.equal(rule('uidNumber=1'), 'integerMatch');
  t.equal(rule('alien=1'), 'octetStringMatch');
});
