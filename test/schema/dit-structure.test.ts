/** Rules of the DIT, resolved; how they govern entries is test/entry/check-placement.test.ts. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { buildSchema } from '../../lib/schema/load-schema.js';
import { standardFiles } from './standard-schema.js';

const CORE = must(standardFiles()[0], 'the core file');

function rulesOf(...lines: readonly string[]) {
  const schema = buildSchema([CORE, { name: 'own.ldif', text: lines.join('\n') }]);
  return { schema, ...schema.ditRules };
}

t.test('a content rule allows auxiliary classes with their superclasses', async (t) => {
  const { schema, contentRules } = rulesOf(
    "objectClasses: ( 9.2.1 NAME 'a' SUP top AUXILIARY )",
    "objectClasses: ( 9.2.2 NAME 'b' SUP a AUXILIARY )",
    "dITContentRules: ( 2.5.6.6 NAME 'r' AUX b MUST l NOT title )",
  );
  const rule = must(contentRules.get(must(schema.objectClass('person'), 'person')), 'its rule');
  for (const name of ['a', 'b', 'top']) t.ok(rule.auxiliary.has(must(schema.objectClass(name), name)), name);
  t.same(
    rule.must.map((type) => type.name),
    ['l'],
  );
  t.ok(rule.not.has(must(schema.attributeType('title'), 'title')));
});

t.test('name forms have the structure rules that name them, by name or OID', async (t) => {
  const { schema, nameForms } = rulesOf(
    "nameForms: ( 9.3.1 NAME 'f' OC organization MUST o )",
    'dITStructureRules: ( 1 FORM F )',
    'dITStructureRules: ( 2 FORM 9.3.1 SUP 1 )',
    "nameForms: ( 9.3.2 NAME 'old' OBSOLETE OC locality MUST l )",
  );
  const forms = nameForms.get(must(schema.objectClass('organization'), 'organization')) ?? [];
  t.same(forms.flatMap((form) => form.rules.map((rule) => rule.id)).sort(), ['1', '2']);
  t.equal(
    nameForms.get(must(schema.objectClass('locality'), 'locality')),
    undefined,
    'obsolete: governs nothing',
  );
});

t.test('rules that contradict classes are faults', async (t) => {
  t.throws(
    () => rulesOf("dITContentRules: ( 2.5.6.6 NAME 'r' NOT sn )"),
    /precludes 'sn', which person requires/,
  );
  t.throws(() => rulesOf("nameForms: ( 9.3.1 NAME 'f' OC person )"), /has no MUST attribute/);
});
