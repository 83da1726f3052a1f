/** Index plans: they never lose a match, and say truly when they are exact. */
import fc from 'fast-check';
import t from 'tap';
import { must, unreachable } from '../../lib/base/assert.js';
import { compareBytes, equalBytes, latin1, utf8Encode } from '../../lib/base/bytes.js';
import type { Attributes } from '../../lib/entry/entry.js';
import { baseKey } from '../../lib/entry/option-subtype.js';
import { compileFilter } from '../../lib/filter/compile-filter.js';
import { matchFilter } from '../../lib/filter/filter-match.js';
import {
  answersAll,
  describePlan,
  type FilterPlan,
  type IndexCatalog,
  type IndexPlan,
  narrows,
  planFilter,
} from '../../lib/filter/filter-plan.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { CommonKeys } from '../../lib/filter/keys-without-rows.js';
import { substringKeys } from '../../lib/filter/substring-keys.js';
import type { AttributeKey, AttributeType } from '../../lib/schema/attribute-type.js';
import { attributesOf, sampleSchema, viewOf } from '../entry/sample-schema.js';

const schema = sampleSchema();
const type = (key: AttributeKey): AttributeType | undefined => schema.attributeType(key);

const substringNormal = (key: string, value: Uint8Array) =>
  must(must(type(key as AttributeKey)?.substring, 'a rule').normalize(value), 'normal');
/** Common where the catalog says `common`. */
const COMMON = new CommonKeys(
  ['abc', 'bca'].flatMap((value) => substringKeys(substringNormal('cn', utf8Encode(value)))),
);

/** A catalog of indexes, written `presence cn`, `equality uid` ... */
function catalog(...indexes: string[]): IndexCatalog {
  const has = (kind: string, key: AttributeKey) => indexes.includes(`${kind} ${key}`);
  return {
    presence: (key) => has('presence', key),
    equality: (key) => (has('equality', key) ? type(key)?.equality?.name : undefined),
    substring: (key) => (has('substring', key) ? type(key)?.substring?.name : undefined),
    ordering: (key) => (has('ordering', key) ? type(key)?.ordering?.name : undefined),
    single: (key) => has('single', key),
    common: (key, lookup) => has('common', key) && COMMON.concern(lookup),
    absent: (key) => has('absent', key),
  };
}

const FULL = catalog(
  'presence cn',
  'equality cn',
  'substring cn',
  'presence sn',
  'equality sn',
  'substring sn',
  'equality uid',
  'ordering uidnumber',
  'equality objectclass',
  'presence mail',
);

const plan = (text: string, indexes = FULL): FilterPlan =>
  planFilter(compileFilter(parseFilter(text), schema), indexes);
const shown = (text: string, indexes = FULL) => {
  const made = plan(text, indexes);
  return `${describePlan(made.plan)}${made.exact ? ' exact' : ''}`;
};

t.test('each kind of clause has its lookup', async (t) => {
  const cases: [string, string][] = [
    ['(cn=x)', 'eq(cn) exact'],
    ['(cn;lang-en=x)', 'eq(cn)'],
    ['(cn=*)', 'pres(cn) exact'],
    ['(cn=abc*)', '(sub(cn,1) | sub(cn,1))'],
    ['(cn=*a*)', 'pres(cn)'],
    ['(uidNumber>=5)', 'ge(uidnumber) exact'],
    ['(uidNumber<=5)', 'le(uidnumber) exact'],
    ['(mail=x)', 'pres(mail)'],
    ['(description=x)', 'all'],
    ['(cn:caseExactMatch:=x)', 'pres(cn)'],
    ['(cn:dn:=x)', 'all'],
    ['(cn:wordMatch:=x)', 'pres(cn)'],
    ['(:caseExactMatch:=x)', 'all'],
    ['(nosuch=x)', 'none exact'],
    ['(&)', 'all exact'],
    ['(|)', 'none exact'],
    ['(!(cn=x))', 'all'],
    ['(objectClass=employee)', '(eq(objectclass) | eq(objectclass) | eq(objectclass)) exact'],
    ['(name=x)', 'all'],
  ];
  for (const [text, expected] of cases) t.equal(shown(text), expected, text);
});

t.test('an and needs one index, an or all of them', async (t) => {
  t.equal(shown('(&(description=x)(cn=y))'), 'eq(cn)');
  t.equal(shown('(&(uid=x)(cn=y))'), '(eq(uid) & eq(cn)) exact');
  t.equal(shown('(&(uid=x)(!(cn=y)))'), 'eq(uid)');
  t.equal(shown('(&(uid=x)(nosuch=y))'), 'none exact');
  t.equal(shown('(|(uid=x)(cn=y)(sn=z))'), '(eq(uid) | eq(cn) | eq(sn)) exact');
  t.equal(shown('(|(uid=x)(description=y))'), 'all');
  t.equal(shown('(|(uid=x)(nosuch=y))'), 'eq(uid) exact');
  t.equal(shown('(&(uid=x)(|(cn=a)(sn=b*)))'), '(eq(uid) & (eq(cn) | sub(sn,1) | sub(sn,1)))');
});

