import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
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
