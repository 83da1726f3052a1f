/** The one normal form of names (RFC 4517 section 4.2.15). */
import fc from 'fast-check';
import t from 'tap';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import type { Dn } from '../../lib/dn/dn.js';
import { formatDn, parseDn } from '../../lib/dn/dn-text.js';
import { childKey, dnKey, isAtOrBelow, parentKey, rdnKey, rdnKeyOfAvas } from '../../lib/schema/dn-key.js';
import { equalityRule } from '../../lib/schema/equality-rules.js';
import { standardSchema } from './standard-schema.js';

function key(text: string): string {
  return dnKey(parseDn(text));
}

t.test('names that match have one key', async (t) => {
  const same: string[][] = [
    [
      'cn=Jane Doe,dc=Example,dc=COM',
      'CN=jane  doe , DC=example;dc=com',
      'commonName=JANE DOE,0.9.2342.19200300.100.1.25=example,dc=com',
      '2.5.4.3=#0c084a616e6520446f65,dc=example,domainComponent=com',
    ],
    ['cn=a+sn=b', 'surname=B + cn=A'],
    ['cn=Straße', 'cn=STRASSE'],
    ['cn=e\u0301', 'cn=É'],
    ['telephoneNumber=\\+1 23', 'telephonenumber=\\+1-2-3'],
    ['cn=', 'cn=\\20\\20'],
  ];
  for (const names of same) for (const name of names) t.equal(key(name), key(names[0] as string), name);
  t.equal(key(''), '');
  t.equal(key('cn=Jane Doe,dc=Example,dc=COM'), 'cn=jane doe,dc=example,dc=com');
});

t.test('names that differ have different keys', async (t) => {
  const all = [
    'cn=a',
    'sn=a',
    'cn=b',
    'cn=a,cn=a',
    'cn=a+sn=a',
    'cn=a\\,cn=a',
    'cn=a\\+sn=a',
    'cn=a\\5c2ccn=a',
    'cn=\\#61',
    'cn=\\ff',
    'cn=\\23ff',
    'cn=#0403236666',
    'cn=a b',
    'cn=ab',
    'automountKey=A',
    'automountKey=a',
    'x-own=1',
    '',
  ];
  const keys = all.map(key);
  t.equal(new Set(keys).size, new Set(all).size - 1, keys.join(' | '));
  t.equal(key('cn=\\23ff'), key('cn=#0403236666'), 'the two ways to write #ff as text are one value');
});

t.test('what a rule cannot prepare is kept by its octets', async (t) => {
  t.equal(key('cn=\\ff\\00'), 'cn=#ff00');
  t.equal(key('cn=\ue000'), 'cn=#ee8080');
});

t.test('a name is below another exactly when its key ends with a comma and the other key', async (t) => {
  t.ok(isAtOrBelow(key('cn=a,dc=x'), key('dc=x')));
  t.ok(isAtOrBelow(key('dc=x'), key('dc=x')));
  t.ok(isAtOrBelow(key('dc=x'), ''));
  t.notOk(isAtOrBelow(key('cn=a\\,dc=x'), key('dc=x')));
  t.notOk(isAtOrBelow(key('adc=x'), key('dc=x')));
  t.notOk(isAtOrBelow(key('dc=x'), key('cn=a,dc=x')));
  t.equal(parentKey(key('cn=a\\,b,dc=x')), 'dc=x');
  t.equal(parentKey(key('dc=x')), '');
  t.equal(parentKey(''), undefined);
  t.equal(childKey('', 'dc=x'), 'dc=x');
  t.equal(childKey('dc=x', 'cn=a'), 'cn=a,dc=x');
});

const dn = fc
  .array(
    fc.array(
      fc.record({
        type: fc.constantFrom(
          'cn',
          'CommonName',
          'o',
          'mail',
          'x-own',
          '2.5.4.3',
          'automountKey',
          'telephoneNumber',
        ),
        value: fc.oneof(
          fc.string({ unit: fc.constantFrom(...' ,+\\#aAé='), maxLength: 6 }).map((v) => utf8Encode(v)),
          fc.uint8Array({ maxLength: 5 }),
        ),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    { maxLength: 3 },
  )
  .map((rdns): Dn => ({ rdns }));

t.test('the key is the same however a name is written, by table, rule and schema (seeded)', async (t) => {
  const rule = equalityRule('distinguishedNameMatch');
  const schema = standardSchema();
  fc.assert(
    fc.property(dn, (one) => {
      const text = formatDn(one);
      const byTable = dnKey(one);
      const byRule = rule?.normalize(utf8Encode(text));
      if (byRule === undefined || latin1(byRule) !== latin1(utf8Encode(byTable))) return false;
      const bySchema = schema.dnKey(one);
      return bySchema === undefined || bySchema === byTable;
    }),
    { seed: 15, numRuns: 2000 },
  );
  t.pass();
});

t.test('a register RDN has the key that the schema gives its RDN (seeded)', async (t) => {
  const schema = standardSchema();
  fc.assert(
    fc.property(dn, (one) =>
      one.rdns.every((rdn) => {
        const named = schema.namedRdn(rdn);
        return named === undefined
          ? schema.rdnKey(rdn) === undefined
          : rdnKeyOfAvas(named.avas) === schema.rdnKey(rdn);
      }),
    ),
    { seed: 9, numRuns: 1000 },
  );
  t.equal(rdnKey(parseDn('CN=X').rdns[0] ?? []), 'cn=x');
});
