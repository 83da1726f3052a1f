/** Schema files: their LDIF, every reference check, all faults at once. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { OperatorError } from '../../lib/base/operator-error.js';
import { buildSchema, buildServerSchema } from '../../lib/schema/load-schema.js';
import { standardFiles, standardSchema } from './standard-schema.js';

const S = '1.3.6.1.4.1.1466.115.121.1';
const CORE = [
  `attributeTypes: ( 2.5.4.0 NAME 'objectClass' EQUALITY objectIdentifierMatch SYNTAX ${S}.38 )`,
  `attributeTypes: ( 2.5.4.3 NAME 'cn' SYNTAX ${S}.15 )`,
  `attributeTypes: ( 1.1 NAME 'op' SYNTAX ${S}.15 USAGE directoryOperation )`,
  `objectClasses: ( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )`,
  `objectClasses: ( 2.1 NAME 's' SUP top STRUCTURAL MUST cn )`,
  `objectClasses: ( 2.2 NAME 'x' SUP top AUXILIARY )`,
].join('\n');

/** Faults of definitions that stand on line 1 of a second file. */
function faults(...lines: string[]): readonly string[] {
  try {
    buildSchema([
      { name: 'core', text: CORE },
      { name: 'own.ldif', text: lines.join('\n') },
    ]);
    return [];
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'SCHEMA_INVALID') return error.faults;
    throw error;
  }
}

t.test('the standard schema has no fault', async (t) => {
  const schema = standardSchema();
  t.ok(schema.attributeTypes.length > 300);
  t.ok(schema.objectClasses.length > 80);
});

t.test('each file is whole with the core file and those before it', async (t) => {
  const files = standardFiles();
  for (let i = 1; i <= files.length; i++) t.ok(buildSchema(files.slice(0, i)), files[i - 1]?.name ?? '');
});

