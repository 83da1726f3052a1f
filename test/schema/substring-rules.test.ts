/** RFC 4517 section 4.2: every substring rule by what matches and what does not. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import { matchSubstrings, readSubstringAssertion } from '../../lib/schema/substring-match.js';
import { substringRule, substringRules } from '../../lib/schema/substring-rules.js';

interface Case {
  readonly value: string;
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

const CASES: ReadonlyMap<string, readonly Case[]> = new Map([
  [
    'caseIgnoreSubstringsMatch',
    [
      {
        value: 'Foo  Bar',
        yes: [
          'foo*',
          '*BAR',
          '*o b*',
          'foo *bar',
          'foo* bar',
          'foo * bar',
          'f*o*b*r',
          '*',
          'foo b*',
          ' foo*',
          '*bar ',
        ],
        no: ['foob*', 'bar*', '*foo', '*ob*', 'foo  *  bar*x', '*barx'],
      },
      { value: 'Straße', yes: ['strass*', '*SSE', '*ß*'], no: ['strasz*'] },
      { value: '   ', yes: ['*', ' *', '* '], no: ['a*'] },
    ],
  ],
  ['caseExactSubstringsMatch', [{ value: 'Foo Bar', yes: ['Foo*', '*Bar'], no: ['foo*', '*BAR'] }]],
  [
    'caseIgnoreIA5SubstringsMatch',
    [{ value: 'Jane@Example.com', yes: ['jane@*', '*.COM', '*@e*'], no: ['@*', '*.co'] }],
  ],
  ['caseExactIA5SubstringsMatch', [{ value: '/home/Jane', yes: ['/home/*', '*Jane'], no: ['*jane'] }]],
  [
    'caseIgnoreListSubstringsMatch',
    [
      {
        value: 'Main St 1$Any\\24town$USA',
        yes: ['main*', '*usa', 'main*usa', '*st 1*town*', '*y$t*'],
        no: ['*1$*', '*1any*', 'usa*', '*1 any*'],
      },
    ],
  ],
  [
    'numericStringSubstringsMatch',
    [{ value: '12 345', yes: ['123*', '1 2 3*', '*345', '*23*4*'], no: ['2*', '*12'] }],
  ],
  ['octetStringSubstringsMatch', [{ value: 'a  B', yes: ['a *', '*  *', '*B'], no: ['A*', '*b'] }]],
  [
    'telephoneNumberSubstringsMatch',
    [{ value: '+1 555-0100', yes: ['+1*', '+15*', '*-01 00', '*5 5 50*'], no: ['1*', '*01'] }],
  ],
]);

t.test('every rule of the table has its cases', async (t) => {
  t.same(
    substringRules()
      .map((rule) => rule.name)
      .filter((name) => !CASES.has(name)),
    [],
  );
  t.equal(substringRule('2.5.13.4'), substringRule('CASEIGNORESUBSTRINGSMATCH'));
  t.equal(substringRule('caseIgnoreMatch'), undefined);
});

for (const [name, cases] of CASES) {
  t.test(`${name} matches parts in place and order`, async (t) => {
    const rule = must(substringRule(name), name);
    const matches = (value: string, assertion: string) => {
      const parts = must(readSubstringAssertion(rule, utf8Encode(assertion)), assertion);
      return matchSubstrings(must(rule.normalize(utf8Encode(value)), value), parts);
    };
    for (const { value, yes, no } of cases) {
      for (const assertion of yes) t.ok(matches(value, assertion), `${value} has ${assertion}`);
      for (const assertion of no) t.notOk(matches(value, assertion), `${value} has not ${assertion}`);
    }
  });
}

t.test('what is not of the syntax has no form', async (t) => {
  t.equal(substringRule('caseIgnoreIA5SubstringsMatch')?.normalize(utf8Encode('é')), undefined);
  t.equal(substringRule('caseIgnoreIA5SubstringsMatch')?.normalizePart(utf8Encode('é'), 'any'), undefined);
  t.equal(substringRule('caseIgnoreSubstringsMatch')?.normalizePart(Uint8Array.of(0xff), 'any'), undefined);
});
