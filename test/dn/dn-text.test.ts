/** RFC 4514 by section, the leniencies of RFC 2253 and 1779, bounds, and round trips. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { toHex, utf8Encode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import { LIMITS } from '../../lib/base/limits.js';
import type { Dn } from '../../lib/dn/dn.js';
import { formatDn, formatRdn, formatValue, parseDn, parseRdn } from '../../lib/dn/dn-text.js';
import { processorMs } from '../processor-time.js';

/** Structure as text that a test can compare: type, '=', hex of the value. */
function shape(dn: Dn): string {
  return dn.rdns
    .map((rdn) => rdn.map((ava) => `${ava.type}=${toHex(Uint8Array.from(ava.value))}`).join('+'))
    .join(',');
}

function hex(text: string): string {
  return toHex(utf8Encode(text));
}

function refuses(t: Test, text: string, why: string, parse: (text: string) => unknown = parseDn): void {
  try {
    parse(text);
    t.fail(`${JSON.stringify(text).slice(0, 60)} is refused: ${why}`);
  } catch (error) {
    t.ok(
      error instanceof LdapError && error.result === 'invalidDNSyntax',
      `${why}: ${(error as Error).message}`,
    );
  }
}

t.test('section 2.1: the empty string is the root, RDNs stand leaf first', async (t) => {
  t.same(parseDn('').rdns, []);
  t.same(parseDn('   ').rdns, []);
  t.equal(
    shape(parseDn('UID=jsmith,DC=example,DC=net')),
    `UID=${hex('jsmith')},DC=${hex('example')},DC=${hex('net')}`,
  );
});

t.test('section 2.2: values of one RDN are joined with plus', async (t) => {
  t.equal(
    shape(parseDn('OU=Sales+CN=J.  Smith,DC=net')),
    `OU=${hex('Sales')}+CN=${hex('J.  Smith')},DC=${hex('net')}`,
  );
});

t.test('section 2.3: a type is a descriptor or a numeric OID', async (t) => {
  t.equal(shape(parseDn('1.3.6.1.4.1.1466.0=#04024869')), `1.3.6.1.4.1.1466.0=${hex('Hi')}`);
  for (const bad of [
    '1=x',
    '1.=x',
    '.1=x',
    '1..2=x',
    '01.2=x',
    '1.02=x',
    'c.n=x',
    '-cn=x',
    '=x',
    'c n=x',
    'cn;lang-en=x',
  ]) {
    refuses(t, bad, `type of ${bad}`);
  }
});

t.test('section 2.4 and 3: every escape of a special character', async (t) => {
  for (const c of ' "#+,;<=>\\') t.equal(shape(parseDn(`cn=a\\${c}b`)), `cn=${hex(`a${c}b`)}`, `\\${c}`);
  const wrong: string[] = [];
  for (let octet = 0; octet < 256; octet++) {
    const pair = octet.toString(16).padStart(2, '0');
    if (shape(parseDn(`cn=\\${pair}`)) !== `cn=${pair}`) wrong.push(pair);
    if (shape(parseDn(`cn=a\\${pair.toUpperCase()}z`)) !== `cn=61${pair}7a`) wrong.push(pair);
  }
  t.same(wrong, []);
  for (const bad of ['cn=\\', 'cn=a\\', 'cn=\\g', 'cn=\\0', 'cn=\\0g', 'cn=a\\n'])
    refuses(t, bad, 'escape of nothing');
});

t.test('section 3: characters that must be escaped are refused bare', async (t) => {
  for (const c of ['"', '<', '>', '\0']) refuses(t, `cn=a${c}b`, `bare ${JSON.stringify(c)}`);
  t.equal(shape(parseDn('cn=a#b=c')), `cn=${hex('a#b=c')}`, '# and = inside a value are ordinary');
});

t.test('section 4: the examples of the RFC', async (t) => {
  const cases: [string, string][] = [
    ['CN=James \\"Jim\\" Smith\\, III,DC=net', `CN=${hex('James "Jim" Smith, III')},DC=${hex('net')}`],
    ['CN=Before\\0dAfter,DC=net', `CN=${hex('Before\rAfter')},DC=${hex('net')}`],
    ['CN=Lu\\C4\\8Di\\C4\\87', `CN=${hex('Lučić')}`],
  ];
  for (const [text, expected] of cases) t.equal(shape(parseDn(text)), expected);
  t.equal(formatDn(parseDn('CN=Lu\\C4\\8Di\\C4\\87')), 'CN=Lučić');
});

t.test('RFC 2253 section 4: spaces around separators, semicolons and quotes are read', async (t) => {
  const plain = shape(parseDn('cn=a b,o=x+ou=y'));
  for (const text of [
    '  cn = a b , o = x + ou = y  ',
    'cn=a b;o=x+ou=y',
    'cn="a b",o="x" + ou="y"',
    'OID.2.5.4.3=a b,o=x+ou=y',
  ]) {
    const got = shape(parseDn(text)).replace('2.5.4.3=', 'cn=');
    t.equal(got, plain, text);
  }
  t.equal(shape(parseDn('o="a, b+c;d=\\"e\\" \\\\"')), `o=${hex('a, b+c;d="e" \\')}`);
  t.equal(shape(parseDn('o="  "')), `o=${hex('  ')}`, 'spaces in quotes count');
  for (const bad of ['o="a', 'o="a"b', 'o="a\\', 'o=""x']) refuses(t, bad, 'broken quotes');
});

