/** RFC 4517 section 4.2, RFC 4530, RFC 3112: every equality rule by what it holds equal and unequal. */
import fc from 'fast-check';
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { equalBytes, latin1, utf8Encode } from '../../lib/base/bytes.js';
import { equalityRule, equalityRules } from '../../lib/schema/equality-rules.js';
import { orderingRule } from '../../lib/schema/ordering-rules.js';
import { processorMs } from '../processor-time.js';

interface Case {
  /** Values that match one another. */
  readonly same: readonly string[];
  /** Values that match none of them. */
  readonly other: readonly string[];
  /** Values that are not of the syntax. */
  readonly invalid: readonly string[];
}

const UUID = '597ae2f6-16a6-1027-98f4-abcdefabcdef';

const CASES: ReadonlyMap<string, Case> = new Map<string, Case>([
  ['bitStringMatch', { same: ["'0101'B"], other: ["'01010'B", "''B"], invalid: ['', '0101', "'2'B"] }],
  ['booleanMatch', { same: ['TRUE', 'true'], other: ['FALSE'], invalid: ['', 'yes', '1'] }],
  ['caseExactIA5Match', { same: ['a B', ' a  B '], other: ['a b', 'aB'], invalid: ['é'] }],
  ['caseExactMatch', { same: ['Éa b', 'E\u0301a  b '], other: ['éa b', ''], invalid: ['\ue000'] }],
  ['caseIgnoreIA5Match', { same: ['a B', 'A b ', '\tA\n B'], other: ['ab'], invalid: ['é'] }],
  ['caseIgnoreListMatch', { same: ['A$b', 'a $ B'], other: ['a', 'a$b$', 'A\\24b'], invalid: ['\ue000'] }],
  ['caseIgnoreMatch', { same: ['Straße X', 'STRASSE  x'], other: ['strase x', ''], invalid: ['\ufffe'] }],
  [
    'directoryStringFirstComponentMatch',
    { same: ["( 'A b' x )", "('a  B')"], other: ['( c )'], invalid: ['', 'a'] },
  ],
  [
    'distinguishedNameMatch',
    { same: ['CN=A,o=B', 'commonName=a;O=b'], other: ['cn=a', 'o=b,cn=a'], invalid: ['x', 'cn'] },
  ],
  [
    'generalizedTimeMatch',
    { same: ['199412161032Z', '19941216113200.0+01'], other: ['199412161033Z'], invalid: ['', '1994'] },
  ],
  [
    'integerFirstComponentMatch',
    { same: ['( 1 NAME x )', '(1 )'], other: ['( 2 )'], invalid: ['( a )', '1'] },
  ],
  ['integerMatch', { same: ['12'], other: ['-12', '120', '0'], invalid: ['', '012', '+1', '1.0'] }],
  ['numericStringMatch', { same: ['12 3', ' 1 2 3 '], other: ['124'], invalid: [] }],
  [
    'objectIdentifierFirstComponentMatch',
    { same: ["( 2.5.4.3 NAME 'cn' )", '( cn )'], other: ['( 2.5.4.4 )'], invalid: ['2.5.4.3', '( 1 )'] },
  ],
  [
    'objectIdentifierMatch',
    { same: ['cn', 'CommonName', '2.5.4.3'], other: ['sn', '2.5.4'], invalid: ['', '1', 'a b'] },
  ],
  ['octetStringMatch', { same: ['a'], other: ['A', 'a ', ''], invalid: [] }],
  ['telephoneNumberMatch', { same: ['+1 555-CALL', '+1555call'], other: ['1555call'], invalid: [] }],
  ['presentationAddressMatch', { same: ['A', 'a '], other: ['b'], invalid: ['\ue000'] }],
  ['protocolInformationMatch', { same: ['A', 'a '], other: ['b'], invalid: ['\ue000'] }],
  [
    'uTCTimeMatch',
    {
      same: ['9412161032Z', '941216103200Z', '9412161132+0100'],
      other: ['9412161033Z'],
      invalid: ['', '94'],
    },
  ],
  [
    'uniqueMemberMatch',
    { same: ["cn=a#'01'B", "CN=A#'01'B"], other: ['cn=a', "cn=a#'10'B"], invalid: ["x#'01'B"] },
  ],
  ['uuidMatch', { same: [UUID, UUID.toUpperCase()], other: [UUID.replace('5', '6')], invalid: ['', 'x'] }],
  ['authPasswordExactMatch', { same: ['X$a$b'], other: ['x$a$b', 'X$a$c'], invalid: [] }],
  [
    'authzMatch',
    {
      same: ['dn:cn=A,dc=b', 'DN.exact:CN=a, DC=b', 'cn=a,dc=B'],
      other: [
        'dn.subtree:cn=a,dc=b',
        'group:cn=a,dc=b',
        'u:a',
        'dn:*',
        'dn.regex:cn=a,dc=b',
        'ldap:///dc=b??sub?(cn=a)',
      ],
      invalid: ['', 'dn:nonsense', 'group/groupOfNames/member:x', 'nonsense'],
    },
  ],
  [
    'CSNMatch',
    { same: ['0123456789abcdef01234567', '0123456789ABCDEF01234567'], other: ['x'], invalid: ['é'] },
  ],
  ['certificateExactMatch', { same: [], other: [], invalid: ['', 'x', '0\u0002\u0003'] }],
  ['certificateListExactMatch', { same: [], other: [], invalid: ['', 'x', '0\u0002\u0003'] }],
]);

