/** Identities: their authorization ids and keys. */
import t from 'tap';
import {
  ADMIN,
  ANONYMOUS,
  authorizationId,
  type Requester,
  requesterDn,
  requesterKey,
} from '../../lib/access/requester.js';
import type { EntryUuid } from '../../lib/change/change.js';

const uuid = '00000000-0000-4000-8000-000000000001' as EntryUuid;
const other = '00000000-0000-4000-8000-000000000002' as EntryUuid;
const user: Requester = { kind: 'user', dn: 'uid=ann,dc=example,dc=com', uuid };

t.test('identities have one authorization id and one key each (RFC 4513 section 5.2.1.8)', async (t) => {
  t.equal(authorizationId(ANONYMOUS), '');
  t.equal(authorizationId(ADMIN), 'dn:cn=Directory Manager');
  t.equal(authorizationId(user), 'dn:uid=ann,dc=example,dc=com');
  t.same([ANONYMOUS, ADMIN, user].map(requesterDn), ['', 'cn=Directory Manager', user.dn]);
  t.equal(new Set([ANONYMOUS, ADMIN, user, { ...user, uuid: other }].map(requesterKey)).size, 4);
});
