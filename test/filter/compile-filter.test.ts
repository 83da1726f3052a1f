/** Filters seen through the schema: what becomes Undefined, what subtypes join, what folds. RFC 4511 section 4.5.1.7, RFC 4526. */
import t from 'tap';
import { latin1 } from '../../lib/base/bytes.js';
import { compileFilter, filterKeys } from '../../lib/filter/compile-filter.js';
import type { CompiledFilter } from '../../lib/filter/compiled-filter.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { sampleSchema } from '../entry/sample-schema.js';

const compile = (text: string) => compileFilter(parseFilter(text), sampleSchema());

/** In short: `eq cn,sn caseIgnoreMatch 'x'`. */
function short(filter: CompiledFilter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `${filter.kind}(${filter.clauses.map(short).join(', ')})`;
    case 'not':
      return `not(${short(filter.clause)})`;
    case 'constant':
      return String(filter.value);
    case 'present':
      return `has ${filter.keys}`;
    case 'equality':
      return `eq ${filter.keys} ${filter.rule.name} '${latin1(filter.normal)}'`;
    case 'ordering':
      return `${filter.direction} ${filter.keys} ${filter.rule.name}`;
    case 'substrings':
      return `sub ${filter.keys} ${filter.rule.name}`;
    case 'extensible':
      return `ext ${filter.keys ?? '*'}${filter.dnAttributes ? ' dn' : ''}`;
  }
}

const compiled = (text: string) => short(compile(text));

t.test('assertions are normalized once, by the type that they name', async (t) => {
  t.equal(compiled('(CN=  Foo   Bar )'), "eq cn caseIgnoreMatch 'foo bar'");
  t.equal(compiled('(2.5.4.3=x)'), "eq cn caseIgnoreMatch 'x'");
  t.equal(compiled('(cn~=X)'), "eq cn caseIgnoreMatch 'x'", 'approximate is equality of normal forms');
  t.equal(compiled('(uidNumber>=5)'), 'greaterOrEqual uidnumber integerOrderingMatch');
  t.equal(compiled('(mail=a*)'), 'sub mail caseIgnoreIA5SubstringsMatch');
  t.equal(compiled('(userCertificate;binary=*)'), 'has usercertificate');
});

t.test('a type stands for its subtypes, with the same options', async (t) => {
  t.equal(compiled('(name=x)'), "eq name,cn,sn,ou,c caseIgnoreMatch 'x'");
  t.equal(compiled('(name;lang-en=*)'), 'has name;lang-en,cn;lang-en,sn;lang-en,ou;lang-en,c;lang-en');
  t.equal(compiled('(cn;lang-en=x)'), "eq cn;lang-en caseIgnoreMatch 'x'");
});

t.test('what cannot be judged is Undefined, and never an error', async (t) => {
  const undefinedOnes = [
    '(nosuch=x)',
    '(nosuch=*)',
    '(nosuch=a*)',
    '(nosuch>=1)',
    '(nosuch:=x)',
    '(jpegPhoto=x)',
    '(jpegPhoto~=x)',
    '(userCertificate=x)',
    '(cn>=x)',
    '(member=*x*)',
    '(motto=a*)',
    '(uidNumber=seven)',
    '(uidNumber>=seven)',
    '(member=nodn)',
    '(cn:nosuchRule:=x)',
    '(:nosuchRule:=x)',
    '(uidNumber:integerMatch:=x)',
    '(jpegPhoto:=x)',
    '(uidNumber:1.2.840.113556.1.4.803:=x)',
    '(objectClass=nosuchclass)',
    '(cn=)',
    '(uidNumber:caseExactIA5Match:=7)',
    '(member:dn:caseIgnoreMatch:=a)',
  ];
  for (const text of undefinedOnes) t.equal(compiled(text), 'undefined', text);
});

t.test('object classes match under names and OID (RFC 4517 section 4.2.26)', async (t) => {
  for (const text of ['(objectClass=PERSON)', '(objectclass=2.5.6.6)', '(2.5.4.0=person)']) {
    const filter = compile(text);
    t.match(short(filter), /eq objectclass objectIdentifierMatch 'person'/, text);
  }
  t.match(compiled('(objectClass=employee)'), /'worker'.*'employee'.*'2\.25\.2\.1'/);
});

t.test('extensible clauses that an index can answer become ordinary ones', async (t) => {
  t.equal(compiled('(cn:=X)'), "eq cn caseIgnoreMatch 'x'");
  t.equal(compiled('(cn:caseExactMatch:=X)'), "eq cn caseExactMatch 'X'");
  t.equal(compiled('(cn:2.5.13.5:=X)'), "eq cn caseExactMatch 'X'");
  t.equal(compiled('(cn:caseIgnoreSubstringsMatch:=a\\2ab)'), 'sub cn caseIgnoreSubstringsMatch');
  t.equal(compiled('(cn:dn:=X)'), 'ext cn dn');
  t.equal(compiled('(:caseExactMatch:=X)'), 'ext *');
  t.equal(compiled('(uidNumber:1.2.840.113556.1.4.803:=2)'), 'ext uidnumber');
  t.match(compiled('(objectClass:objectIdentifierMatch:=employee)'), /'worker'/);
});

t.test('constants fold without a change of truth, exhaustively for sets of up to three', async (t) => {
  const values: [string, boolean | undefined][] = [
    ['(&)', true],
    ['(|)', false],
    ['(nosuch=x)', undefined],
  ];
  const and = (list: (boolean | undefined)[]) =>
    list.includes(false) ? false : list.includes(undefined) ? undefined : true;
  const or = (list: (boolean | undefined)[]) =>
    list.includes(true) ? true : list.includes(undefined) ? undefined : false;
  const lists = [
    [],
    ...values.map((a) => [a]),
    ...values.flatMap((a) => values.map((b) => [a, b])),
    ...values.flatMap((a) => values.flatMap((b) => values.map((c) => [a, b, c]))),
  ];
  for (const list of lists) {
    const clauses = list.map(([text]) => text).join('');
    const truths = list.map(([, value]) => value);
    t.equal(compiled(`(&${clauses})`), String(and(truths)), `(&${clauses})`);
    t.equal(compiled(`(|${clauses})`), String(or(truths)), `(|${clauses})`);
    const negated = and(truths);
    t.equal(compiled(`(!(&${clauses}))`), String(negated === undefined ? undefined : !negated));
  }
});

t.test('sets keep what they need and lose what they do not', async (t) => {
  t.equal(compiled('(&(cn=*)(&))'), 'has cn');
  t.equal(compiled('(|(cn=*)(|))'), 'has cn');
  t.equal(compiled('(&(cn=*)(nosuch=x)(nosuch=y))'), 'and(has cn, undefined)');
  t.equal(compiled('(|(cn=*)(nosuch=x))'), 'or(has cn, undefined)');
  t.equal(compiled('(&(cn=*)(|))'), 'false');
  t.equal(compiled('(|(cn=*)(&))'), 'true');
  t.equal(compiled('(!(!(cn=*)))'), 'has cn');
  t.equal(compiled('(|(cn=*)(|(sn=*)(ou=*)))'), 'or(has cn, has sn, has ou)');
});

t.test('the keys that a filter looks at are told', async (t) => {
  t.same([...(filterKeys(compile('(&(cn=a)(!(|(sn=b)(uid=c*))))')) ?? [])].sort(), ['cn', 'sn', 'uid']);
  t.same([...(filterKeys(compile('(&)')) ?? [])], []);
  t.equal(filterKeys(compile('(|(cn=a)(:caseExactMatch:=x))')), undefined);
});
