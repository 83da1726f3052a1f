/** Claims about the value of the dereference control: known octets, both ways; faults and bounds. */
import t from 'tap';
import { toHex, utf8Encode } from '../../../lib/base/bytes.js';
import { LIMITS } from '../../../lib/base/limits.js';
import {
  decodeDereference,
  decodeDereferenced,
  encodeDereference,
  encodeDereferenced,
} from '../../../lib/ldap/controls/dereference.js';
import { hex, refusal } from './control-octets.js';

t.test('dereference: specifications and what was found (draft-masarati-ldap-deref section 2)', async (t) => {
  // member:uid,cn as SSSD asks.
  const octets = hex('30 14 30 12 04 06 6d656d626572 30 08 04 03 756964 04 01 63');
  t.same(decodeDereference(octets), [{ attribute: 'member', attributes: ['uid', 'c'] }]);
  t.equal(toHex(encodeDereference(decodeDereference(octets))), toHex(octets));
  const found = [
    {
      attribute: 'member',
      dn: 'uid=a',
      attributes: [{ name: 'uid', values: [utf8Encode('a'), utf8Encode('b')] }],
    },
    { attribute: 'member', dn: 'uid=gone', attributes: [] },
  ];
  const again = decodeDereferenced(encodeDereferenced(found));
  t.same(
    again.map(({ attribute, dn, attributes }) => [
      attribute,
      dn,
      attributes.map(({ name, values }) => [name, values.length]),
    ]),
    [
      ['member', 'uid=a', [['uid', 2]]],
      ['member', 'uid=gone', []],
    ],
  );
});

t.test('dereference: bounds and faults', async (t) => {
  const refused = (specs: Parameters<typeof encodeDereference>[0]) =>
    refusal(() => decodeDereference(encodeDereference(specs)));
  t.equal(refused([]), 'protocolError');
  t.equal(refused([{ attribute: 'member', attributes: [] }]), 'protocolError');
  const one = { attribute: 'member', attributes: ['uid'] };
  t.equal(refused([one, { ...one, attribute: 'MEMBER' }]), 'protocolError');
  const many = Array.from({ length: LIMITS.dereferences + 1 }, (_, i) => ({ ...one, attribute: `m${i}` }));
  t.equal(refused(many), 'adminLimitExceeded');
  const wide = {
    attribute: 'member',
    attributes: Array.from({ length: LIMITS.requestedAttributes + 1 }, () => 'a'),
  };
  t.equal(refused([wide]), 'adminLimitExceeded');
  t.equal(
    refusal(() => decodeDereference(hex('30 03 04 01 61'))),
    'protocolError',
  );
});
