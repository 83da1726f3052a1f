/** Rules as extensible filters use them: bits, words, prefixes, and every rule of the other tables. */
import fc from 'fast-check';
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { equalityRules } from '../../lib/schema/equality-rules.js';
import { extensibleRule, extensibleRules } from '../../lib/schema/extensible-rules.js';
import { orderingRules } from '../../lib/schema/ordering-rules.js';
import { substringRules } from '../../lib/schema/substring-rules.js';

/** TRUE, FALSE, or undefined for an assertion or value that the rule cannot judge. */
function test(rule: string, value: string, assertion: string): boolean | undefined {
  return extensibleRule(rule)?.matcher(utf8Encode(assertion), undefined)?.(utf8Encode(value));
}

t.test('bit rules as Active Directory defined them, to 64 bits and beyond', async (t) => {
  const AND = '1.2.840.113556.1.4.803';
  const OR = '1.2.840.113556.1.4.804';
  t.equal(test(AND, '514', '2'), true);
  t.equal(test(AND, '512', '2'), false);
  t.equal(test(AND, '7', '5'), true);
  t.equal(test(AND, '4', '5'), false);
  t.equal(test(OR, '4', '5'), true);
  t.equal(test(OR, '2', '5'), false);
  t.equal(test(AND, '0', '0'), true);
  t.equal(test(OR, '7', '0'), false);
  t.equal(test(AND, '-2147483646', '2147483648'), true, 'negative values are two’s complement');
  t.equal(test(AND, '18446744073709551615', '9223372036854775808'), true);
  for (const [value, assertion] of [
    ['x', '1'],
    ['1', 'x'],
    ['1', ''],
    ['9'.repeat(100), '1'],
    ['1', '01'],
  ]) {
    t.equal(test(AND, value as string, assertion as string), undefined);
  }
});

t.test('RFC 3698 sections 2.5 and 2.8: words and keywords', async (t) => {
  t.equal(test('wordMatch', 'Jane  Doe-Smith, Ltd.', 'ltd'), true);
  t.equal(test('wordMatch', 'Jane  Doe-Smith', 'doe-smith'), true);
  t.equal(test('wordMatch', 'Jane Doe', 'jan'), false);
  t.equal(test('keywordMatch', 'Jane Doe', 'jane  DOE'), true);
  t.equal(test('keywordMatch', 'Jane Doe', 'doe'), true);
  t.equal(test('wordMatch', '\ue000', 'doe'), undefined);
});

t.test('RFC 3698 section 2.6: the stored value is a prefix of the assertion', async (t) => {
  t.equal(test('storedPrefixMatch', '555', '5551234'), true);
  t.equal(test('storedPrefixMatch', '5551', '555'), false);
});

t.test('nobody learns a password by authPasswordMatch', async (t) => {
  t.equal(test('authPasswordMatch', 'SHA1$c2FsdA==$aGFzaA==', 'secret'), undefined);
});

t.test('equality, ordering and substring rules serve too', async (t) => {
  t.equal(test('caseExactMatch', 'A', 'a'), false);
  t.equal(test('2.5.13.2', 'A', 'a'), true);
  t.equal(test('integerOrderingMatch', '9', '10'), true, 'TRUE when the value comes before');
  t.equal(test('integerOrderingMatch', '10', '10'), false);
  t.equal(test('caseIgnoreSubstringsMatch', 'Foo Bar', 'f*r'), true);
  t.equal(test('integerMatch', '1', 'x'), undefined);
  t.equal(test('integerMatch', 'x', '1'), undefined);
  t.equal(extensibleRule('noSuchMatch'), undefined);
  t.equal(extensibleRule('toString'), undefined);
});

t.test('every rule is here by name and OID, once, and none ever throws (seeded)', async (t) => {
  const all = [...equalityRules(), ...orderingRules(), ...substringRules(), ...extensibleRules()];
  t.equal(new Set(all.map((rule) => rule.oid)).size, all.length);
  t.equal(new Set(all.map((rule) => rule.name.toLowerCase())).size, all.length);
  for (const { oid, name } of all) {
    const rule = extensibleRule(oid);
    t.equal(rule, extensibleRule(name));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ maxLength: 12 }), (assertion, value) => {
        rule?.matcher(assertion, undefined)?.(value);
        return true;
      }),
      { seed: 45, numRuns: 100 },
    );
  }
});
