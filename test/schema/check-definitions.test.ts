/** Schema files held against a schema. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { OperatorError } from '../../lib/base/operator-error.js';
import { checkSchemaFile, findDefinitions } from '../../lib/schema/check-definitions.js';
import { buildSchema } from '../../lib/schema/load-schema.js';
import { standardFiles } from './standard-schema.js';

const BASE = buildSchema([must(standardFiles()[0], 'the core file')]);

t.test('what the schema has is passed over, the rest is new, in strict syntax', async (t) => {
  const text = [
    "attributetype ( 2.5.4.3 NAME 'cn' SUP name )",
    "attributetype (9.1.1 NAME'a' SUP name)",
    "objectclass ( 9.2.1 NAME 'c' SUP top AUXILIARY MAY(a$cn))",
  ].join('\n');
  const { fresh, known } = checkSchemaFile(BASE, { name: 'my.schema', text });
  t.same(fresh, [
    { kind: 'attributeTypes', text: "( 9.1.1 NAME 'a' SUP name )" },
    { kind: 'objectClasses', text: "( 9.2.1 NAME 'c' SUP top AUXILIARY MAY ( a $ cn ) )" },
  ]);
  t.equal(known.length, 1);
});

t.test(
  'a name that the schema gives another OID is passed over and told: other products number one name differently',
  async (t) => {
    const text = [
      "attributetype ( 9.1.1 NAME ( 'CN' 'nickname' ) SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
      "objectclass ( 9.2.1 NAME 'Person' SUP top STRUCTURAL )",
      "objectclass ( 9.2.2 NAME 'guest' SUP person STRUCTURAL MAY cn )",
    ].join('\n');
    const { fresh, known, otherOids } = checkSchemaFile(BASE, { name: 'my.schema', text });
    t.same(
      fresh.map((one) => one.text),
      ["( 9.2.2 NAME 'guest' SUP person STRUCTURAL MAY cn )"],
    );
    t.same(known, []);
    t.same(otherOids, [
      { name: 'CN', oid: '9.1.1', ours: '2.5.4.3' },
      { name: 'Person', oid: '9.2.1', ours: '2.5.6.6' },
    ]);
  },
);

t.test('a new definition whose second name is taken, and one name twice in a file, are faults', async (t) => {
  for (const text of [
    "attributetype ( 9.1.1 NAME ( 'nickname' 'cn' ) SUP name )",
    "attributetype ( 9.1.1 NAME 'nickname' SUP name )\nattributetype ( 9.1.2 NAME 'nickname' SUP name )",
    "objectclass ( 9.2.1 NAME 'cn' SUP top AUXILIARY MAY nothing )",
  ])
    t.throws(() => checkSchemaFile(BASE, { name: 'my.schema', text }), { code: 'SCHEMA_INVALID' });
});

t.test('every fault is told with file and line, and nothing is taken', async (t) => {
  const text =
    "dn: cn=schema\nattributeTypes: ( 9.1.1 NAME 'a' SYNTAX 9.9 )\nobjectClasses: ( 9.2.1 NAME 'c' MAY b )\nldapSyntaxes: ( 9.3.1 DESC 'x' )\n";
  const error = t.throws(() => checkSchemaFile(BASE, { name: 'x.ldif', text }), { code: 'SCHEMA_INVALID' });
  t.ok(error instanceof OperatorError);
  t.match((error as unknown as OperatorError).faults.slice().sort(), [
    /^x\.ldif:2: Attribute type a has the syntax 9\.9/,
    /^x\.ldif:3: Object class c has the MAY attribute 'b'/,
    /^x\.ldif:4: Syntax 9\.3\.1 cannot be added to a running directory/,
  ]);
});

t.test('a file without definitions is another file than was meant', async (t) => {
  const person = { name: 'people.ldif', text: 'dn: cn=x,dc=example\nobjectClass: device\ncn: x\n' };
  for (const file of [person, { name: 'my.schema', text: '# nothing\n' }])
    t.throws(() => checkSchemaFile(BASE, file), { message: `${file.name} holds no definition of a schema` });
});

t.test('elements are found by any name and by OID', async (t) => {
  for (const name of ['CN', 'commonname', '2.5.4.3'])
    t.same(
      findDefinitions(BASE, name).map(({ description }) => description.id),
      ['2.5.4.3'],
      name,
    );
  t.same(findDefinitions(BASE, 'nope'), []);
});
