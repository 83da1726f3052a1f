/** The built-in table of how names compare, against the standard schema. */
import t from 'tap';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { isKnownNamingType, namingAttribute, normalizeNaming } from '../../lib/schema/naming-attributes.js';
import { standardSchema } from './standard-schema.js';

/** Rules whose values compare alike under the rule that names use instead. */
const SAME_AS_CASE_IGNORE = new Set([
  'caseIgnoreMatch',
  'caseIgnoreIA5Match',
  'integerMatch',
  'uuidMatch',
  'booleanMatch',
  'objectIdentifierMatch',
  'numericStringMatch',
]);

t.test(
  'every name and OID of a user type with aliases in the standard schema leads to the schema key',
  async (t) => {
    const missing: string[] = [];
    for (const type of standardSchema().attributeTypes) {
      if (type.operational || (type.names.length < 2 && !isKnownNamingType(type.name))) continue;
      for (const name of [...type.names, type.oid]) {
        if (namingAttribute(name).key !== type.key)
          missing.push(`${name} -> ${namingAttribute(name).key}, not ${type.key}`);
      }
    }
    t.same(missing, []);
  },
);

t.test(
  'the rule in names is the rule of the schema for every string type that can name an entry',
  async (t) => {
    const wrong: string[] = [];
    for (const type of standardSchema().attributeTypes) {
      if (type.operational || type.equality === undefined || !isKnownNamingType(type.name)) continue;
      const rule = type.equality.name;
      const wanted = SAME_AS_CASE_IGNORE.has(rule)
        ? 'caseIgnoreMatch'
        : rule === 'caseExactIA5Match'
          ? 'caseExactMatch'
          : rule;
      if (['distinguishedNameMatch', 'caseIgnoreListMatch', 'bitStringMatch'].includes(wanted)) continue;
      if (namingAttribute(type.name).equality !== wanted) wrong.push(`${type.name}: ${rule}`);
    }
    t.same(wrong, []);
  },
);

t.test('a type that is not in the table stands for itself, ignoring case', async (t) => {
  t.same(namingAttribute('X-Thing'), { key: 'x-thing', equality: 'caseIgnoreMatch' });
  t.notOk(isKnownNamingType('x-thing'));
  t.same(namingAttribute('constructor'), { key: 'constructor', equality: 'caseIgnoreMatch' });
});

t.test('values take the form of their rule; an unknown rule counts as caseIgnoreMatch', async (t) => {
  const form = (rule: string, value: string) =>
    latin1(normalizeNaming(rule, utf8Encode(value)) ?? utf8Encode('?'));
  t.equal(form('caseExactMatch', ' A  b '), 'A b');
  t.equal(form('caseIgnoreMatch', ' A  b '), 'a b');
  t.equal(form('telephoneNumberMatch', '+1 2-3'), '+123');
  t.equal(form('generalizedTimeMatch', '199412161032Z'), '19941216103200');
  t.equal(form('noSuchMatch', 'A'), 'a');
});