t.test('spaces at the ends of a value count only when escaped', async (t) => {
  t.equal(shape(parseDn('cn=  a  ')), `cn=${hex('a')}`);
  t.equal(shape(parseDn('cn=\\ a\\ ')), `cn=${hex(' a ')}`);
  t.equal(shape(parseDn('cn=\\20a\\20  ,o=x')), `cn=${hex(' a ')},o=${hex('x')}`);
  t.equal(shape(parseDn('cn=a\\\\ ')), `cn=${hex('a\\')}`);
  t.equal(shape(parseDn('cn=')), 'cn=');
  t.equal(shape(parseDn('cn=,o=x')), `cn=,o=${hex('x')}`);
});

t.test('incomplete names are refused', async (t) => {
  for (const bad of [
    ',',
    'cn',
    'cn=a,',
    'cn=a,,o=b',
    ',cn=a',
    'cn=a+',
    '+cn=a',
    'cn=a+,o=b',
    'cn=a b=c,d',
    '=',
    'a=b;',
  ]) {
    refuses(t, bad, `'${bad}'`);
  }
});

t.test('hex strings are the BER of one value', async (t) => {
  t.equal(shape(parseDn('cn=#0C0161 , o=x')), `cn=61,o=${hex('x')}`);
  for (const bad of [
    'cn=#',
    'cn=#0',
    'cn=#0g',
    'cn=#04',
    'cn=#040161ff',
    'cn=#0402 61',
    'cn=#04024869x',
    'cn=#04804869',
  ]) {
    refuses(t, bad, bad);
  }
});

t.test('text that is no Unicode is refused', async (t) => {
  refuses(t, 'cn=\ud800', 'lone high surrogate');
  refuses(t, 'cn=a\udc00b', 'lone low surrogate');
  t.equal(shape(parseDn('cn=\u{1f600}')), `cn=${hex('\u{1f600}')}`);
});

t.test('bounds: octets, RDNs, values in an RDN', async (t) => {
  t.ok(parseDn(`cn=${'x'.repeat(LIMITS.dnBytes - 3)}`));
  refuses(t, `cn=${'x'.repeat(LIMITS.dnBytes - 2)}`, 'dnBytes');
  refuses(t, `cn=${'é'.repeat(LIMITS.dnBytes / 2)}`, 'dnBytes count octets');
  const rdns = (n: number) => Array.from({ length: n }, () => 'a=b').join(',');
  t.equal(parseDn(rdns(LIMITS.dnRdns)).rdns.length, LIMITS.dnRdns);
  refuses(t, rdns(LIMITS.dnRdns + 1), 'dnRdns');
  const avas = (n: number) => Array.from({ length: n }, () => 'a=b').join('+');
  t.equal(parseDn(avas(LIMITS.rdnValues)).rdns[0]?.length, LIMITS.rdnValues);
  refuses(t, avas(LIMITS.rdnValues + 1), 'rdnValues');
});

t.test('hostile input is answered at once', async (t) => {
  const hostile = [
    '('.repeat(1e6),
    'a=b,'.repeat(1e6),
    '\\'.repeat(1e6),
    'cn='.repeat(5000),
    ' '.repeat(16000),
    `cn=${'\\20'.repeat(5000)}`,
  ];
  const ms = processorMs(() => {
    for (const text of hostile) {
      try {
        parseDn(text);
      } catch (error) {
        t.ok(error instanceof LdapError);
      }
    }
  });
  t.ok(ms < 3000, `${ms} ms`);
});

t.test('parseRdn takes one RDN and no more', async (t) => {
  t.equal(parseRdn('cn=a+sn=b').length, 2);
  for (const bad of ['', 'cn=a,o=b', 'cn=a;', 'cn=a, ']) refuses(t, bad, bad, parseRdn);
});

t.test(
  'section 2.4: what is not text, or has an OID for a type, is written as hex of an octet string',
  async (t) => {
    t.equal(formatValue(Uint8Array.of(0xff, 0x00)), '#0402ff00');
    t.equal(formatRdn([{ type: '1.2.3', value: utf8Encode('Hi') }]), '1.2.3=#04024869');
    t.equal(formatValue(utf8Encode(' #a,b+c"d\\e<f>g;h= ')), '\\ #a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h=\\ ');
    t.equal(formatValue(utf8Encode('#x')), '\\#x');
    t.equal(formatValue(utf8Encode(' ')), '\\ ');
    t.equal(formatValue(utf8Encode('\0')), '\\00');
  },
);

const ava = fc.record({
  type: fc.constantFrom('cn', 'O', 'x-y-1', '2.5.4.3', '0.9.2342.19200300.100.1.25'),
  value: fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => utf8Encode(text)),
    fc.string({ unit: fc.constantFrom(...' "#+,;<=>\\\0ab'), maxLength: 8 }).map((text) => utf8Encode(text)),
  ),
});

t.test('parseDn(formatDn(dn)) is dn, octet for octet (seeded)', async (t) => {
  const dns = fc.array(fc.array(ava, { minLength: 1, maxLength: 3 }), { maxLength: 4 });
  fc.assert(
    fc.property(dns, (rdns) => {
      const text = formatDn({ rdns });
      return shape(parseDn(text)) === shape({ rdns }) && formatDn(parseDn(text)) === text;
    }),
    { seed: 4514, numRuns: 1500 },
  );
  t.pass();
});

t.test('parseDn is total: a name or invalidDNSyntax, whatever the text (seeded)', async (t) => {
  const text = fc.string({ unit: fc.constantFrom(...'cn=a,+;\\"#<> 0.41é'), maxLength: 24 });
  fc.assert(
    fc.property(text, (one) => {
      try {
        parseDn(formatDn(parseDn(one)));
        return true;
      } catch (error) {
        return error instanceof LdapError && error.result === 'invalidDNSyntax';
      }
    }),
    { seed: 1779, numRuns: 3000 },
  );
  t.pass();
});
