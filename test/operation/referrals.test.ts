/** Referral objects and continuation references (RFC 3296). */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { CONTROL_OIDS, EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import { encodePasswordModify } from '../../lib/ldap/extended/password-modify.js';
import { BASE, TestServer } from './test-server.js';

const REMOTE = `ou=remote,${BASE}`;
const manage = [{ oid: CONTROL_OIDS.manageDsaIt, critical: true, value: undefined }];

async function withReferral() {
  const server = await TestServer.open();
  const admin = await server.populate();
  const reply = await admin.add(
    REMOTE,
    {
      objectClass: ['referral', 'extensibleObject'],
      ou: 'remote',
      ref: ['ldap://other.example:1389/ou=there,dc=other Label', 'ldap://second.example'],
    },
    manage,
  );
  if (reply.result !== 'success') throw new Error(reply.diagnostic);
  return { server, admin, client: server.connect() };
}

t.test(
  'an operation on or below a referral object is answered with a referral (RFC 3296 section 5.2)',
  async (t) => {
    const { client, admin } = await withReferral();
    const at = await client.search({ base: REMOTE, scope: 'base' });
    t.equal(at.result, 'referral');
    t.same(at.referrals, [
      'ldap://other.example:1389/ou=there,dc=other??base',
      `ldap://second.example/${REMOTE}??base`,
    ]);
    t.equal(at.matchedDn, REMOTE);
    const below = await admin.delete(`cn=a b,${REMOTE}`);
    t.equal(below.result, 'referral');
    t.same(below.referrals[0], 'ldap://other.example:1389/cn=a%20b,ou=there,dc=other');
    t.equal((await admin.modify(REMOTE, [['add', 'description', 'x']])).result, 'referral');
    t.equal((await admin.add(`cn=x,${REMOTE}`, { objectClass: 'device', cn: 'x' })).result, 'referral');
    const compare = {
      kind: 'compare',
      dn: `cn=x,${REMOTE}`,
      attribute: 'cn',
      value: utf8Encode('x'),
    } as const;
    t.equal((await client.call(compare)).result, 'referral');
    const password = {
      kind: 'extended',
      oid: EXTENDED_OIDS.passwordModify,
      value: encodePasswordModify({
        user: `uid=x,${REMOTE}`,
        oldPassword: undefined,
        newPassword: utf8Encode('new'),
      }),
    } as const;
    const modified = await admin.call(password);
    t.equal(modified.result, 'referral', 'a password modify too');
    t.equal(modified.referrals[0], 'ldap://other.example:1389/uid=x,ou=there,dc=other');
    t.equal((await admin.call(password, manage)).result, 'noSuchObject');
  },
);

t.test(
  'a search above a referral object gives a continuation reference (RFC 4511 section 4.5.3)',
  async (t) => {
    const { client } = await withReferral();
    const sub = await client.search({ scope: 'sub', filter: '(uid=ann)' });
    t.equal(sub.result, 'success');
    t.equal(sub.entries.length, 1);
    t.same(sub.references, [
      ['ldap://other.example:1389/ou=there,dc=other??sub', `ldap://second.example/${REMOTE}??sub`],
    ]);
    const one = await client.search({ scope: 'one' });
    t.same(one.references[0]?.[0], 'ldap://other.example:1389/ou=there,dc=other??base');
    t.notOk(one.entries.some((entry) => entry.dn === REMOTE));
    t.same((await client.search({ scope: 'sub', base: `ou=people,${BASE}` })).references, []);
  },
);

t.test('with ManageDsaIT a referral object is an entry (RFC 3296 section 3)', async (t) => {
  const { client, admin } = await withReferral();
  const read = await client.search({ base: REMOTE, scope: 'base', attributes: ['ref'] }, manage);
  t.equal(read.entries[0]?.attributes.ref?.length, 2);
  const all = await client.search({ scope: 'sub' }, manage);
  t.same(all.references, []);
  t.ok(all.entries.some((entry) => entry.dn === REMOTE));
  t.equal(
    (await admin.modify(REMOTE, [['replace', 'ref', 'ldap://third.example/']], manage)).result,
    'success',
  );
  t.equal((await admin.delete(REMOTE, manage)).result, 'success');
});

t.test('with the domain scope control a search gives no continuation reference', async (t) => {
  const { client } = await withReferral();
  const here = [{ oid: CONTROL_OIDS.domainScope, critical: true, value: undefined }];
  for (const scope of ['one', 'sub'] as const) {
    const found = await client.search({ scope, filter: '(ou=*)' }, here);
    t.equal(found.result, 'success');
    t.same(found.references, []);
    t.notOk(
      found.entries.some((entry) => entry.dn === REMOTE),
      'what another server holds is no entry here',
    );
  }
  const at = await client.search({ base: REMOTE, scope: 'base' }, here);
  t.equal(at.result, 'referral', 'the base itself still leads to where it is held');
});

t.test('values of ref lead somewhere (RFC 3296 section 2.2)', async (t) => {
  const { admin } = await withReferral();
  const put = async (value: string) =>
    (await admin.modify(REMOTE, [['replace', 'ref', value]], manage)).result;
  for (const value of [
    'ldap://other.example',
    'LDAPS://[2001:db8::1]:1636/ou=a%20b,dc=example??sub Their label',
    'ldap:///dc=example',
    'https://other.example/people Not LDAP',
  ])
    t.equal(await put(value), 'success', value);
  for (const value of [
    'other.example',
    'ldap:other.example',
    'ldap://other.example:99999/',
    'ldap://[2001:db8::1/',
    'ldap://other.example/no dn',
    'ldap://other.example/ou=a?b?c?d?e?f',
    'ldap://other.example/ou=%zz',
    'https:',
    ' ldap://other.example',
  ])
    t.equal(await put(value), 'invalidAttributeSyntax', value);
  const added = await admin.add(
    `ou=lost,${BASE}`,
    { objectClass: ['referral', 'extensibleObject'], ou: 'lost', ref: 'nowhere' },
    manage,
  );
  t.equal(added.result, 'invalidAttributeSyntax');
  t.match(added.diagnostic, /nowhere; it is like ldap:/);
});

t.test('nothing moves below a referral object (RFC 3296 section 5.6)', async (t) => {
  const { admin } = await withReferral();
  const move = {
    kind: 'modifyDn',
    dn: `uid=ann,ou=people,${BASE}`,
    newRdn: 'uid=ann',
    deleteOldRdn: false,
    newSuperior: REMOTE,
  } as const;
  t.equal((await admin.call(move)).result, 'affectsMultipleDSAs');
  t.equal((await admin.call(move, manage)).result, 'success', 'but for those who manage this server');
});

t.test('a name under no naming context leads to the servers above (RFC 4511 section 4.1.10)', async (t) => {
  const { server, admin, client } = await withReferral();
  const away = 'cn=x y,dc=elsewhere';
  t.equal((await client.search({ base: away, scope: 'base' })).result, 'noSuchObject');
  server.service.configure({ defaultReferral: ['ldap://root.example', 'ldaps://other.example/'] });
  const search = await client.search({ base: away, scope: 'one' });
  t.equal(search.result, 'referral');
  t.same(search.referrals, [
    'ldap://root.example/cn=x%20y,dc=elsewhere??one',
    'ldaps://other.example/cn=x%20y,dc=elsewhere??one',
  ]);
  for (const reply of [
    await admin.delete(away),
    await admin.modify(away, [['add', 'description', 'x']]),
    await admin.add(away, { objectClass: 'device', cn: 'x y' }),
    await client.call({ kind: 'compare', dn: away, attribute: 'cn', value: utf8Encode('x') }),
  ]) {
    t.equal(reply.result, 'referral');
    t.equal(reply.referrals[0], 'ldap://root.example/cn=x%20y,dc=elsewhere');
  }
  t.equal((await client.search({ base: away, scope: 'base' }, manage)).result, 'noSuchObject', 'ManageDsaIT');
  t.equal((await client.search({ base: '', scope: 'base' })).result, 'success', 'the root DSE is here');
  t.equal((await client.search({ base: `cn=none,${BASE}`, scope: 'base' })).result, 'noSuchObject');
});