t.test('bounds on one attribute are not joined: it may have several values', async (t) => {
  t.equal(shown('(&(uidNumber>=5)(uidNumber<=9))'), '(ge(uidnumber) & le(uidnumber)) exact');
});

t.test('bounds on an attribute that has one value at most are one range', async (t) => {
  const single = catalog('ordering uidnumber', 'single uidnumber', 'equality cn');
  t.equal(shown('(&(uidNumber>=5)(uidNumber<=9))', single), 'range(uidnumber) exact');
  t.equal(shown('(&(uidNumber>=5)(uidNumber>=7)(cn=x))', single), '(ge(uidnumber) & eq(cn)) exact');
  t.equal(shown('(&(uidNumber>=9)(uidNumber<=5))', single), 'none exact', 'no value lies between');
  t.equal(shown('(|(uidNumber>=9)(uidNumber<=5))', single), '(ge(uidnumber) | le(uidnumber)) exact');
});

t.test('an attribute or subtype that no entry has costs nothing', async (t) => {
  const used = catalog('equality cn', 'absent name', 'absent sn', 'absent ou', 'absent c', 'absent mail');
  t.equal(shown('(mail=x)', used), 'none exact');
  t.equal(shown('(&(cn=x)(mail=*))', used), 'none exact');
  t.equal(shown('(|(cn=x)(mail>=y))', used), 'eq(cn) exact');
  t.equal(shown('(sn;lang-en=x)', used), 'none exact');
  t.equal(shown('(!(mail=x))', used), 'all', 'what is not said of anybody is said of all');
});

t.test('the line for the log is bounded', async (t) => {
  const wide = `(|${Array.from({ length: 4000 }, (_, i) => `(uid=u${i})`).join('')})`;
  t.ok(shown(wide).length < 300);
  const deep = `${'(&(uid=a)(|(cn=b)'.repeat(40)}(uid=b)${'))'.repeat(40)}`;
  t.ok(shown(deep).length < 400);
});

const WORDS = ['a', 'ab', 'abc', 'abcd', 'B', 'bca', 'c', 'cab abc', 'x'.repeat(1100)];
const word = fc.constantFrom(...WORDS);
const numbers = fc.constantFrom('-5', '0', '3', '12', '100');
const named = fc.oneof(
  fc.tuple(fc.constantFrom('cn', 'sn', 'uid', 'description', 'cn;lang-en', 'name', 'mail'), word),
  fc.tuple(fc.constant('uidNumber'), numbers),
);
const clause = fc
  .tuple(named, fc.constantFrom('=', '=*', '>=', '<=', 'a*', '*a', '*a*', 'a*c', ':=', ':dn:='))
  .map(([[name, value], form]) => {
    const [head = '', tail = ''] = [value.slice(0, 2), value.slice(-2)];
    switch (form) {
      case '=*':
        return `(${name}=*)`;
      case 'a*':
        return `(${name}=${head}*)`;
      case '*a':
        return `(${name}=*${tail})`;
      case '*a*':
        return `(${name}=*${value}*)`;
      case 'a*c':
        return `(${name}=${head}*${tail})`;
      default:
        return `(${name}${form}${value})`;
    }
  });
const text = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small' },
    { weight: 4, arbitrary: clause },
    { weight: 1, arbitrary: fc.constantFrom('(&)', '(|)', '(nosuch=x)') },
    { weight: 2, arbitrary: fc.array(tie('filter'), { maxLength: 3 }).map((list) => `(&${list.join('')})`) },
    { weight: 2, arbitrary: fc.array(tie('filter'), { maxLength: 3 }).map((list) => `(|${list.join('')})`) },
    { weight: 1, arbitrary: tie('filter').map((one) => `(!${one})`) },
  ),
})).filter;

const values = (of: fc.Arbitrary<string>) =>
  fc.uniqueArray(of, { minLength: 1, maxLength: 3, selector: (one) => one.toLowerCase() });
const entry = fc
  .record(
    {
      cn: values(word),
      sn: values(word),
      uid: values(word),
      description: values(word),
      'cn;lang-en': values(word),
      mail: values(word),
      uidNumber: fc.array(numbers, { minLength: 1, maxLength: 1 }),
    },
    { requiredKeys: [] },
  )
  .map((record) => attributesOf(record as Record<string, string[]>));

