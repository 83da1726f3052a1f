/** Substring index keys: a value that matches has every key that its assertion is looked up by. */
import fc from 'fast-check';
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { LIMITS } from '../../lib/base/limits.js';
import { CommonKeys } from '../../lib/filter/keys-without-rows.js';
import {
  eachDistinctKey,
  eachSubstringKey,
  LONG_VALUE_KEY,
  lookupKeys,
  substringKeys,
} from '../../lib/filter/substring-keys.js';
import { matchSubstrings } from '../../lib/schema/substring-match.js';
import { substringRule } from '../../lib/schema/substring-rules.js';

const keysOf = (text: string) => substringKeys(utf8Encode(text)).map(latin1);
const part = (text: string) => (text === '' ? undefined : utf8Encode(text));
const lookups = (initial: string, any: string[], final: string) =>
  lookupKeys(
    part(initial),
    any.map((one) => utf8Encode(one)),
    part(final),
  );

t.test('a value has its start, its end and its grams, each once', async (t) => {
  t.same(keysOf('abcabc'), ['\x01abcabc', '\x02cbacba', '\0abc', '\0bca', '\0cab']);
  t.same(keysOf('ab'), ['\x01ab', '\x02ba']);
  t.same(keysOf(''), ['\x01', '\x02']);
  t.same(keysOf('abcdefghij').slice(0, 2), ['\x01abcdefgh', '\x02jihgfedc']);
});

t.test('a long value has one key alone', async (t) => {
  const long = new Uint8Array(LIMITS.substringIndexedBytes + 1);
  t.same(substringKeys(long), [LONG_VALUE_KEY]);
  t.ok(substringKeys(long.subarray(1)).length > 1);
});

t.test('lookups are few, the most selective first', async (t) => {
  const shown = (list: ReturnType<typeof lookups>) =>
    list.map(({ key, prefix }) => `${latin1(key)}${prefix ? '..' : ''}`);
  t.same(shown(lookups('john', [], '')), ['\x01john..']);
  t.same(shown(lookups('john smith', [], '')), ['\x01john smi']);
  t.same(shown(lookups('', ['abc'], 'yz')), ['\0abc', '\x02zy..']);
  t.same(shown(lookups('', ['ab'], '')), []);
  t.equal(lookups('', [`${'a'.repeat(500)}bcdefghijklmnop`], '').length <= 6, true);
  t.ok(lookups('x'.repeat(50), ['abcdefghi', 'jklmnop'], 'y'.repeat(50)).length <= 6);
});

t.test('no match is lost, and exact lookups are prefixes of no other key', async (t) => {
  const rule = must(substringRule('caseIgnoreSubstringsMatch'), 'rule');
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', 'é'), maxLength: 14 });
  const place = (text: string, where: 'initial' | 'any' | 'final') =>
    text === '' ? undefined : rule.normalizePart(utf8Encode(text), where);
  let matched = 0;
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 3 }), word, word, (initial, any, final, between) => {
      const value = `${initial}${any.join(between)}${final}`;
      const normal = rule.normalize(utf8Encode(value));
      const parts = {
        initial: place(initial, 'initial'),
        any: any.map((one) => place(one, 'any')).filter((one) => one !== undefined),
        final: place(final, 'final'),
      };
      if (normal === undefined || !matchSubstrings(normal, parts)) return true;
      matched += 1;
      const keys = substringKeys(normal).map(latin1);
      return lookupKeys(parts.initial, parts.any, parts.final).every(({ key, prefix }) => {
        const wanted = latin1(key);
        if (!prefix && keys.some((one) => one !== wanted && one.startsWith(wanted))) return false;
        return keys.some((one) => (prefix ? one.startsWith(wanted) : one === wanted));
      });
    }),
    { seed: 18, numRuns: 3000 },
  );
  t.ok(matched > 1000, `${matched} matches`);
});

t.test('bulk loads get the same keys', async (t) => {
  const check = (normal: Uint8Array) => {
    const keys = new Set<string>();
    eachSubstringKey(normal, {
      key: (octets, length) => keys.add(latin1(octets.subarray(0, length))),
    });
    return [...keys].sort().join('|') === substringKeys(normal).map(latin1).sort().join('|');
  };
  t.ok(check(new Uint8Array(LIMITS.substringIndexedBytes + 1)));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), check), { seed: 19, numRuns: 2000 });
});

t.test('single writes get the same keys, each once', async (t) => {
  const check = (normal: Uint8Array) => {
    const keys: string[] = [];
    eachDistinctKey(normal, CommonKeys.NONE, (key) => keys.push(latin1(key)));
    return keys.sort().join('|') === substringKeys(normal).map(latin1).sort().join('|');
  };
  t.ok(check(new Uint8Array(LIMITS.substringIndexedBytes + 1)));
  for (const length of [0, 1, 2, 3, 8, 9, 66, 67, 200])
    t.ok(check(Uint8Array.from({ length }, (_, i) => i)), `${length} octets`);
  const repeating = fc.array(fc.integer({ min: 97, max: 99 }), { maxLength: 80 });
  fc.assert(
    fc.property(repeating, (octets) => check(Uint8Array.from(octets))),
    { seed: 20, numRuns: 1000 },
  );
});

t.test('a part that says one thing a million times is looked at as far as values are cut up', async (t) => {
  const looked: number[] = [];
  const part = new Proxy(new Uint8Array(1 << 20).fill(0x78), {
    get: (target, name) =>
      name === 'subarray'
        ? (from: number, to: number) => {
            looked.push(to);
            return target.subarray(from, to);
          }
        : Reflect.get(target, name, target),
  });
  t.equal(lookupKeys(undefined, [part], undefined).length, 1);
  t.ok(Math.max(...looked) <= LIMITS.substringIndexedBytes);
});
