/** Which indexes would help a filter: for an and one is enough, for an or all are needed. */
import t from 'tap';
import { compileFilter } from '../../lib/filter/compile-filter.js';
import type { IndexCatalog } from '../../lib/filter/filter-plan.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { missingIndexes } from '../../lib/filter/missing-indexes.js';
import { sampleSchema } from '../entry/sample-schema.js';

const schema = sampleSchema();
const indexed = new Set(['uid']);
const CATALOG: IndexCatalog = {
  presence: (key) => indexed.has(key),
  equality: (key) => (indexed.has(key) ? schema.attributeType(key)?.equality?.name : undefined),
  substring: () => undefined,
  ordering: () => undefined,
  single: () => false,
  absent: (key) => key === 'mail',
};

const missing = (text: string): string =>
  missingIndexes(
    compileFilter(parseFilter(text), schema),
    CATALOG,
    ({ attribute, kind }, rule) =>
      kind === 'presence' || schema.attributeType(attribute)?.[kind]?.name === rule,
  )
    .map(({ attribute, kind }) => `${attribute} ${kind}`)
    .join(', ');

t.test('the indexes that are missing', async (t) => {
  for (const [filter, expected] of [
    ['(uid=x)', ''],
    ['(cn=x)', 'cn equality'],
    ['(cn=abc*)', 'cn substring'],
    ['(cn=*a*)', ''],
    ['(cn=*)', 'cn presence'],
    ['(uidNumber>=5)', 'uidnumber ordering'],
    ['(&(cn=*)(sn=abc*)(description=x))', 'description equality'],
    ['(|(uid=x)(cn=x)(sn=abc*)(cn=y))', 'cn equality, sn substring'],
    ['(!(cn=x))', ''],
    ['(mail=x)', ''],
    ['(cn;lang-en=x)', 'cn equality'],
    ['(cn:caseExactMatch:=x)', ''],
    ['(nosuch=x)', ''],
  ] as const)
    t.equal(missing(filter), expected, filter);
  const wide = Array.from({ length: 2000 }, (_, n) => `(cn=${n})(sn=${n})`).join('');
  t.equal(missing(`(|${wide})`), 'cn equality, sn equality', 'each once');
});

t.test('of thousands of clauses the first few hundred are looked at', async (t) => {
  const long = `(uid=x)`.repeat(4000);
  t.equal(missing(`(|(cn=x)${long})`), 'cn equality');
  t.equal(missing(`(|${long}(cn=x))`), '');
});
