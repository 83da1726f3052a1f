/** The octets of an administration request and of its result. */
import t from 'tap';
import { concatBytes, utf8Encode } from '../../../lib/base/bytes.js';
import { LIMITS } from '../../../lib/base/limits.js';
import { decodeAdministration, resultParts } from '../../../lib/ldap/extended/administration.js';

t.test('a request is text within its bound', (t) => {
  t.equal(decodeAdministration(utf8Encode('{"command":"é"}')), '{"command":"é"}');
  t.throws(() => decodeAdministration(undefined), /no value/);
  t.throws(() => decodeAdministration(Uint8Array.of(0xc3)), /UTF-8/);
  const most = LIMITS.administrationRequestBytes;
  t.equal(decodeAdministration(new Uint8Array(most).fill(0x20)).length, most);
  t.throws(() => decodeAdministration(new Uint8Array(most + 1)), /administrationRequestBytes/);
  t.end();
});

t.test('the parts of a result make the whole', (t) => {
  for (const length of [0, 1, 262_143, 262_144, 262_145, 1_000_000]) {
    const result = new Uint8Array(length).map((_, at) => at);
    const parts = resultParts(result);
    t.ok(parts.length >= 1 && parts.every((part) => part.length <= 262_144));
    t.same(Buffer.compare(concatBytes(parts), result), 0, `${length} octets`);
  }
  t.end();
});
