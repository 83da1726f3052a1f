/** Modify requests for cn=schema, as far as they follow from the definitions alone. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import { editDefinitions, type SchemaModification } from '../../lib/schema/edit-definitions.js';
import type { OwnDefinition } from '../../lib/schema/own-definitions.js';
import { standardSchema } from './standard-schema.js';

const STRING = 'SYNTAX 1.3.6.1.4.1.1466.115.121.1.15';
const BADGE = `( 9.1.1 NAME 'badge' ${STRING} )`;
const KEPT: OwnDefinition = {
  kind: 'attributeTypes',
  text: `( 9.1.1 NAME 'badge' ${STRING} X-ORIGIN 'user defined' X-SCHEMA-FILE '99-user.ldif' )`,
};

function edit(
  own: readonly OwnDefinition[],
  ...changes: readonly (readonly [string, string, ...string[]])[]
) {
  const modifications = changes.map(
    ([operation, attribute, ...values]) =>
      ({ operation, attribute, values: values.map(utf8Encode) }) as SchemaModification,
  );
  try {
    return editDefinitions(standardSchema(), own, modifications);
  } catch (error) {
    if (error instanceof LdapError) return `${error.result}: ${error.message}`;
    throw error;
  }
}

t.test('add keeps the definition in strict syntax, with its origin, as OpenDJ does', async (t) => {
  t.same(
    edit(
      [],
      ['add', 'attributetypes', `(9.1.1 NAME'badge' ${STRING.toLowerCase().replace('syntax', 'syntax')})`],
    ),
    [KEPT],
  );
  t.same(edit([], ['add', 'attributeTypes', `( 9.1.1 NAME 'badge' ${STRING} X-ORIGIN 'Acme' )`]), [
    {
      kind: 'attributeTypes',
      text: `( 9.1.1 NAME 'badge' ${STRING} X-ORIGIN 'Acme' X-SCHEMA-FILE '99-user.ldif' )`,
    },
  ]);
});

t.test('delete takes a definition by its OID, whatever else is written, and by name', async (t) => {
  for (const value of [BADGE, "( 9.1.1 NAME 'other' )", '9.1.1', 'BADGE'])
    t.same(edit([KEPT], ['delete', 'attributeTypes', value]), [], value);
  t.same(edit([KEPT], ['delete', 'attributeTypes']), []);
  t.match(edit([], ['delete', 'attributeTypes', BADGE]), /^noSuchAttribute: /);
});

t.test('delete and add in one request replace a definition', async (t) => {
  const other = `( 9.1.1 NAME 'badge' DESC 'new' ${STRING} )`;
  const [only, ...more] = edit(
    [KEPT],
    ['delete', 'attributeTypes', BADGE],
    ['add', 'attributeTypes', other],
  ) as readonly OwnDefinition[];
  t.match(only?.text, /DESC 'new'/);
  t.same(more, []);
  t.match(edit([KEPT], ['add', 'attributeTypes', other]), /^attributeOrValueExists: .*delete the old value/);
});

t.test('replace sets what was added; definitions of the installation stay, listed or not', async (t) => {
  const cn =
    standardSchema()
      .definitions('attributeTypes')
      .find((text) => text.includes("'cn'")) ?? '';
  t.same(edit([KEPT], ['replace', 'attributeTypes', cn]), []);
  t.same(edit([], ['replace', 'attributeTypes', cn, BADGE]), [KEPT]);
  t.same(edit([KEPT], ['replace', 'objectClasses']), [KEPT], 'other kinds are left alone');
});

t.test('definitions of the installation are protected', async (t) => {
  t.match(
    edit([], ['delete', 'attributeTypes', '2.5.4.3']),
    /^unwillingToPerform: 'cn' \(2\.5\.4\.3\) is protected/,
  );
  t.match(edit([], ['delete', 'objectClasses', 'person']), /^unwillingToPerform: 'person' .* is protected/);
  t.match(
    edit([], ['add', 'attributeTypes', `( 2.5.4.3 NAME 'mine' ${STRING} )`]),
    /^unwillingToPerform: .*protected/,
  );
  const cn =
    standardSchema()
      .definitions('attributeTypes')
      .find((text) => text.includes("'cn'")) ?? '';
  t.match(edit([], ['add', 'attributeTypes', cn]), /^attributeOrValueExists: /);
});

t.test('what cannot be changed is said', async (t) => {
  for (const kind of ['ldapSyntaxes', 'matchingRules', 'matchingRuleUse'])
    t.match(edit([], ['add', kind, '( 1.2.3 )']), /^unwillingToPerform: .*part of the server/);
  t.match(edit([], ['add', 'description', 'x']), /^unwillingToPerform: only definitions/);
  t.match(edit([], ['increment', 'attributeTypes', '1']), /^constraintViolation: /);
  t.match(
    edit([], ['add', 'attributeTypes', '( 9.1.1 NOPE )']),
    /^invalidAttributeSyntax: .*'NOPE' is no keyword/,
  );
  t.match(edit([], ['add', 'attributeTypes', '\u0000'.repeat(70_000)]), /^invalidAttributeSyntax: /);
});
