/** The scan over normal forms, and Substring Assertions as text (RFC 4517 section 3.3.30). */
import fc from 'fast-check';
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { matchSubstrings, readSubstringAssertion } from '../../lib/schema/substring-match.js';
import { substringRule } from '../../lib/schema/substring-rules.js';
import { processorMs } from '../processor-time.js';

const bytes = (text: string | undefined) => (text === undefined ? undefined : utf8Encode(text));

function matches(
  value: string,
  initial: string | undefined,
  any: string[],
  final: string | undefined,
): boolean {
  return matchSubstrings(utf8Encode(value), {
    initial: bytes(initial),
    any: any.map(utf8Encode),
    final: bytes(final),
  });
}

t.test('parts match in order and never overlap', async (t) => {
  t.ok(matches('abcabc', 'ab', ['ca'], 'bc'));
  t.notOk(matches('abc', 'ab', [], 'bc'));
  t.notOk(matches('aba', 'aba', [], 'a'));
  t.ok(matches('aaaa', 'a', ['a', 'a'], 'a'));
  t.notOk(matches('aaa', 'a', ['a', 'a'], 'a'));
  t.notOk(matches('ab', undefined, ['b', 'a'], undefined));
  t.ok(matches('', undefined, [], undefined));
  t.notOk(matches('', 'a', [], undefined));
});

t.test('the greedy scan agrees with trying every place (seeded)', async (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
  const part = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 });
  const tryAll = (value: string, parts: string[]): boolean => {
    const [first, ...rest] = parts;
    if (first === undefined) return true;
    for (let at = value.indexOf(first); at >= 0; at = value.indexOf(first, at + 1)) {
      if (tryAll(value.slice(at + first.length), rest)) return true;
    }
    return false;
  };
  fc.assert(
    fc.property(
      text,
      fc.option(part, { nil: undefined }),
      fc.array(part, { maxLength: 3 }),
      fc.option(part, { nil: undefined }),
      (value, initial, any, final) => {
        const from = initial?.length ?? 0;
        const to = value.length - (final?.length ?? 0);
        const ends = value.startsWith(initial ?? '') && value.endsWith(final ?? '') && from <= to;
        return matches(value, initial, any, final) === (ends && tryAll(value.slice(from, to), any));
      },
    ),
    { seed: 58, numRuns: 3000 },
  );
  t.pass();
});

t.test('ten stars over a megabyte cost one pass', async (t) => {
  const value = utf8Encode('a'.repeat(1 << 20));
  const any = Array.from({ length: 256 }, () => utf8Encode('aaab'));
  const ms = processorMs(() =>
    t.notOk(matchSubstrings(value, { initial: undefined, any, final: undefined })),
  );
  t.ok(ms < 3000, `${ms} ms`);
});

t.test('assertion text has its stars and escapes', async (t) => {
  const rule = must(substringRule('caseExactSubstringsMatch'), 'rule');
  const read = (text: string) => {
    const parts = readSubstringAssertion(rule, utf8Encode(text));
    const show = (part: Uint8Array | undefined) => (part === undefined ? undefined : utf8Decode(part));
    return parts === undefined ? undefined : [show(parts.initial), parts.any.map(show), show(parts.final)];
  };
  t.same(read('a*b*c'), [' a', ['b'], 'c ']);
  t.same(read('*'), [undefined, [], undefined]);
  for (const text of ['**', '**a', 'a**b', 'a**'])
    t.equal(read(text), undefined, `${text}: RFC 4517 section 3.3.30`);
  t.same(read('a\\2Ab*\\5c'), [' a*b', [], '\\ ']);
  t.equal(read('abc'), undefined, 'no star');
  t.equal(read('*'.repeat(1000)), undefined, 'substringParts');
  t.equal(read('\ue000*'), undefined);
});
