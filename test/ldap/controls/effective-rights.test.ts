/** The get effective rights control, byte for byte. */
import t from 'tap';
import { fromHex, toHex, utf8Encode } from '../../../lib/base/bytes.js';
import { LdapError } from '../../../lib/base/ldap-error.js';
import { LIMITS } from '../../../lib/base/limits.js';
import {
  decodeEffectiveRights,
  type EffectiveRightsRequest,
  encodeEffectiveRights,
} from '../../../lib/ldap/controls/effective-rights.js';

t.test('get effective rights is read as Sun, OpenDJ and 389-ds write it', async (t) => {
  const cases: readonly [string | undefined, EffectiveRightsRequest][] = [
    [undefined, { authzId: '', attributes: [] }],
    ['', { authzId: '', attributes: [] }],
    ['3000', { authzId: '', attributes: [] }],
    ['30020400', { authzId: '', attributes: [] }],
    ['300405000500', { authzId: '', attributes: [] }],
    ['30050403646e3a', { authzId: 'dn:', attributes: [] }],
    ['300b0403753a613004 0402636e'.replace(' ', ''), { authzId: 'u:a', attributes: ['cn'] }],
    ['300630040402636e', { authzId: '', attributes: ['cn'] }],
    [toHex(utf8Encode('dn:uid=ann')), { authzId: 'dn:uid=ann', attributes: [] }],
    [toHex(utf8Encode('U:ann')), { authzId: 'U:ann', attributes: [] }],
  ];
  for (const [octets, wanted] of cases)
    t.same(
      decodeEffectiveRights(octets === undefined ? undefined : fromHex(octets)),
      wanted,
      octets ?? 'no value',
    );
  const whole = { authzId: 'dn:cn=x', attributes: ['cn', 'sn;lang-en'] };
  t.same(decodeEffectiveRights(encodeEffectiveRights(whole)), whole);
});

t.test('what is malformed or too much is refused, and why', async (t) => {
  const result = (value: Uint8Array): unknown => {
    try {
      return decodeEffectiveRights(value);
    } catch (error) {
      return error instanceof LdapError ? error.result : error;
    }
  };
  for (const octets of ['ann', 'x:ann', 'dn', '0', '0\u0003\u0004\u0001'])
    t.equal(result(utf8Encode(octets)), 'protocolError', JSON.stringify(octets));
  t.equal(result(fromHex('30020500ff') as Uint8Array), 'protocolError');
  t.equal(result(utf8Encode(`dn:${'x'.repeat(LIMITS.dnBytes)}`)), 'protocolError');
  const long = { authzId: 'x'.repeat(LIMITS.dnBytes + 1), attributes: [] };
  t.equal(result(encodeEffectiveRights(long)), 'invalidDNSyntax');
  const many = {
    authzId: '',
    attributes: Array.from({ length: LIMITS.requestedAttributes + 1 }, () => 'cn'),
  };
  t.equal(result(encodeEffectiveRights(many)), 'adminLimitExceeded');
  const name = { authzId: '', attributes: ['x'.repeat(LIMITS.attributeDescriptionBytes + 1)] };
  t.equal(result(encodeEffectiveRights(name)), 'protocolError');
});
