/** Tests of one attribute. What they answer on entries is walked in filter-match.test.ts. */
import t from 'tap';
import { LIMITS } from '../../lib/base/limits.js';
import { compileFilter } from '../../lib/filter/compile-filter.js';
import type { CompiledFilter } from '../../lib/filter/compiled-filter.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { mergeAlternatives, Sight } from '../../lib/filter/match-tests.js';
import { attributesOf, sampleSchema, viewOf } from '../entry/sample-schema.js';

const clauses = (text: string): readonly CompiledFilter[] => {
  const filter = compileFilter(parseFilter(text), sampleSchema());
  return filter.kind === 'or' ? filter.clauses : [filter];
};

t.test('alternatives on one attribute and rule are one test', async (t) => {
  const merged = mergeAlternatives(
    clauses('(|(cn=a)(cn=b)(sn=a)(cn=x*)(cn=y*)(cn=*)(!(cn=z))(uidNumber>=1))'),
  );
  t.equal(merged.tests.length, 5);
  t.equal(merged.rest.length, 1);
});

t.test('merged tests answer as their clauses do, on small and large attributes', async (t) => {
  const sight = new Sight();
  for (const count of [1, 10, 2000]) {
    const values = Array.from({ length: count }, (_, i) => `V${i}`);
    sight.look(viewOf('cn=a', attributesOf({ cn: values })));
    const test = (text: string) => mergeAlternatives(clauses(text)).tests.some((one) => one(sight) === true);
    t.ok(test('(cn=v0)'));
    t.ok(test('(|(cn=x)(cn=v0))'));
    t.notOk(test('(|(cn=x)(cn=y))'));
    t.equal(test(`(cn=v${count - 1})`), true);
    t.ok(test('(|(cn=x*)(cn=v*))'));
    t.notOk(test('(|(cn=x*)(cn=*y))'));
  }
});

t.test('an evaluation has a budget, and each entry a new one', async (t) => {
  const sight = new Sight();
  const entry = viewOf('cn=a', attributesOf({ cn: ['a'] }));
  sight.look(entry);
  sight.spend(LIMITS.filterWorkBytes);
  t.throws(() => sight.spend(1), /limit filterWorkBytes/);
  sight.look(entry);
  sight.spend(1);
  t.same(sight.optioned(), []);
});