t.test('every wrong reference and contradiction is told with its place', async (t) => {
  const cases: [string, string][] = [
    [`attributeTypes: ( 9.1 NAME 'a' SUP nope )`, "superior 'nope'"],
    [`attributeTypes: ( 9.1 NAME 'a' )`, 'neither SYNTAX nor SUP'],
    [`attributeTypes: ( 9.1 NAME 'a' SYNTAX 1.2.3 )`, 'syntax 1.2.3'],
    [`attributeTypes: ( 9.1 NAME 'a' EQUALITY nope SYNTAX ${S}.15 )`, "EQUALITY rule 'nope'"],
    [`attributeTypes: ( 9.1 NAME 'a' ORDERING caseIgnoreMatch SYNTAX ${S}.15 )`, 'ORDERING rule'],
    [`attributeTypes: ( 9.1 NAME 'a' SUBSTR caseIgnoreMatch SYNTAX ${S}.15 )`, 'SUBSTR rule'],
    [`attributeTypes: ( 9.1 NAME 'a' SUP a )`, 'its own superior'],
    [`attributeTypes: ( 9.1 NAME 'cn' SYNTAX ${S}.15 )`, "uses 'cn'"],
    [`attributeTypes: ( 2.5.4.3 NAME 'a' SYNTAX ${S}.15 )`, "uses '2.5.4.3'"],
    [`attributeTypes: ( 9.1 NAME 'a' SYNTAX ${S}.15 USAGE nope )`, "usage 'nope'"],
    [`attributeTypes: ( 9.1 NAME 'a' SUP op )`, 'another usage'],
    [`attributeTypes: ( 9.1 NAME 'a' SYNTAX ${S}.15 SINGLE-VALUE COLLECTIVE )`, 'both COLLECTIVE'],
    [
      `attributeTypes: ( 9.1 NAME 'a' SYNTAX ${S}.15 COLLECTIVE USAGE dSAOperation )`,
      'COLLECTIVE and operational',
    ],
    [`attributeTypes: ( 9.1 NAME 'a' SYNTAX ${S}.15 NO-USER-MODIFICATION )`, 'NO-USER-MODIFICATION'],
    [`objectClasses: ( 9.2 NAME 'c' SUP nope )`, "superior 'nope'"],
    [`objectClasses: ( 9.2 NAME 'c' SUP c )`, 'its own superior'],
    [`objectClasses: ( 9.2 NAME 'c' MUST nope )`, "MUST attribute 'nope'"],
    [`objectClasses: ( 9.2 NAME 'c' MAY ( cn $ nope ) )`, "MAY attribute 'nope'"],
    [`objectClasses: ( 9.2 NAME 'c' SUP s AUXILIARY )`, 'auxiliary and has the structural superior'],
    [`objectClasses: ( 9.2 NAME 'c' SUP x STRUCTURAL )`, 'structural and has the auxiliary superior'],
    [`objectClasses: ( 9.2 NAME 'c' SUP s ABSTRACT )`, 'abstract and has the structural superior'],
    [`objectClasses: ( 9.2 NAME 'c' STRUCTURAL AUXILIARY )`, 'more than one kind'],
    [`objectClasses: ( 9.2 NAME 'TOP' )`, "uses 'TOP'"],
    [`ldapSyntaxes: ( 9.3 DESC 'd' )`, 'not built in'],
    [`ldapSyntaxes: ( 9.3 DESC 'd' X-SUBST '9.9' )`, "X-SUBST '9.9'"],
    [`matchingRules: ( 9.4 NAME 'm' SYNTAX ${S}.15 )`, 'not built in'],
    [`matchingRuleUse: ( 2.5.13.2 APPLIES nope )`, "APPLIES attribute 'nope'"],
    [`nameForms: ( 9.5 NAME 'f' OC x MUST cn )`, 'no structural class'],
    [`nameForms: ( 9.5 NAME 'f' OC s MUST nope )`, "MUST attribute 'nope'"],
    [`dITContentRules: ( 9.6 AUX x )`, 'OID of no structural'],
    [`dITContentRules: ( 2.1 AUX s )`, 'no auxiliary class'],
    [`dITContentRules: ( 2.1 NOT nope )`, "NOT attribute 'nope'"],
    [`dITStructureRules: ( 1 FORM nope )`, "no name form 'nope'"],
    [`dITStructureRules: ( 1 FORM nope SUP 7 )`, 'superior rule 7'],
    ['nonsense', 'attribute: value'],
    ['attributeTypes:: !!!', 'base64'],
    ['attributeTypes: ( 9.1', "closing ')'"],
  ];
  for (const [line, part] of cases) {
    const found = faults(line);
    t.ok(
      found.some((fault) => fault.startsWith('own.ldif:1: ') && fault.includes(part)),
      `${line} -> ${found.join(' ')}`,
    );
  }
});

t.test('all faults are told at once, each at the line on which its definition starts', async (t) => {
  const found = faults(
    '# a comment',
    '',
    'dn: cn=schema',
    "attributeTypes: ( 9.1 NAME 'a'",
    '  SUP nope )',
    "objectClasses: ( 9.2 NAME 'c' MUST nope )",
  );
  t.same(
    found.map((fault) => fault.slice(0, 12)),
    ['own.ldif:4: ', 'own.ldif:6: '],
  );
});

t.test("what a server's own files define again, or under another OID, is passed over and told", async (t) => {
  const again = "attributeTypes: ( 2.5.4.4 NAME 'sn' SUP name )";
  const renumbered = "attributeTypes: ( 1.2.3 NAME 'CN' SUP name )";
  const badge = (oid: string) => `attributeTypes: ( ${oid} NAME 'badge' SUP name )`;
  const { schema, passedOver } = buildServerSchema(standardFiles(), [
    { name: '1.ldif', text: [again, renumbered, badge('1.1.1')].join('\n') },
    { name: '2.schema', text: "attributetype ( 1.1.2 NAME 'badge' SUP name )" },
    { name: '3.ldif', text: "objectClasses: ( 1.1.3 NAME 'holder' SUP top AUXILIARY MAY badge )" },
  ]);
  t.equal(schema.attributeType('badge')?.oid, '1.1.1');
  t.equal(schema.attributeType('cn')?.oid, '2.5.4.3');
  t.ok(schema.objectClass('holder'));
  t.same(passedOver, [
    { file: '1.ldif', known: 1, otherOids: [{ name: 'CN', oid: '1.2.3', ours: '2.5.4.3' }] },
    { file: '2.schema', known: 0, otherOids: [{ name: 'badge', oid: '1.1.2', ours: '1.1.1' }] },
  ]);
  const twice = { name: '1.ldif', text: [badge('1.1.1'), badge('1.1.2')].join('\n') };
  t.throws(() => buildServerSchema(standardFiles(), [twice]), /fault/, 'twice in one file');
  t.throws(() => buildSchema([...standardFiles(), { name: '1.ldif', text: again }]), /fault/, 'in the box');
});

