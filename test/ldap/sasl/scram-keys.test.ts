/** Keys of SCRAM as a stored password holds them. */
import t from 'tap';
import { formatScramKeys, parseScramKeys } from '../../../lib/ldap/sasl/scram-keys.js';

const octets = (length: number, of: number) => new Uint8Array(length).fill(of);
const KEYS = { iterations: 4096, salt: octets(16, 1), storedKey: octets(32, 2), serverKey: octets(32, 3) };

t.test("keys and their text, RFC 5803's form behind a scheme, are each other's inverse", async (t) => {
  const text = formatScramKeys(KEYS);
  t.match(text, /^\{SCRAM-SHA-256\}4096:[\w+/=]+\$[\w+/=]+:[\w+/=]+$/);
  const read = parseScramKeys(text);
  t.equal(read === undefined ? undefined : formatScramKeys(read), text);
  t.ok(parseScramKeys(text.replace('SCRAM', 'scram')), 'the scheme in any case');
  t.ok(parseScramKeys(text.replaceAll(/[:$]/g, ',')), "Dovecot's commas");
});

t.test('costs that no client takes part in, and other lengths, are no keys', async (t) => {
  for (const iterations of [0, 1, 4095, 2_000_001, 99_999_999])
    t.equal(parseScramKeys(formatScramKeys({ ...KEYS, iterations })), undefined, String(iterations));
  for (const wrong of [
    { salt: octets(0, 1) },
    { salt: octets(129, 1) },
    { storedKey: octets(31, 2) },
    { serverKey: octets(33, 3) },
  ])
    t.equal(parseScramKeys(formatScramKeys({ ...KEYS, ...wrong })), undefined, JSON.stringify(wrong));
});

t.test('a text cut anywhere, or with anything behind it, is no keys', async (t) => {
  const text = formatScramKeys(KEYS);
  for (let end = 0; end < text.length; end++)
    t.equal(parseScramKeys(text.slice(0, end)), undefined, String(end));
  for (const more of [' ', ':x', '=', '\n'])
    t.equal(parseScramKeys(text + more), undefined, JSON.stringify(more));
});
