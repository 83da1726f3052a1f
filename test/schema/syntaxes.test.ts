/** RFC 4517 section 3.3 and the syntaxes of other standards: valid and invalid values of each. */
import fc from 'fast-check';
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { fromHex, utf8Encode } from '../../lib/base/bytes.js';
import { needsBinaryTransfer, syntax, syntaxes } from '../../lib/schema/syntaxes.js';
import { processorMs } from '../processor-time.js';

const S = '1.3.6.1.4.1.1466.115.121.1.';

interface Case {
  readonly oid: string;
  readonly valid: readonly string[];
  readonly invalid: readonly string[];
}

const UUID = '597ae2f6-16a6-1027-98f4-abcdefabcdef';
const NOT_UTF8 = '\\xff';

const CASES: readonly Case[] = [
  {
    oid: `${S}3`,
    valid: ["( 2.5.4.3 NAME 'cn' SUP name )"],
    invalid: ['', '2.5.4.3', "( 2.5.4.3 NAME 'cn'", '( 2.5.4.3 MUST cn )', "( 2.5.4.3 NAME 'cn' )"],
  },
  { oid: `${S}6`, valid: ["'0101'B", "''B"], invalid: ['', "'2'B", "'0'b"] },
  { oid: `${S}7`, valid: ['TRUE', 'FALSE'], invalid: ['', 'true', 'YES', 'TRUE '] },
  { oid: `${S}8`, valid: [], invalid: ['', 'x', '0\x02\x01'] },
  { oid: `${S}11`, valid: ['US', 'AU'], invalid: ['', 'U', 'USA', 'É', 'U$'] },
  { oid: `${S}12`, valid: ['', 'cn=a,o=b', 'CN=Lu\\C4\\8Di\\C4\\87'], invalid: ['cn', 'cn=a,', NOT_UTF8] },
  {
    oid: `${S}14`,
    valid: ['mhs', 'telephone $ videotex', 'any$mhs'],
    invalid: ['', 'post', 'mhs$', 'mhs telex'],
  },
  {
    oid: `${S}15`,
    valid: ['This is a string of DirectoryString containing #!%#@', 'é', ' '],
    invalid: ['', NOT_UTF8],
  },
  {
    oid: `${S}16`,
    valid: ["( 2.5.6.4 DESC 'x' NOT ( x121Address $ telexNumber ) )"],
    invalid: ['', '( 2.5.6.4 SYNTAX 1.2 )'],
  },
  {
    oid: `${S}17`,
    valid: ["( 2 DESC 'x' FORM 1.2.3 SUP ( 1 2 ) )"],
    invalid: ['', '( 2.5 FORM x )', '( a FORM x )', "( 2 NAME 'x' )"],
  },
  {
    oid: `${S}21`,
    valid: ['person#(sn$EQ)#oneLevel', 'organizationalPerson#!?true&(cn$SUBSTR|sn$GE)#wholeSubtree'],
    invalid: [
      '',
      'person#sn$EQ',
      'person#sn$EQ#here',
      'person#(sn$EQ#oneLevel',
      'person#sn$XX#oneLevel',
      'person#sn$EQ cn$EQ#oneLevel',
    ],
  },
  {
    oid: `${S}22`,
    valid: ['+61 3 9896 7801', '+81 3 347 7418$fineResolution'],
    invalid: ['', '+61$x', '+61$', '$fineResolution'],
  },
  {
    oid: `${S}24`,
    valid: ['199412161032Z', '199412160532-0500', '20240101000000.5Z'],
    invalid: ['', '1994', '19941316103200Z'],
  },
  {
    oid: `${S}25`,
    valid: ['person#sn$EQ', 'sn$EQ|cn$APPROX', '?false'],
    invalid: ['', 'a#b#c', '()', 'sn$EQ|', '((((sn$EQ)'],
  },
  { oid: `${S}26`, valid: ['', 'a@b', '\x00'], invalid: ['é', NOT_UTF8] },
  { oid: `${S}27`, valid: ['1321', '0', '-5'], invalid: ['', '01', '-0', '1.0', '+1', '1e3'] },
  {
    oid: `${S}30`,
    valid: ["( 2.5.13.2 NAME 'caseIgnoreMatch' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )"],
    invalid: ['', '( x SUP y )', "( 2.5.13.2 NAME 'x' )"],
  },
  {
    oid: `${S}31`,
    valid: ['( 2.5.13.16 APPLIES ( givenName $ surname ) )'],
    invalid: ['', '( 2.5.13.16 MUST a )', '( 2.5.13.16 )'],
  },
  {
    oid: `${S}34`,
    valid: ["1.3.6.1.4.1.1466.0=#04024869,O=Test,C=GB#'0101'B", 'cn=a', 'cn=a#b'],
    invalid: ["x#'0'B", 'x'],
  },
  {
    oid: `${S}35`,
    valid: ["( 2.5.15.3 NAME 'orgNameForm' OC organization MUST o )"],
    invalid: ['', '( 2.5.15.3 SUP x )', '( 2.5.15.3 OC organization )', '( 2.5.15.3 MUST o )'],
  },
  { oid: `${S}36`, valid: ['15 079 672 281', ' '], invalid: ['', '1-2', '١'] },
  {
    oid: `${S}37`,
    valid: ["( 2.5.6.2 NAME 'country' SUP top STRUCTURAL MUST c MAY ( searchGuide $ description ) )"],
    invalid: ['', '( 2.5.6.2 EQUALITY x )'],
  },
  { oid: `${S}38`, valid: ['1.2.3.4', 'cn', 'x-a_b'], invalid: ['', '1', '1.', '.1', '01.2', 'a b', 'é'] },
  { oid: `${S}39`, valid: ['uucp$a!b', 'x$'], invalid: ['', '$x', 'é$x', 'x$é', 'x'] },
  {
    oid: `${S}41`,
    valid: ['1234 Main St.$Anytown, CA 12345$USA', '\\241,000,000 Sweepstakes$\\5c'],
    invalid: ['', 'a\\b', 'a\\', 'a$$b', '$a', 'a$', '$', NOT_UTF8],
  },
  {
    oid: `${S}44`,
    valid: ["This is a Printable String: '()+,-./=?"],
    invalid: ['', 'a@b', 'a*', 'é', 'a_b', 'a;b'],
  },
  {
    oid: `${S}45`,
    valid: ['{}', '{ base "ou=x", specificExclusions { chopBefore:"cn=a" } }'],
    invalid: ['', '{', '{}}', 'x', '{ "} ', '{'.repeat(100) + '}'.repeat(100)],
  },
  { oid: `${S}50`, valid: ['+1 512 315 0280', '+1-512'], invalid: ['', '+1 512 #5', 'é'] },
  { oid: `${S}51`, valid: ['12345', '12345$graphic:x$page:'], invalid: ['', '1$x:y', '1$graphic'] },
  { oid: `${S}52`, valid: ['12345$023$ABCDE'], invalid: ['', '12345', '1$2', '1$2$3$4', '$2$3'] },
  { oid: `${S}53`, valid: ['9412161032Z', '941216103245-0500'], invalid: ['', '94', '19941216103200Z'] },
  {
    oid: `${S}54`,
    valid: ["( 1.3.6.1.4.1.1466.115.121.1.15 DESC 'Directory String' X-ORIGIN 'x' )"],
    invalid: ['', "( 1.2 NAME 'x' )"],
  },
  { oid: `${S}58`, valid: ['a*b', '*', '\\2A*'], invalid: ['', 'ab', 'a*\\b', 'a*\\', 'a**b', '**'] },
  {
    oid: '1.3.6.1.1.1.0.0',
    valid: ['(host,user,domain)', '(,,)', '(-,a,)'],
    invalid: ['', 'a,b,c', '(a,b)', '(a,b,c,d)', '((a,b,c))'],
  },
  {
    oid: '1.3.6.1.1.1.0.1',
    valid: ['root=server:/path'],
    invalid: ['', 'root', '=s:p', 'root=:p', 'root=server'],
  },
  {
    oid: '1.3.6.1.1.16.1',
    valid: [UUID, UUID.toUpperCase()],
    invalid: ['', UUID.slice(1), `${UUID}0`, UUID.replace('-', '0')],
  },
  {
    oid: '1.3.6.1.4.1.4203.1.1.2',
    valid: ['SHA1$c2FsdA==$aGFzaA==', ' MD5 $ $ '],
    invalid: ['', 'SHA1$a', 'sha1$a$b', '$a$b', 'A$b$c$d', 'SHA1$é$b'],
  },
  {
    oid: '1.3.6.1.4.1.4203.666.2.7',
    valid: [
      'dn:cn=a',
      'dn.children:dc=b',
      'group/groupOfNames/member:cn=a',
      'u.EXTERNAL:a',
      'dn:*',
      'ldap:///dc=b',
      'cn=a',
    ],
    invalid: ['', 'dn:a', 'u:', 'x:y'],
  },
  {
    oid: '1.3.6.1.4.1.4203.666.11.2.1',
    valid: ['0193abcdef01234567890001', '20260101000000.000000Z#000000#001#000000'],
    invalid: ['', '0193', 'x'.repeat(24), '20260101000000Z#0#1', '2026#0#1#2'],
  },
];

