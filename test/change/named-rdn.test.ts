/** RDNs as register values. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import type { NamedAva } from '../../lib/change/change.js';
import { formatNamedRdn, rdnKeyOf, toRdn } from '../../lib/change/named-rdn.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';

function ava(name: string, value: string): NamedAva {
  return {
    key: name.toLowerCase() as AttributeKey,
    name,
    value: utf8Encode(value),
    equality: 'caseIgnoreMatch',
  };
}

t.test('equal names have equal keys, whatever case, spaces and order', async (t) => {
  const a = rdnKeyOf({ avas: [ava('cn', 'Babs  Jensen'), ava('ou', 'Sales')] });
  const b = rdnKeyOf({ avas: [ava('OU', 'sales '), ava('CN', 'babs jensen')] });
  t.equal(a, b);
  t.not(a, rdnKeyOf({ avas: [ava('cn', 'Babs Jensen')] }));
});

t.test('text is RFC 4514, in the spelling of the one who named it', async (t) => {
  const rdn = { avas: [ava('cn', 'Jensen, B+'), ava('L', 'X')] };
  t.equal(formatNamedRdn(rdn), 'cn=Jensen\\, B\\++L=X');
  t.same(toRdn(rdn)[1], { type: 'L', value: utf8Encode('X') });
});