t.test('every rule of the table has its cases', async (t) => {
  t.same(
    equalityRules()
      .map((rule) => rule.name)
      .filter((name) => !CASES.has(name)),
    [],
  );
});

for (const [name, { same, other, invalid }] of CASES) {
  t.test(`${name} holds equal what is equal`, async (t) => {
    const rule = must(equalityRule(name), name);
    const form = (text: string) => {
      const normal = rule.normalize(utf8Encode(text));
      return normal === undefined ? undefined : latin1(normal);
    };
    const first = same[0];
    if (first !== undefined) {
      t.not(form(first), undefined);
      for (const text of same) t.equal(form(text), form(first), text);
      for (const text of other) {
        t.not(form(text), undefined, `${text} is of the syntax`);
        t.not(form(text), form(first), text);
      }
    }
    for (const text of invalid) t.equal(form(text), undefined, `${JSON.stringify(text)} has no form`);
  });
}

t.test('rules are found by OID and by name in any case, and by nothing else', async (t) => {
  for (const rule of equalityRules()) {
    t.equal(equalityRule(rule.oid), rule);
    t.equal(equalityRule(rule.name.toUpperCase()), rule);
  }
  for (const name of ['', 'constructor', '__proto__', '2.5.13', 'caseIgnoreSubstringsMatch'])
    t.equal(equalityRule(name), undefined);
});

t.test('assertions of first component rules are bare', async (t) => {
  const form = (rule: string, text: string) => {
    const normal = must(equalityRule(rule), rule).normalizeAssertion(utf8Encode(text));
    return normal === undefined ? undefined : latin1(normal);
  };
  t.equal(form('objectIdentifierFirstComponentMatch', '2.5.4.3'), 'cn');
  t.equal(form('objectIdentifierFirstComponentMatch', 'commonName'), 'cn');
  t.equal(form('integerFirstComponentMatch', '1'), '1');
  t.equal(form('directoryStringFirstComponentMatch', 'A  b'), 'a b');
  t.equal(form('caseIgnoreMatch', 'é'.repeat(600)), undefined, 'prepareAssertionBytes');
});

t.test(
  'an assertion that is not of its syntax has no form (RFC 4511 section 4.5.1.7, RFC 4517 section 3.3)',
  async (t) => {
    for (const [name, wrong, right] of [
      ['caseIgnoreMatch', '', ' '],
      ['caseExactMatch', '', 'a'],
      ['numericStringMatch', '1a', '1 2'],
      ['numericStringMatch', '', '1'],
      ['telephoneNumberMatch', '', '+1 2'],
      ['telephoneNumberMatch', '1*2', '1-2'],
      ['caseIgnoreListMatch', '', 'a$b'],
    ] as const) {
      const rule = must(equalityRule(name), name);
      t.equal(rule.normalizeAssertion(utf8Encode(wrong)), undefined, `${name} ${JSON.stringify(wrong)}`);
      t.not(rule.normalizeAssertion(utf8Encode(right)), undefined, `${name} ${right}`);
    }
  },
);

