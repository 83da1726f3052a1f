/** Schema files as other products write them. */
import t from 'tap';
import { SchemaFaults } from '../../lib/schema/schema-fault.js';
import { formatDescription } from '../../lib/schema/schema-format.js';
import { readSchemaText } from '../../lib/schema/schema-text.js';

function read(text: string) {
  const faults = new SchemaFaults();
  const sources = readSchemaText({ name: 'f', text }, faults);
  return {
    texts: sources.map(
      ({ description, line }) => `${line} ${description.kind} ${formatDescription(description)}`,
    ),
    faults: faults.list,
  };
}

const A = "( 1.2.1 NAME 'a' SUP name )";

t.test('LDIF of cn=schema: folding, comments, base64, CRLF and a byte order mark', async (t) => {
  const text = `\ufeff# top\r\ndn: cn=schema\r\nobjectClass: subschema\r\nattributeTypes: ( 1.2.1\r\n  NAME 'a'\r\n  SUP name )\r\nattributeTypes:: ${Buffer.from(A).toString('base64')}\r\n`;
  t.same(read(text), { texts: [`4 attributeTypes ${A}`, `7 attributeTypes ${A}`], faults: [] });
});

t.test("OpenLDAP's cn=config: olc names, order prefixes, OID macros", async (t) => {
  const text = [
    'dn: cn=acme,cn=schema,cn=config',
    'objectClass: olcSchemaConfig',
    'olcObjectIdentifier: {0}Acme 1.2',
    'olcObjectIdentifier: {1}AcmeSyntax 1.3.6.1.4.1.1466.115.121.1',
    "olcAttributeTypes: {0}( Acme:1 NAME 'a' SYNTAX AcmeSyntax:15{64} )",
    "olcObjectClasses: {0}( acme:2 NAME 'c' SUP top AUXILIARY MAY a )",
  ].join('\n');
  t.same(read(text), {
    texts: [
      "5 attributeTypes ( 1.2.1 NAME 'a' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{64} )",
      "6 objectClasses ( 1.2.2 NAME 'c' SUP top AUXILIARY MAY a )",
    ],
    faults: [],
  });
});

t.test(
  "OpenLDAP's .schema: directives, continuation by whatever is no directive, macros of macros",
  async (t) => {
    const text = [
      '# a comment',
      'objectidentifier Acme 1.2',
      'objectIdentifier AcmeType Acme:1',
      '',
      'AttributeType(AcmeType:7 NAME',
      "\t'a'",
      '# in the middle',
      'SUP name )',
      "objectclass ( Acme:2 NAME 'c' SUP top",
      '  AUXILIARY MAY (a$cn) )',
    ].join('\n');
    t.same(read(text), {
      texts: [
        "5 attributeTypes ( 1.2.1.7 NAME 'a' SUP name )",
        "9 objectClasses ( 1.2.2 NAME 'c' SUP top AUXILIARY MAY ( a $ cn ) )",
      ],
      faults: [],
    });
  },
);

t.test('change records that add are read, those that take away are told', async (t) => {
  const text = `dn: cn=schema\nchangetype: modify\nadd: attributeTypes\nattributeTypes: ${A}\n-\ndelete: objectClasses\nobjectClasses: ( 1.2.3 )\n-\n`;
  const { texts, faults } = read(text);
  t.same(texts[0], `4 attributeTypes ${A}`);
  t.match(faults, ['f:6: A schema file adds definitions; to take some away: polyarch schema remove']);
});

t.test('faults name file and line', async (t) => {
  t.same(read('dn: cn=schema\nnonsense\nattributeTypes: ( 1.2.1 NAME )\n').faults, [
    'f:2: The line is not of the form `attribute: value`.',
    'f:3: NAME has no value.',
  ]);
  t.same(read(`attributetype ${A}\nattributeype ${A}\n`).faults, [
    "f:2: 'attributeype' is no directive of a schema file.",
  ]);
  t.match(read('objectidentifier Acme\n').faults, ['f:1: An OID macro is a name and an OID.']);
});
