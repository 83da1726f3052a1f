/** Filters as text. RFC 4515; the round trip is in filter-text.test.ts. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import type { Filter } from '../../lib/filter/filter.js';
import { escapeValue, formatFilter } from '../../lib/filter/format-filter.js';

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
