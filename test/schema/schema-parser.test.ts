/** RFC 4512 section 4.1: descriptions read, written again, and refused. */
import fc from 'fast-check';
import t from 'tap';
import { LIMITS } from '../../lib/base/limits.js';
import {
  DESCRIPTION_KINDS,
  type Description,
  type DescriptionKind,
  displayName,
  field,
  fieldValues,
  hasField,
} from '../../lib/schema/description.js';
import { formatDescription } from '../../lib/schema/schema-format.js';
import { parseDescription } from '../../lib/schema/schema-parser.js';
import { processorMs } from '../processor-time.js';
import { standardFiles, standardSchema } from './standard-schema.js';

function read(kind: DescriptionKind, text: string): Description {
  const parsed = parseDescription(kind, text);
  if (typeof parsed === 'string') throw new Error(`${parsed} in ${text}`);
  return parsed;
}

t.test('section 4.1.2: an attribute type with every field', async (t) => {
  const d = read(
    'attributeTypes',
    "( 1.2.3 NAME ( 'a' 'b-c' ) DESC 'it\\27s \\5C ok' OBSOLETE SUP name EQUALITY caseIgnoreMatch ORDERING caseIgnoreOrderingMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1{64} SINGLE-VALUE COLLECTIVE NO-USER-MODIFICATION USAGE dSAOperation X-ORIGIN ( 'RFC 1' 'RFC 2' ) X-FOO 'bar' )",
  );
  t.equal(d.id, '1.2.3');
  t.same(fieldValues(d, 'NAME'), ['a', 'b-c']);
  t.equal(displayName(d), 'a');
  t.equal(field(d, 'DESC'), "it's \\ ok");
  for (const flag of ['OBSOLETE', 'SINGLE-VALUE', 'COLLECTIVE', 'NO-USER-MODIFICATION'])
    t.ok(hasField(d, flag));
  t.equal(field(d, 'SYNTAX'), '1.3.6.1{64}');
  t.equal(field(d, 'USAGE'), 'dSAOperation');
  t.same(fieldValues(d, 'X-ORIGIN'), ['RFC 1', 'RFC 2']);
});

t.test('section 4.1: what is read is written in strict syntax and read alike', async (t) => {
  const cases: [DescriptionKind, string, string][] = [
    [
      'objectClasses',
      "(2.5.6.6 NAME'person'SUP top STRUCTURAL MUST(sn$cn)MAY(a))",
      "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) MAY a )",
    ],
    ['attributeTypes', "( 2.5.4.3 sup name name ( 'cn' ) )", "( 2.5.4.3 NAME 'cn' SUP name )"],
    [
      'attributeTypes',
      "( '1.2' NAME cn DESC '' SYNTAX '1.3.6' EQUALITY 'x' X-A y )",
      "( 1.2 NAME 'cn' EQUALITY x SYNTAX 1.3.6 X-A 'y' )",
    ],
    [
      'objectClasses',
      "( foo-oid NAME 'foo' SUP ( 'a' $ 'b' ) MUST ( a b ) )",
      "( foo-oid NAME 'foo' SUP ( a $ b ) MUST ( a $ b ) )",
    ],
    ['dITStructureRules', '( 2 FORM f SUP ( 1 2 ) )', '( 2 FORM f SUP ( 1 2 ) )'],
    ['nameForms', "( 1.2 NAME 'f' OC o MUST cn )", "( 1.2 NAME 'f' OC o MUST cn )"],
    ['dITContentRules', '( 1.2 AUX ( a $ b ) NOT c )', '( 1.2 AUX ( a $ b ) NOT c )'],
    [
      'ldapSyntaxes',
      "( 1.2 DESC 'é' X-NOT-HUMAN-READABLE 'TRUE' )",
      "( 1.2 DESC 'é' X-NOT-HUMAN-READABLE 'TRUE' )",
    ],
    ['matchingRules', "( 1.2 NAME 'm' SYNTAX 1.3 )", "( 1.2 NAME 'm' SYNTAX 1.3 )"],
    ['matchingRuleUse', '( 1.2 APPLIES ( a $ b ) )', '( 1.2 APPLIES ( a $ b ) )'],
  ];
  for (const [kind, text, wanted] of cases) {
    const d = read(kind, text);
    t.equal(formatDescription(d), wanted);
    t.same(read(kind, formatDescription(d)).id, d.id);
    t.equal(formatDescription(read(kind, wanted)), wanted);
  }
});