t.test('circles of superiors end with a fault', async (t) => {
  t.ok(faults(`attributeTypes: ( 9.1 NAME 'a' SUP b )`, `attributeTypes: ( 9.2 NAME 'b' SUP a )`).length > 0);
  t.ok(faults(`objectClasses: ( 9.1 NAME 'a' SUP b )`, `objectClasses: ( 9.2 NAME 'b' SUP a )`).length > 0);
});

t.test('definitions may stand in any order, and superiors go as deep as they like', async (t) => {
  const n = 500;
  const lines = Array.from(
    { length: n },
    (_, i) => `attributeTypes: ( 9.1.${i} NAME 'a${i}' SUP ${i + 1 < n ? `a${i + 1}` : 'cn'} )`,
  );
  const classes = Array.from(
    { length: 300 },
    (_, i) => `objectClasses: ( 9.2.${i} NAME 'c${i}' SUP ${i + 1 < 300 ? `c${i + 1}` : 's'} STRUCTURAL )`,
  );
  t.same(faults(...lines, ...classes), []);
});

t.test(
  'the LDIF of other products is read: folding, CRLF, BOM, base64, comments, olc names and order prefixes',
  async (t) => {
    const definition = `( 9.1 NAME 'own' DESC 'é' SYNTAX ${S}.15 )`;
    const base64 = Buffer.from(utf8Encode(definition)).toString('base64');
    const texts = [
      `attributeTypes: ${definition}`,
      `\ufeff${CORE.split('\n')[1]?.replace('cn', 'zz').replace('2.5.4.3', '9.9')}\r\nattributetypes: ( 9.1 NAME 'own'\r\n  SYNTAX ${S}.15 )\r\n`,
      `# comment\n continued\nolcAttributeTypes: {0}${definition}\n`,
      `attributeTypes:: ${base64}`,
      `attributeTypes: ( 9.1\n   NAME 'o\n wn' SYNTAX ${S}.15 )`,
    ];
    for (const text of texts) {
      const schema = buildSchema([
        { name: 'core', text: CORE },
        { name: 'own', text },
      ]);
      t.equal(schema.attributeType('OWN')?.oid, '9.1', text.slice(0, 30));
    }
  },
);

t.test('a syntax may be added in terms of one that is built in, or as a list', async (t) => {
  const schema = buildSchema([
    { name: 'core', text: CORE },
    {
      name: 'own',
      text: [
        `ldapSyntaxes: ( 9.3 DESC 'mine' X-SUBST '${S}.27' )`,
        `ldapSyntaxes: ( 9.4 DESC 'enum' X-ENUM ( 'Red' 'green' ) )`,
        `ldapSyntaxes: ( ${S}.15 DESC 'said again' )`,
        `attributeTypes: ( 9.1 NAME 'n' SYNTAX 9.3 )`,
        `attributeTypes: ( 9.2 NAME 'e' SYNTAX 9.4{8} )`,
      ].join('\n'),
    },
  ]);
  t.ok(schema.attributeType('n')?.syntax.isValid(utf8Encode('12')));
  t.notOk(schema.attributeType('n')?.syntax.isValid(utf8Encode('x')));
  t.ok(schema.attributeType('e')?.syntax.isValid(utf8Encode('RED')));
  t.notOk(schema.attributeType('e')?.syntax.isValid(utf8Encode('blue')));
});
