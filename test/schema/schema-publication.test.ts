/** What cn=schema publishes: complete, strict, and read alike by us and by ldap3. */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { STEP_VALUES } from '../../lib/base/steps.js';
import { DESCRIPTION_KINDS, type DescriptionKind } from '../../lib/schema/description.js';
import { equalityRules } from '../../lib/schema/equality-rules.js';
import { buildSchema } from '../../lib/schema/load-schema.js';
import { orderingRules } from '../../lib/schema/ordering-rules.js';
import { extendSchema } from '../../lib/schema/own-definitions.js';
import { parseDescription } from '../../lib/schema/schema-parser.js';
import { substringRules } from '../../lib/schema/substring-rules.js';
import { syntaxes } from '../../lib/schema/syntaxes.js';
import { PYTHON } from '../python.js';
import { standardSchema } from './standard-schema.js';

const schema = standardSchema();

t.test('RFC 4512 section 4.2: every element is published, in strict syntax', async (t) => {
  t.equal(schema.definitions('attributeTypes').length, schema.attributeTypes.length);
  t.equal(schema.definitions('objectClasses').length, schema.objectClasses.length);
  t.equal(schema.definitions('ldapSyntaxes').length, syntaxes().length);
  const rules = equalityRules().length + orderingRules().length + substringRules().length;
  t.ok(schema.definitions('matchingRules').length > rules);
  for (const kind of DESCRIPTION_KINDS) {
    for (const text of schema.definitions(kind)) {
      const parsed = parseDescription(kind, text);
      if (typeof parsed === 'string') t.fail(`${text}: ${parsed}`);
      if (!/^\( [0-9.]+ .*\)$/.test(text) || text.includes('  ') || /DESC ''/.test(text)) t.fail(text);
    }
  }
});

t.test('what is published builds the same schema again', async (t) => {
  const lines: string[] = [];
  for (const kind of DESCRIPTION_KINDS)
    for (const text of schema.definitions(kind)) lines.push(`${kind}: ${text}`);
  const again = buildSchema([{ name: 'published', text: lines.join('\n') }]);
  for (const kind of DESCRIPTION_KINDS) t.same(again.definitions(kind), schema.definitions(kind), kind);
  t.same(
    again.attributeTypes.map((type) => [type.key, type.equality?.name, type.syntax.oid]),
    schema.attributeTypes.map((type) => [type.key, type.equality?.name, type.syntax.oid]),
  );
});

t.test('every rule and syntax that an attribute uses is published', async (t) => {
  const ids = (kind: DescriptionKind) => new Set(schema.definitions(kind).map((text) => text.split(' ')[1]));
  const rules = ids('matchingRules');
  const known = ids('ldapSyntaxes');
  for (const type of schema.attributeTypes) {
    for (const rule of [type.equality, type.ordering, type.substring])
      if (rule !== undefined) t.ok(rules.has(rule.oid), rule.name);
    t.ok(known.has(type.syntax.oid), type.syntax.oid);
  }
  for (const text of schema.definitions('matchingRules')) {
    t.ok(known.has(text.split('SYNTAX ')[1]?.split(' ')[0] ?? ''), text);
  }
});

t.test('binary syntaxes are marked for tools', async (t) => {
  const jpeg = schema.definitions('ldapSyntaxes').find((text) => text.includes("'JPEG'"));
  t.equal(jpeg, "( 1.3.6.1.4.1.1466.115.121.1.28 DESC 'JPEG' X-NOT-HUMAN-READABLE 'TRUE' )");
});

const SCRIPT = `
import json, sys
from ldap3.protocol.rfc4512 import SchemaInfo
attributes = {k: [v.encode() for v in vs] for k, vs in json.load(sys.stdin).items()}
s = SchemaInfo('cn=schema', attributes, attributes)
person = s.object_classes['inetOrgPerson']
print(json.dumps({
  'types': len(set(a.oid for a in s.attribute_types.values())),
  'classes': len(set(c.oid for c in s.object_classes.values())),
  'syntaxes': len(set(x.oid for x in s.ldap_syntaxes.values())),
  'rules': len(set(r.oid for r in s.matching_rules.values())),
  'uses': len(set(r.oid for r in s.matching_rule_uses.values())),
  'may': 'mail' in person.may_contain,
  'superior': person.superior,
  'single': s.attribute_types['uidNumber'].single_value,
  'cn': s.attribute_types['commonName'].oid,
  'noMod': s.attribute_types['entryUUID'].no_user_modification,
}))
`;

t.test('python ldap3 reads every definition', async (t) => {
  const probe = spawnSync(PYTHON, ['-c', 'import ldap3'], { timeout: 20_000 });
  if (probe.status !== 0) {
    t.pass('skipped: python3 with ldap3 is not installed', { skip: 'python3 with ldap3 is not installed' });
    return;
  }
  const input = Object.fromEntries(DESCRIPTION_KINDS.map((kind) => [kind, schema.definitions(kind)]));
  const run = spawnSync(PYTHON, ['-c', SCRIPT], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    timeout: 30_000,
  });
  t.equal(run.status, 0, run.stderr);
  const got = JSON.parse(run.stdout);
  t.match(got, {
    types: schema.attributeTypes.length,
    classes: schema.objectClasses.length,
    syntaxes: syntaxes().length,
    rules: schema.definitions('matchingRules').length,
    uses: schema.definitions('matchingRuleUse').length,
    may: true,
    superior: ['organizationalPerson'],
    single: true,
    cn: '2.5.4.3',
    noMod: true,
  });
});

t.test('it is made in steps, and is that of the schema as it is when they end', (t) => {
  const live = schema.copy();
  const steps = live.publishInSteps();
  let count = 0;
  while (steps.next().done !== true) {
    count += 1;
    if (count > 1) continue;
    const own = [
      { kind: 'attributeTypes', text: "( 9.1 NAME 'late' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )" },
    ] as const;
    live.become(extendSchema(schema, own).schema);
  }
  t.ok(count > (2 * live.sources.length) / STEP_VALUES, `${count} steps`);
  t.equal(live.definitions('attributeTypes').filter((text) => text.includes("'late'")).length, 1);
  t.equal([...live.publishInSteps()].length, 0, 'nothing is left to be made');
  t.end();
});
