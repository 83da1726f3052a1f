/** What the access log says of an operation, and what it never shows. */
import t from 'tap';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { cut, filterShape } from '../../lib/operation/connection/access-log.js';

t.test('a filter is shown by attributes and kinds, with ? for every value', async (t) => {
  const shapes: readonly (readonly [string, string])[] = [
    ['(uid=secret)', '(uid=?)'],
    ['(&(objectClass=person)(!(cn=x*y*z)))', '(&(objectClass=?)(!(cn=?*?*?)))'],
    ['(|(cn=*a*)(sn=b*)(mail=*))', '(|(cn=*?*)(sn=?*)(mail=*))'],
    ['(uidNumber>=5)', '(uidNumber>=?)'],
    ['(uidNumber<=5)', '(uidNumber<=?)'],
    ['(cn~=x)', '(cn~=?)'],
    ['(ou:dn:caseExactMatch:=x)', '(ou:dn:caseExactMatch:=?)'],
    ['(:caseExactMatch:=x)', '(:caseExactMatch:=?)'],
    ['(&)', '(&)'],
  ];
  for (const [text, shape] of shapes) t.equal(filterShape(parseFilter(text)), shape);
});

t.test('texts of any length become lines of about 4 kB (reliability class 25)', async (t) => {
  const clauses = Array.from({ length: 4000 }, (_, i) => `(uid=${i})`).join('');
  t.ok(filterShape(parseFilter(`(|${clauses})`)).length < 4200);
  t.equal(cut('x'.repeat(5000)).length, 4099);
  t.equal(cut('short'), 'short');
});
