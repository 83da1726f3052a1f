/** Three-valued evaluation. RFC 4511 section 4.5.1.7. */
import t from 'tap';
import { LdapError } from '../../lib/base/ldap-error.js';
import { compileFilter } from '../../lib/filter/compile-filter.js';
import type { CompiledFilter } from '../../lib/filter/compiled-filter.js';
import type { TruthValue } from '../../lib/filter/filter.js';
import { matchFilter, prepareMatch } from '../../lib/filter/filter-match.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { attributesOf, sampleSchema, viewOf } from '../entry/sample-schema.js';
import { processorMs } from '../processor-time.js';

const schema = sampleSchema();
const compile = (text: string) => compileFilter(parseFilter(text), schema);

const entry = viewOf(
  'cn=Ann',
  attributesOf({
    objectClass: ['top', 'person', 'worker'],
    cn: ['Ann  Lee', 'Annie'],
    'cn;lang-de': ['Anne'],
    'sn;lang-en;x-own': ['Lee'],
    uidNumber: ['100'],
    number: ['-5', '20'],
    mail: ['Ann@Example.COM'],
    userPassword: [Uint8Array.of(0, 255)],
    member: ['uid=x, dc=A'],
  }),
  attributesOf({ createTimestamp: ['20260101120000Z'] }),
);
const match = (text: string) => matchFilter(compile(text), entry);

t.test('clauses of every kind', async (t) => {
  const truths: [string, TruthValue][] = [
    ['(cn=ann lee)', true],
    ['(cn=ann)', false],
    ['(cn=anne)', true],
    ['(cn;lang-de=anne)', true],
    ['(cn;lang-de=annie)', false],
    ['(cn;lang-fr=*)', false],
    ['(name=LEE)', true],
    ['(sn;x-own=lee)', true],
    ['(sn;lang-en;x-own=lee)', true],
    ['(sn;lang-=lee)', true],
    ['(objectClass=employee)', true],
    ['(objectClass=2.5.6.6)', true],
    ['(objectClass=groupOfNames)', false],
    ['(cn=*)', true],
    ['(sn=*)', true],
    ['(ou=*)', false],
    ['(cn=a*e)', true],
    ['(cn=*n*i*)', true],
    ['(cn=ann*ann*)', false],
    ['(cn=*lee)', true],
    ['(mail=*@example.com)', true],
    ['(uidNumber>=100)', true],
    ['(uidNumber>=101)', false],
    ['(uidNumber<=99)', false],
    ['(number>=20)', true],
    ['(number<=-5)', true],
    ['(number<=-6)', false],
    ['(createTimestamp>=20260101115959Z)', true],
    ['(createTimestamp=20260101130000+0100)', true],
    ['(userPassword=\\00\\ff)', true],
    ['(member=UID=X,DC=a)', true],
    ['(nosuch=x)', undefined],
    ['(!(nosuch=x))', undefined],
    ['(!(cn=ann))', true],
    ['(&)', true],
    ['(|)', false],
  ];
  for (const [text, expected] of truths) t.equal(match(text), expected, text);
});

t.test('truth tables of and, or and not: every set of up to three clauses, folded or not', async (t) => {
  // Clauses that no compiler can fold: an extensible one gives each value, and the raw constant too.
  const leaf = (value: TruthValue): CompiledFilter => ({
    kind: 'extensible',
    keys: ['uidnumber' as AttributeKey],
    applies: () => true,
    dnAttributes: false,
    matchesDn: () => false,
    matches: () => value,
  });
  const and = (list: TruthValue[]) =>
    list.includes(false) ? false : list.includes(undefined) ? undefined : true;
  const or = (list: TruthValue[]) =>
    list.includes(true) ? true : list.includes(undefined) ? undefined : false;
  const not = (value: TruthValue) => (value === undefined ? undefined : !value);
  const values: TruthValue[] = [true, false, undefined];
  const lists: TruthValue[][] = [[]];
  for (const a of values) {
    lists.push([a]);
    for (const b of values) {
      lists.push([a, b]);
      for (const c of values) lists.push([a, b, c]);
    }
  }
  for (const make of [leaf, (value: TruthValue): CompiledFilter => ({ kind: 'constant', value })]) {
    for (const list of lists) {
      const clauses = list.map(make);
      t.equal(matchFilter({ kind: 'and', clauses }, entry), and(list), `and ${list}`);
      t.equal(matchFilter({ kind: 'or', clauses }, entry), or(list), `or ${list}`);
      t.equal(matchFilter({ kind: 'not', clause: { kind: 'and', clauses } }, entry), not(and(list)));
      for (const inner of lists.slice(0, 13)) {
        const nested: CompiledFilter = {
          kind: 'or',
          clauses: [
            { kind: 'and', clauses },
            { kind: 'not', clause: { kind: 'or', clauses: inner.map(make) } },
          ],
        };
        if (matchFilter(nested, entry) !== or([and(list), not(or(inner))]))
          t.fail(`(|(&${list})(!(|${inner})))`);
      }
    }
  }
});

