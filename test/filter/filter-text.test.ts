/** Filters from text. RFC 4515, RFC 4526; leniency as tools need it. */
import fc from 'fast-check';
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import type { Filter } from '../../lib/filter/filter.js';
import { escapeValue, formatFilter, parseFilter } from '../../lib/filter/filter-text.js';
import { processorMs } from '../processor-time.js';

/** A filter as nested arrays with octets as Latin-1. */
function shape(filter: Filter): unknown {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return [filter.kind, ...filter.clauses.map(shape)];
    case 'not':
      return ['not', shape(filter.clause)];
    case 'present':
      return ['present', filter.attribute];
    case 'substrings': {
      const part = (value: Uint8Array | undefined) => (value === undefined ? null : latin1(value));
      return ['sub', filter.attribute, part(filter.initial), filter.any.map(part), part(filter.final)];
    }
    case 'extensible':
      return [
        'ext',
        filter.attribute ?? null,
        filter.rule ?? null,
        filter.dnAttributes,
        latin1(filter.value),
      ];
    default:
      return [filter.kind, filter.attribute, latin1(filter.value)];
  }
}

const parsed = (text: string) => shape(parseFilter(text));

t.test('every kind of clause (RFC 4515 section 4)', async (t) => {
  const cases: [string, unknown][] = [
    ['(cn=Babs Jensen)', ['equality', 'cn', 'Babs Jensen']],
    ['(!(cn=Tim Howes))', ['not', ['equality', 'cn', 'Tim Howes']]],
    [
      '(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))',
      [
        'and',
        ['equality', 'objectClass', 'Person'],
        ['or', ['equality', 'sn', 'Jensen'], ['sub', 'cn', 'Babs J', [], null]],
      ],
    ],
    ['(o=univ*of*mich*)', ['sub', 'o', 'univ', ['of', 'mich'], null]],
    ['(seeAlso=)', ['equality', 'seeAlso', '']],
    ['(cn=*)', ['present', 'cn']],
    ['(cn=**)', ['present', 'cn']],
    ['(cn=*x*)', ['sub', 'cn', null, ['x'], null]],
    ['(cn=a**b)', ['sub', 'cn', 'a', [], 'b']],
    ['(cn>=a)', ['greaterOrEqual', 'cn', 'a']],
    ['(cn<=a)', ['lessOrEqual', 'cn', 'a']],
    ['(cn~=a)', ['approx', 'cn', 'a']],
    ['(cn:caseExactMatch:=Fred Flintstone)', ['ext', 'cn', 'caseExactMatch', false, 'Fred Flintstone']],
    ['(cn:=Betty Rubble)', ['ext', 'cn', null, false, 'Betty Rubble']],
    ['(sn:dn:2.4.6.8.10:=Barney)', ['ext', 'sn', '2.4.6.8.10', true, 'Barney']],
    ['(o:dn:=Ace Industry)', ['ext', 'o', null, true, 'Ace Industry']],
    ['(:1.2.3:=Wilma)', ['ext', null, '1.2.3', false, 'Wilma']],
    ['(:DN:2.4.6.8.10:=Dino)', ['ext', null, '2.4.6.8.10', true, 'Dino']],
    [
      '(memberOf:1.2.840.113556.1.4.1941:=cn=g,dc=x)',
      ['ext', 'memberOf', '1.2.840.113556.1.4.1941', false, 'cn=g,dc=x'],
    ],
    ['(&)', ['and']],
    ['(|)', ['or']],
    ['(cn;lang-en;x-a=x)', ['equality', 'cn;lang-en;x-a', 'x']],
    ['(2.5.4.3=x)', ['equality', '2.5.4.3', 'x']],
    ['(a=b=c>=d:=e)', ['equality', 'a', 'b=c>=d:=e']],
  ];
  for (const [text, expected] of cases) t.same(parsed(text), expected, text);
});