const value = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .string({ unit: fc.constantFrom(...'aA1 -(\'")$#=,+\\éß\u0301Z.T'), maxLength: 16 })
    .map((text) => utf8Encode(text)),
  fc
    .constantFrom(UUID, '19941216103200.5Z', 'TRUE', "'01'B", 'cn=a', "cn=a#'1'B", '-12', '( 1.2 )')
    .map((text) => utf8Encode(text)),
);

t.test('no rule ever throws, and its form is a function of the octets (seeded)', async (t) => {
  for (const rule of equalityRules()) {
    fc.assert(
      fc.property(value, (one) => {
        const a = rule.normalize(one);
        const b = rule.normalize(Uint8Array.from(one));
        rule.normalizeAssertion(one);
        return a === undefined ? b === undefined : b !== undefined && equalBytes(a, b);
      }),
      { seed: 42, numRuns: 300 },
    );
  }
  t.pass();
});

t.test('string forms are values with the same form (seeded)', async (t) => {
  for (const name of [
    'caseIgnoreMatch',
    'caseExactMatch',
    'caseIgnoreIA5Match',
    'numericStringMatch',
    'telephoneNumberMatch',
    'integerMatch',
    'booleanMatch',
    'objectIdentifierMatch',
    'distinguishedNameMatch',
    'uniqueMemberMatch',
  ]) {
    const rule = must(equalityRule(name), name);
    fc.assert(
      fc.property(value, (one) => {
        const once = rule.normalize(one);
        if (once === undefined) return true;
        const twice = rule.normalize(once);
        return twice !== undefined && equalBytes(once, twice);
      }),
      { seed: 43, numRuns: 600 },
    );
  }
  t.pass();
});

t.test('equality agrees with ordering: equal forms there are equal forms here (seeded)', async (t) => {
  const pairs = [
    ['caseIgnoreMatch', 'caseIgnoreOrderingMatch'],
    ['caseExactMatch', 'caseExactOrderingMatch'],
    ['numericStringMatch', 'numericStringOrderingMatch'],
    ['integerMatch', 'integerOrderingMatch'],
    ['octetStringMatch', 'octetStringOrderingMatch'],
    ['uTCTimeMatch', 'uTCTimeOrderingMatch'],
    ['generalizedTimeMatch', 'generalizedTimeOrderingMatch'],
    ['uuidMatch', 'uuidOrderingMatch'],
    ['CSNMatch', 'CSNOrderingMatch'],
  ];
  for (const [eq, ord] of pairs) {
    const equality = must(equalityRule(eq as string), 'equality');
    const ordering = must(orderingRule(ord as string), 'ordering');
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [ea, eb, oa, ob] = [
          equality.normalize(a),
          equality.normalize(b),
          ordering.normalize(a),
          ordering.normalize(b),
        ];
        if ((ea === undefined) !== (oa === undefined)) return false;
        if (ea === undefined || eb === undefined || oa === undefined || ob === undefined) return true;
        return equalBytes(ea, eb) === equalBytes(oa, ob);
      }),
      { seed: 44, numRuns: 400 },
    );
  }
  t.pass();
});

t.test('every rule answers a megabyte at once', async (t) => {
  const values = ['a', ' ', '(', "'", '\u0301', '\\', '$', 'cn=', '9', '.', '\xff', '0\u0080', 'A '].map(
    (unit) => utf8Encode(unit.repeat(Math.ceil((1 << 20) / unit.length))),
  );
  const slow: string[] = [];
  for (const rule of equalityRules()) {
    for (const one of values) {
      const ms = processorMs(() => rule.normalize(one));
      if (ms > 3000) slow.push(`${rule.name} ${latin1(one.subarray(0, 4))} ${ms.toFixed(0)} ms`);
    }
  }
  t.same(slow, []);
});
