/** Common keys of a substring index: writers leave out exactly those whose lookups nobody trusts. */
import fc from 'fast-check';
import t from 'tap';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import {
  areCommon,
  COMMON_HOLDERS,
  CommonKeys,
  MOST_COMMON,
  mayBeCommon,
} from '../../lib/filter/keys-without-rows.js';
import {
  eachDistinctKey,
  LONG_VALUE_KEY,
  lookupKeys,
  substringKeys,
} from '../../lib/filter/substring-keys.js';

const normal = (text: string) => utf8Encode(text);
const texts = (keys: readonly Uint8Array[]) => keys.map(latin1).sort();
const value = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 75 }).map(normal);

t.test('a key is common that half of all entries have, and some thousands', (t) => {
  t.ok(areCommon(COMMON_HOLDERS, 2 * COMMON_HOLDERS));
  t.notOk(areCommon(COMMON_HOLDERS, 2 * COMMON_HOLDERS + 1));
  t.notOk(areCommon(COMMON_HOLDERS - 1, COMMON_HOLDERS), 'lists of a small domain are short');
  t.ok(MOST_COMMON * 16 < 2 ** 20, 'so the row of an index stays small');
  t.notOk(mayBeCommon(LONG_VALUE_KEY), 'values that are not cut up are looked up with all others');
  t.end();
});

t.test('rows are kept of all keys but the common ones, one by one as in a list', (t) => {
  fc.assert(
    fc.property(value, fc.array(value, { maxLength: 3 }), (of, others) => {
      const common = new CommonKeys(others.flatMap((other) => substringKeys(other).slice(0, 7)));
      const kept = substringKeys(of).filter((key) => !texts(common.keys).includes(latin1(key)));
      const single: Uint8Array[] = [];
      eachDistinctKey(of, common, (key) => single.push(key.slice()));
      t.same(texts(common.rowsOf(of)), texts(kept));
      t.same(texts(single), texts(kept));
    }),
    { seed: 7, numRuns: 150 },
  );
  t.end();
});

t.test('a lookup that is not left out finds every value that matches', (t) => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 10 });
  let [kept, left] = [0, 0];
  fc.assert(
    fc.property(part, part, part, fc.array(value, { maxLength: 3 }), (initial, any, final, others) => {
      const common = new CommonKeys(others.flatMap(substringKeys));
      const rows = texts(common.rowsOf(normal(initial + any + final)));
      for (const lookup of lookupKeys(normal(initial), [normal(any)], normal(final))) {
        if (common.concern(lookup)) left += 1;
        else {
          kept += 1;
          const key = latin1(lookup.key);
          t.ok(rows.some((row) => (lookup.prefix ? row.startsWith(key) : row === key)));
        }
      }
    }),
    { seed: 8, numRuns: 300 },
  );
  t.ok(kept > 100 && left > 100, `${kept} kept, ${left} left out`);
  t.end();
});