t.test('escapes are octets (RFC 4515 section 3)', async (t) => {
  t.same(parsed('(o=Parens R Us \\28for all your parenthetical needs\\29)'), [
    'equality',
    'o',
    'Parens R Us (for all your parenthetical needs)',
  ]);
  t.same(parsed('(cn=*\\2A*)'), ['sub', 'cn', null, ['*'], null]);
  t.same(parsed('(filename=C:\\5cMyFile)'), ['equality', 'filename', 'C:\\MyFile']);
  t.same(parsed('(bin=\\00\\00\\00\\04\\fF)'), ['equality', 'bin', '\0\0\0\u0004\u00ff']);
  t.same(parsed('(sn=Lu\\c4\\8di\\c4\\87)'), ['equality', 'sn', latin1(utf8Encode('Lučić'))]);
  t.same(parsed('(sn=Lučić)'), ['equality', 'sn', latin1(utf8Encode('Lučić'))]);
  t.same(parsed('(cn=\\*\\(\\)\\\\)'), ['equality', 'cn', '*()\\'], 'RFC 1960 escapes');
});

t.test('spaces around filters and missing outer parentheses are read over', async (t) => {
  t.same(parsed('  ( & (cn=a) \n (sn=b) ) '), ['and', ['equality', 'cn', 'a'], ['equality', 'sn', 'b']]);
  t.same(parsed('(cn =a)'), ['equality', 'cn', 'a']);
  t.same(parsed('(cn= a )'), ['equality', 'cn', ' a '], 'spaces in a value stay');
  t.same(parsed('cn=a'), ['equality', 'cn', 'a']);
  t.same(parsed('objectClass=*'), ['present', 'objectClass']);
  t.same(parsed('uid=a*'), ['sub', 'uid', 'a', [], null]);
});

t.test('malformed text is a protocolError that says where', async (t) => {
  const faults = [
    '',
    '(',
    ')',
    '()',
    '(cn)',
    '(cn',
    '(cn=a',
    '(cn=a))',
    '(cn=a)x',
    '(=a)',
    '(cn>a)',
    '(cn~a)',
    '(!)',
    '(!(a=b)(c=d))',
    '(&(a=b)',
    '(&(a=b)c)',
    '(cn=(a))',
    '(cn=\\)',
    '(cn=\\4)',
    '(cn=\\zz)',
    '(cn=a\0)',
    '(:=a)',
    '(:dn:=a)',
    '(cn:a:b:=c)',
    '(cn:)',
    '(cn:dn:dn:a:=c)',
    '(cn>=a*)',
    '(c n=a)',
    'cn=a)',
    '(cn=\ud800)',
    '&(a=b)',
  ];
  for (const text of faults) {
    try {
      parseFilter(text);
      t.fail(`read: ${text}`);
    } catch (error) {
      t.ok(error instanceof LdapError && error.result === 'protocolError', text);
    }
  }
  t.throws(() => parseFilter('(cn=a)x'), /text after the filter at octet 7/);
});

t.test('hostile filters are answered in milliseconds', async (t) => {
  const deep = (levels: number) => `${'(!'.repeat(levels)}(a=b)${')'.repeat(levels)}`;
  const wide = (clauses: number) => `(|${'(a=b)'.repeat(clauses)})`;
  const stars = (count: number) => `(a=${'x*'.repeat(count)})`;
  const refused = (text: string) => {
    let answer = 'read';
    const ms = processorMs(() => {
      try {
        parseFilter(text);
      } catch (error) {
        answer = must(error instanceof LdapError ? error.result : undefined, 'an answer');
      }
    });
    t.ok(ms < 1000, `${ms.toFixed(1)} ms`);
    return answer;
  };
  t.equal(refused(deep(100)), 'read');
  t.equal(refused(deep(101)), 'adminLimitExceeded');
  t.equal(refused(deep(100_000)), 'adminLimitExceeded');
  t.equal(refused('('.repeat(500_000)), 'protocolError');
  t.equal(refused('(&'.repeat(500_000)), 'adminLimitExceeded');
  t.equal(refused(wide(4095)), 'read');
  t.equal(refused(wide(4096)), 'adminLimitExceeded');
  t.equal(refused(stars(255)), 'read');
  t.equal(refused(stars(10_000)), 'adminLimitExceeded');
  t.equal(refused(`(${'a'.repeat(600)}=b)`), 'adminLimitExceeded');
  t.equal(refused(`(a=${'x'.repeat(2_000_000)})`), 'adminLimitExceeded');
  t.equal(refused(`(a=${'\\'.repeat(500_000)}`), 'protocolError');
});

