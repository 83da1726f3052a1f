/** The controls of persistent search, byte for byte. */
import t from 'tap';
import type { LdapError } from '../../../lib/base/ldap-error.js';
import {
  decodeEntryChange,
  decodePersistentSearch,
  encodeEntryChange,
  encodePersistentSearch,
} from '../../../lib/ldap/controls/persistent-search.js';

const PROTOCOL_ERROR = { result: 'protocolError' } as unknown as LdapError;

t.test('the request (draft-ietf-ldapext-psearch section 3)', async (t) => {
  const request = { changeTypes: 9, changesOnly: true, returnChanges: false };
  t.same(decodePersistentSearch(encodePersistentSearch(request)), request);
  t.same([...encodePersistentSearch(request)], [0x30, 9, 2, 1, 9, 1, 1, 0xff, 1, 1, 0]);
  for (const changeTypes of [0, 16, -1])
    t.throws(
      () => decodePersistentSearch(encodePersistentSearch({ ...request, changeTypes })),
      PROTOCOL_ERROR,
    );
  t.throws(() => decodePersistentSearch(undefined), PROTOCOL_ERROR);
  t.throws(() => decodePersistentSearch(Uint8Array.of(0x30, 0)), PROTOCOL_ERROR);
});

t.test('the notification (section 4): previousDN belongs to modDN alone', async (t) => {
  const renamed = { changeType: 'modDn', previousDn: 'cn=a', changeNumber: 7 } as const;
  t.same(decodeEntryChange(encodeEntryChange(renamed)), renamed);
  const added = { changeType: 'add', previousDn: 'cn=a', changeNumber: undefined } as const;
  t.same(decodeEntryChange(encodeEntryChange(added)), { ...added, previousDn: undefined });
  t.same(
    decodeEntryChange(encodeEntryChange({ ...added, changeNumber: 2 ** 40 })).changeNumber,
    undefined,
    'too large: left out',
  );
  t.throws(() => decodeEntryChange(Uint8Array.of(0x30, 3, 10, 1, 3)), PROTOCOL_ERROR);
});