t.test('a matcher serves many entries', async (t) => {
  const matches = prepareMatch(compile('(&(objectClass=person)(|(cn=b)(cn=c)(uid=x))(!(sn=z)))'));
  const other = viewOf('cn=b', attributesOf({ objectClass: ['person'], cn: ['B'], sn: ['s'] }));
  for (let i = 0; i < 3; i++) {
    t.equal(matches(entry), false);
    t.equal(matches(other), true);
  }
});

t.test('depth 100 is evaluated', async (t) => {
  t.equal(match(`${'(!'.repeat(100)}(cn=annie)${')'.repeat(100)}`), true);
  t.equal(match(`${'(!(&(uid=*)'.repeat(0)}${'(&(cn=*)'.repeat(100)}(cn=annie)${')'.repeat(100)}`), true);
  t.equal(match(`${'(|(uid=a)(!'.repeat(50)}(cn=annie)${'))'.repeat(50)}`), true);
});

t.test('hostile filters on large entries are answered in milliseconds or refused', async (t) => {
  const large = viewOf(
    'cn=g',
    attributesOf({
      cn: ['g'],
      member: Array.from({ length: 20_000 }, (_, i) => `uid=u${i},dc=x`),
      description: Array.from({ length: 500 }, (_, i) => `${i} ${'lorem ipsum dolor '.repeat(20)}`),
    }),
  );
  const timed = (text: string): string => {
    const matches = prepareMatch(compile(text));
    let answer = '';
    const ms = processorMs(() => {
      try {
        answer = String(matches(large));
      } catch (error) {
        answer = error instanceof LdapError ? error.result : 'crash';
      }
    });
    t.comment(`${text.slice(0, 20)}: ${answer} in ${ms.toFixed(1)} ms`);
    t.ok(ms < 3000, text.slice(0, 30));
    return answer;
  };
  const clauses = (count: number, make: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => make(i)).join('');
  t.equal(timed(`(|${clauses(4095, (i) => `(member=uid=v${i},dc=x)`)})`), 'false');
  t.equal(timed(`(|${clauses(4095, (i) => `(cn=v${i})`)})`), 'false');
  t.equal(timed(`(&${clauses(2000, (i) => `(!(member=uid=v${i},dc=x))`)})`), 'true');
  t.equal(timed(`(|${clauses(4095, (i) => `(description=*v${i}*)`)})`), 'adminLimitExceeded');
  t.equal(timed(`(description=*${'o*'.repeat(250)}zz*)`), 'false');
  const stars = viewOf('cn=s', attributesOf({ description: ['ab'.repeat(10_000)] }));
  const ms = processorMs(() =>
    t.equal(matchFilter(compile(`(description=*${'a*'.repeat(250)}c*)`), stars), false),
  );
  t.ok(ms < 1000, `${ms} ms`);
});

t.test('a hot clause costs little', async (t) => {
  const matches = prepareMatch(compile('(cn=annie)'));
  const many = prepareMatch(
    compile(`(|${Array.from({ length: 500 }, (_, i) => `(uid=u${i})(cn=c${i})`).join('')})`),
  );
  const cost = (run: typeof matches, rounds: number) => {
    const ms = processorMs(() => {
      for (let i = 0; i < rounds; i++) run(entry);
    });
    return (ms * 1000) / rounds;
  };
  cost(matches, 2000);
  t.comment(
    `equality ${cost(matches, 50_000).toFixed(2)} us; 1000 alternatives ${cost(many, 20_000).toFixed(2)} us`,
  );
  t.pass();
});