const attribute = fc.constantFrom('cn', 'sn;lang-en', '2.5.4.3', 'x-y_z');
const octets = fc.oneof(
  fc.uint8Array({ maxLength: 12 }).map((value) => new Uint8Array(value)),
  fc.string({ maxLength: 12 }).map(utf8Encode),
);
const part = octets.filter((value) => value.length > 0);
const optional = fc.option(part, { nil: undefined });
const simple: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'equality' as const,
      'greaterOrEqual' as const,
      'lessOrEqual' as const,
      'approx' as const,
    ),
    attribute,
    value: octets,
  }),
  fc.record({ kind: fc.constant('present' as const), attribute }),
  fc
    .record({
      kind: fc.constant('substrings' as const),
      attribute,
      initial: optional,
      any: fc.array(part, { maxLength: 3 }),
      final: optional,
    })
    .filter((one) => one.initial !== undefined || one.final !== undefined || one.any.length > 0),
  fc
    .record({
      kind: fc.constant('extensible' as const),
      attribute: fc.option(attribute, { nil: undefined }),
      rule: fc.option(fc.constantFrom('caseExactMatch', '1.2.3'), { nil: undefined }),
      value: octets,
      dnAttributes: fc.boolean(),
    })
    .filter((one) => one.attribute !== undefined || one.rule !== undefined),
);
const filters = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    simple,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      clauses: fc.array(tie('filter'), { maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant('not' as const), clause: tie('filter') }),
  ),
})).filter;

t.test('values are escaped so that they cannot end their clause or their line', async (t) => {
  t.equal(escapeValue(utf8Encode('a*b(c)d\\e\0f\ng')), 'a\\2ab\\28c\\29d\\5ce\\00f\\0ag');
  t.equal(escapeValue(utf8Encode('Lučić')), 'Lučić');
  t.equal(escapeValue(Uint8Array.of(0x61, 0xff, 0x28)), 'a\\ff\\28');
  t.equal(escapeValue(new Uint8Array(0)), '');
});

t.test('every kind has its form', async (t) => {
  const value = utf8Encode('v');
  const filter: Filter = {
    kind: 'and',
    clauses: [
      { kind: 'or', clauses: [] },
      { kind: 'not', clause: { kind: 'present', attribute: 'cn' } },
      { kind: 'substrings', attribute: 'cn', initial: undefined, any: [value, value], final: value },
      { kind: 'extensible', attribute: undefined, rule: 'r', value, dnAttributes: true },
      { kind: 'lessOrEqual', attribute: 'a', value },
      { kind: 'approx', attribute: 'a', value },
    ],
  };
  t.equal(formatFilter(filter), '(&(|)(!(cn=*))(cn=*v*v*v)(:dn:r:=v)(a<=v)(a~=v))');
});

t.test('a log line is cut', async (t) => {
  const clause: Filter = { kind: 'present', attribute: 'cn' };
  const text = formatFilter({ kind: 'or', clauses: Array.from({ length: 1000 }, () => clause) }, 50);
  t.equal(text.length, 50);
  t.ok(text.endsWith('...'));
  t.equal(formatFilter(clause, 50), '(cn=*)');
});

t.test('what is formatted is read back, octet for octet', async (t) => {
  fc.assert(
    fc.property(filters, (filter) => {
      const text = formatFilter(filter);
      const back = parseFilter(text);
      if (JSON.stringify(shape(back)) !== JSON.stringify(shape(filter))) throw new Error(text);
    }),
    { seed: 4515, numRuns: 1000 },
  );
  t.pass();
});

t.test('any text is read or refused, never anything else', async (t) => {
  const junk = fc.string({
    unit: fc.constantFrom('(', ')', '&', '|', '!', '=', '*', ':', '\\', '2', 'a', '<', '>', '~', ' ', 'é'),
    maxLength: 30,
  });
  fc.assert(
    fc.property(junk, (text) => {
      try {
        const once = formatFilter(parseFilter(text));
        return formatFilter(parseFilter(once)) === once;
      } catch (error) {
        return error instanceof LdapError;
      }
    }),
    { seed: 1, numRuns: 3000 },
  );
  t.pass();
});
