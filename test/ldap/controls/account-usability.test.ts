/** The account usability control of Sun and OpenDS, byte for byte. */
import t from 'tap';
import { toHex } from '../../../lib/base/bytes.js';
import { LdapError } from '../../../lib/base/ldap-error.js';
import {
  type AccountUsability,
  decodeAccountUsability,
  encodeAccountUsability,
} from '../../../lib/ldap/controls/account-usability.js';

const UNAVAILABLE = {
  kind: 'unavailable',
  inactive: false,
  reset: false,
  expired: false,
  graceLeft: undefined,
  secondsBeforeUnlock: undefined,
} as const;

t.test('account usability as Sun and OpenDS have it, byte for byte, there and back', (t) => {
  const cases: readonly [string, AccountUsability][] = [
    ['8001ff', { kind: 'available', seconds: -1 }],
    ['80020e10', { kind: 'available', seconds: 3600 }],
    ['a100', UNAVAILABLE],
    ['a1038001ff', { ...UNAVAILABLE, inactive: true }],
    ['a1038101ff', { ...UNAVAILABLE, reset: true }],
    ['a1068201ff830102', { ...UNAVAILABLE, expired: true, graceLeft: 2 }],
    ['a1068001ff84013c', { ...UNAVAILABLE, inactive: true, secondsBeforeUnlock: 60 }],
  ];
  for (const [octets, usability] of cases) {
    t.equal(toHex(encodeAccountUsability(usability)), octets);
    t.same(decodeAccountUsability(encodeAccountUsability(usability)), usability);
  }
  for (const octets of [[], [0x30, 0], [0x80, 0], [0xa1, 1], [0xa1, 2, 0x80, 0], [0x80, 1, 0, 0]])
    t.throws(() => decodeAccountUsability(Uint8Array.from(octets)), LdapError);
  t.throws(() => decodeAccountUsability(undefined), LdapError);
  t.end();
});