function octets(text: string): Uint8Array {
  return text === NOT_UTF8 ? Uint8Array.of(0xff) : utf8Encode(text);
}

for (const { oid, valid, invalid } of CASES) {
  const one = must(syntax(oid), oid);
  t.test(`${one.description} (${oid}) accepts and refuses by its grammar`, async (t) => {
    for (const text of valid) t.ok(one.isValid(octets(text)), JSON.stringify(text));
    for (const text of invalid) t.notOk(one.isValid(octets(text)), JSON.stringify(text));
  });
}

t.test('the syntaxes that tools should not show as text say so', async (t) => {
  for (const arc of ['4', '5', '8', '9', '10', '23', '28', '49'])
    t.notOk(syntax(S + arc)?.humanReadable, arc);
  for (const arc of ['12', '15', '26', '40']) t.ok(syntax(S + arc)?.humanReadable, arc);
  t.ok(needsBinaryTransfer(`${S}8`));
  t.notOk(needsBinaryTransfer(`${S}5`));
});

t.test('certificates are one DER sequence', async (t) => {
  t.ok(syntax(`${S}8`)?.isValid(must(fromHex('3003020101'), 'hex')));
  t.notOk(syntax(`${S}8`)?.isValid(must(fromHex('300302010100'), 'hex')));
});