const KINDS = ['presence', 'equality', 'substring', 'ordering', 'common'];
const ALL_INDEXES = ['cn', 'sn', 'uid', 'description', 'mail', 'name', 'ou', 'c', 'uidnumber'].flatMap(
  (key) => KINDS.map((kind) => `${kind} ${key}`),
);

/** Whether the rows of one entry are among what the plan reads: a naive index. */
function reads(made: IndexPlan, attributes: Attributes, indexes: readonly string[]): boolean {
  const rows = (key: AttributeKey) =>
    [...attributes].filter(([one]) => baseKey(one) === key).flatMap(([, one]) => one.values);
  switch (made.kind) {
    case 'all':
      return true;
    case 'none':
      return false;
    case 'presence':
      return rows(made.attribute).length > 0;
    case 'equality': {
      const rule = must(type(made.attribute)?.equality, 'indexed');
      return rows(made.attribute).some((value) =>
        equalBytes(must(rule.normalize(value), 'normal'), made.normal),
      );
    }
    case 'range': {
      const rule = must(type(made.attribute)?.ordering, 'indexed');
      return rows(made.attribute).some((value) => {
        const normal = must(rule.normalize(value), 'normal');
        return (
          (made.from === undefined || compareBytes(normal, made.from) >= 0) &&
          (made.to === undefined || compareBytes(normal, made.to) <= 0)
        );
      });
    }
    case 'substring': {
      const common = indexes.includes(`common ${made.attribute}`) ? COMMON : CommonKeys.NONE;
      // Keys of all values of the entry together: an index does not know which value a row is of.
      const keys = rows(made.attribute).flatMap((value) =>
        common.rowsOf(substringNormal(made.attribute, value)).map(latin1),
      );
      return made.keys.every(({ key, prefix }) =>
        keys.some((one) => (prefix ? one.startsWith(latin1(key)) : one === latin1(key))),
      );
    }
    case 'common':
      return true;
    case 'intersect':
      return made.parts.every((part) => reads(part, attributes, indexes));
    case 'union':
      return made.parts.some((part) => reads(part, attributes, indexes));
    default:
      return unreachable(made);
  }
}

t.test(
  'common keys are left out; where no other is left the plan is every entry, as an answer of the index',
  async (t) => {
    const indexes = catalog('equality uid', 'substring cn', 'common cn', 'substring sn');
    for (const [filter, expected, all] of [
      ['(cn=*abc*)', 'common(cn)', true],
      ['(cn=ab*)', 'common(cn)', true],
      ['(cn=*abcd*)', '((sub(cn,1) | sub(cn,1)) & common(cn))', true],
      ['(cn=*xyz*)', '(sub(cn,1) | sub(cn,1))', false],
      ['(&(uid=x)(cn=*abc*))', '(eq(uid) & common(cn))', true],
      ['(|(uid=x)(cn=*abc*))', 'common(cn)', true],
      ['(|(description=x)(cn=*abc*))', 'all', false],
      ['(|(cn=*abcd*)(sn=*xyz*))', '(((sub(cn,1) | sub(cn,1)) & common(cn)) | sub(sn,1) | sub(sn,1))', false],
    ] as const) {
      t.equal(shown(filter, indexes), expected, filter);
      t.equal(answersAll(plan(filter, indexes).plan), all, filter);
      t.equal(narrows(plan(filter, indexes).plan), !['all', 'common(cn)'].includes(expected), filter);
    }
  },
);

t.test(
  'over random entries, filters and sets of indexes: no match is lost, exact plans add none',
  async (t) => {
    const count = { matched: 0, exact: 0, narrowed: 0 };
    fc.assert(
      fc.property(
        text,
        fc.array(entry, { minLength: 1, maxLength: 6 }),
        fc.subarray(ALL_INDEXES),
        (filterText, entries, indexes) => {
          const filter = compileFilter(parseFilter(filterText), schema);
          const { plan: made, exact } = planFilter(filter, catalog(...indexes));
          describePlan(made);
          for (const attributes of entries) {
            const matches = matchFilter(filter, viewOf('cn=a,uid=ab', attributes)) === true;
            const read = reads(made, attributes, indexes);
            if (matches && !read) throw new Error(`lost by ${describePlan(made)}`);
            if (exact && read !== matches) throw new Error(`not exact: ${describePlan(made)}`);
            if (matches) count.matched += 1;
            if (exact) count.exact += 1;
            if (!read) count.narrowed += 1;
          }
        },
      ),
      { seed: 4511, numRuns: 3000 },
    );
    t.comment(JSON.stringify(count));
    t.ok(count.matched > 500 && count.exact > 500 && count.narrowed > 500);
  },
);
