/** The password modify extended operation (RFC 3062), as clients see it. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import { decodeGeneratedPassword, encodePasswordModify } from '../../lib/ldap/extended/password-modify.js';
import { ADMIN, BASE, type TestClient, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const BOB = `uid=bob,ou=people,${BASE}`;

interface Wish {
  readonly user?: string;
  readonly old?: string;
  readonly next?: string;
}

const change = (client: TestClient, { user, old, next }: Wish) =>
  client.call({
    kind: 'extended',
    oid: EXTENDED_OIDS.passwordModify,
    value: encodePasswordModify({
      user,
      oldPassword: old === undefined ? undefined : utf8Encode(old),
      newPassword: next === undefined ? undefined : utf8Encode(next),
    }),
  });

t.test('a user changes the own password, the old one checked where given (RFC 3062 section 2)', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const ann = server.connect();
  await ann.bind(ANN, "ann's");
  t.equal((await change(ann, { old: 'wrong', next: 'new' })).result, 'invalidCredentials');
  t.equal((await change(ann, { old: "ann's", next: 'new' })).result, 'success');
  t.equal((await server.connect().bind(ANN, 'new')).result, 'success');
  t.equal((await server.connect().bind(ANN, "ann's")).result, 'invalidCredentials');
  t.equal((await change(ann, { user: ANN, next: 'newer' })).result, 'success');
  t.equal((await change(ann, { user: `dn:${ANN}`, next: 'newest' })).result, 'success', 'an authzId too');
  t.equal((await change(ann, { user: 'u:ann', old: 'newest', next: 'by uid' })).result, 'success');
  t.equal((await server.connect().bind(ANN, 'by uid')).result, 'success');
  t.equal((await change(ann, { user: BOB, next: 'x' })).result, 'insufficientAccessRights');
  t.equal((await change(ann, { user: 'u:bob', next: 'x' })).result, 'insufficientAccessRights');
  t.equal((await change(ann, { next: '' })).result, 'constraintViolation');
  t.equal((await change(ann, { next: 'x'.repeat(1025) })).result, 'constraintViolation');
});

t.test('without a new password the server makes one and tells it (RFC 3062 section 2)', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const made = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const reply = await change(admin, { user: BOB });
    t.equal(reply.result, 'success');
    const { response } = reply;
    const password = response.kind === 'extended' ? decodeGeneratedPassword(response.value) : undefined;
    const text = new TextDecoder().decode(password);
    t.match(text, /^[a-km-np-z2-9]{20}$/);
    t.equal((await server.connect().bind(BOB, text)).result, 'success');
    made.add(text);
  }
  t.equal(made.size, 3);
  const given = await change(admin, { user: BOB, next: 'given' });
  t.equal(
    given.response.kind === 'extended' ? given.response.value : 0,
    undefined,
    'a given one is not told back',
  );
});

t.test('whose password cannot be changed is said plainly', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  t.equal((await change(server.connect(), { next: 'x' })).result, 'unwillingToPerform');
  t.equal(
    (await change(server.connect(), { user: ANN, old: "ann's", next: 'x' })).result,
    'insufficientAccessRights',
  );
  t.equal((await change(admin, { next: 'x' })).result, 'unwillingToPerform', 'the administrator is no entry');
  t.equal((await change(admin, { user: ADMIN, next: 'x' })).result, 'unwillingToPerform');
  t.equal((await change(admin, { user: `uid=none,ou=people,${BASE}`, next: 'x' })).result, 'noSuchObject');
  t.equal((await change(admin, { user: 'no dn', next: 'x' })).result, 'invalidDNSyntax');
  for (const user of ['u:none', 'u:', 'dn:u:ann'])
    t.not((await change(admin, { user, next: 'x' })).result, 'success', user);
  await admin.add(`uid=ann,${BASE}`, { objectClass: 'account', uid: 'ann' });
  t.equal((await change(admin, { user: 'u:ann', next: 'x' })).result, 'noSuchObject', 'there are two');
  t.equal((await change(admin, { user: 'dc=elsewhere', next: 'x' })).result, 'noSuchObject');
  const malformed = {
    kind: 'extended',
    oid: EXTENDED_OIDS.passwordModify,
    value: Uint8Array.of(1, 2, 3),
  } as const;
  t.equal((await admin.call(malformed)).result, 'protocolError');
  server.service.configure({ requireTlsForPasswords: true });
  t.equal((await change(admin, { user: ANN, next: 'x' })).result, 'confidentialityRequired');
});