t.test('every section of RFC 4517 3.3 is in the table, and nothing else is found', async (t) => {
  for (const arc of [
    3, 6, 7, 11, 12, 14, 15, 16, 17, 21, 22, 23, 24, 25, 26, 27, 28, 30, 31, 34, 35, 36, 37, 38, 39, 40, 41,
    44, 50, 51, 52, 53, 54, 58,
  ]) {
    t.ok(syntax(S + arc), `${arc}`);
  }
  for (const oid of ['', 'constructor', '1.2.3']) t.equal(syntax(oid), undefined);
});

t.test('no check ever throws (seeded)', async (t) => {
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc
      .string({ unit: fc.constantFrom(...'( )\'"$#{}=,\\*!&|?:aAB1.-Z0é'), maxLength: 20 })
      .map((text) => utf8Encode(text)),
  );
  for (const one of syntaxes()) {
    fc.assert(
      fc.property(value, (bytes) => typeof one.isValid(bytes) === 'boolean'),
      { seed: 33, numRuns: 200 },
    );
  }
  t.pass();
});

t.test('every check answers a megabyte at once', async (t) => {
  const slow: string[] = [];
  for (const unit of ['a', ' ', '(', "'", '$', '#', '{', '"', 'cn=', '9', '\\', '*', '0\x80', '!', 'é']) {
    const bytes = utf8Encode(unit.repeat(Math.ceil((1 << 20) / unit.length)));
    for (const one of syntaxes()) {
      const ms = processorMs(() => one.isValid(bytes));
      if (ms > 3000) slow.push(`${one.description} ${unit} ${ms.toFixed(0)} ms`);
    }
  }
  t.same(slow, []);
});