t.test('faults are sentences that say what is wrong', async (t) => {
  const bad: [DescriptionKind, string, string][] = [
    ['attributeTypes', '', "'('"],
    ['attributeTypes', '( )', 'identifier'],
    ['attributeTypes', '( 1.2', "closing ')'"],
    ['attributeTypes', '( 1.2 ) x', 'follows'],
    ['attributeTypes', '( 1.2 NAME )', 'NAME has no value'],
    ['attributeTypes', "( 1.2 NAME 'a", 'closing quote'],
    ['attributeTypes', "( 1.2 NAME ( 'a' ", 'not closed'],
    ['attributeTypes', "( 1.2 NAME ( ( 'a' ) ) )", 'not closed'],
    ['attributeTypes', "( 1.2 NAME 'a' NAME 'b' )", 'twice'],
    ['attributeTypes', "( 1.2 NAME 'a b' )", "'a b'"],
    ['attributeTypes', '( 1.2 FOO x )', "'FOO' is no keyword"],
    ['attributeTypes', "( 1.2 'NAME' 'x' )", 'keyword'],
    ['attributeTypes', '( 1.2 SYNTAX 1.2{x} )', 'SYNTAX'],
    ['attributeTypes', '( 1.2 SUP ( a $ b ) )', 'one value'],
    ['attributeTypes', '( 1/2 )', 'no OID'],
    ['dITStructureRules', '( a FORM x )', 'rule id'],
    ['objectClasses', '( 1.2 EQUALITY x )', 'no keyword'],
  ];
  for (const [kind, text, part] of bad) {
    const fault = parseDescription(kind, text);
    t.ok(
      typeof fault === 'string' && fault.includes(part),
      `${text}: ${typeof fault === 'string' ? fault : 'accepted'}`,
    );
  }
});

t.test('hostile definitions are answered at once', async (t) => {
  const n = LIMITS.schemaDescriptionBytes;
  const texts = [
    '('.repeat(n),
    `( 1.2 MUST ( ${'a $ '.repeat(n / 8)}`,
    `( 1.2 DESC '${'\\27'.repeat(n / 4)}' )`,
    "'".repeat(n),
    ' '.repeat(n),
    'X-'.repeat(n / 2),
    '( 1.2 '.repeat(n / 8),
    'x'.repeat(n * 4),
  ];
  const ms = processorMs(() => {
    for (const text of texts) for (const kind of DESCRIPTION_KINDS) parseDescription(kind, text);
  });
  t.ok(ms < 5000, `${ms} ms`);
  t.type(parseDescription('attributeTypes', `( 1.2 DESC '${'x'.repeat(n)}' )`), 'string');
});

t.test('the scanner is total (seeded)', async (t) => {
  const token = fc.constantFrom(
    '(',
    ')',
    '$',
    "'",
    ' ',
    '1.2',
    'NAME',
    'SUP',
    'MUST',
    'DESC',
    "'a'",
    'X-Y',
    'SYNTAX',
    '{',
    '\\27',
    'é',
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 14 }), fc.constantFrom(...DESCRIPTION_KINDS), (tokens, kind) => {
      const parsed = parseDescription(kind, tokens.join(' '));
      if (typeof parsed === 'string') return true;
      const again = parseDescription(kind, formatDescription(parsed));
      return typeof again !== 'string' && formatDescription(again) === formatDescription(parsed);
    }),
    { seed: 41, numRuns: 5000 },
  );
  t.pass();
});

t.test('every definition of the standard files is written as it was read', async (t) => {
  t.ok(standardFiles().length >= 9);
  for (const { description } of standardSchema().sources) {
    const again = parseDescription(description.kind, formatDescription(description));
    t.same(typeof again === 'string' ? again : [again.id, [...again.fields]], [
      description.id,
      [...description.fields],
    ]);
  }
});
