/** Claims about a read-only server: every write is referred, with its name, or refused where the client wants this very server. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { CONTROL_OIDS, EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import { encodePasswordModify } from '../../lib/ldap/extended/password-modify.js';
import type { LdapRequest } from '../../lib/ldap/message.js';
import { BASE, modifyRequest, rawAttributes, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const MANAGE = [{ oid: CONTROL_OIDS.manageDsaIt, critical: true, value: undefined }];
const password = encodePasswordModify({
  user: ANN,
  oldPassword: undefined,
  newPassword: utf8Encode('new'),
});
const WRITES: readonly (readonly [LdapRequest, string])[] = [
  [
    { kind: 'add', dn: `uid=new,${BASE}`, attributes: rawAttributes({ objectClass: 'account' }) },
    `uid=new,${BASE}`,
  ],
  [modifyRequest(ANN, [['replace', 'description', 'x']]), ANN],
  [{ kind: 'delete', dn: ANN }, ANN],
  [{ kind: 'modifyDn', dn: ANN, newRdn: 'uid=eve', deleteOldRdn: true, newSuperior: undefined }, ANN],
  [modifyRequest('cn=schema', [['add', 'attributeTypes', "( 1.2.3.4 NAME 'x' )"]]), 'cn=schema'],
  [{ kind: 'extended', oid: EXTENDED_OIDS.passwordModify, value: password }, ''],
];

t.test(
  'every kind of write is referred to the servers that take writes, before anything else is looked at',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    let urls: readonly string[] = ['ldap://one:389', 'ldaps://two'];
    server.service.configure({ writers: () => urls });
    const state = server.backend.state;
    for (const [request, name] of WRITES) {
      for (const client of [admin, server.connect()]) {
        const reply = await client.call(request);
        t.equal(reply.result, 'referral', `${request.kind}: ${reply.diagnostic}`);
        t.same(reply.referrals, [`ldap://one:389/${name}`, `ldaps://two/${name}`]);
      }
      if (request.kind !== 'extended') {
        const managed = await admin.call(request, MANAGE);
        t.equal(managed.result, 'unwillingToPerform');
        t.match(managed.diagnostic, 'write to ldap://one:389 or ldaps://two');
        t.same(managed.referrals, []);
      }
    }
    urls = [];
    const alone = await admin.delete(ANN);
    t.same(
      [alone.result, alone.diagnostic],
      ['unwillingToPerform', 'This server is read-only, and knows no server that takes writes.'],
    );
    const bad = await admin.delete('no dn');
    t.equal(bad.result, 'unwillingToPerform');
    t.ok(server.backend.state.equals(state), 'nothing was written');
    t.equal((await admin.search({ base: ANN, scope: 'base' })).entries.length, 1, 'reads go on');
    t.equal((await server.connect().bind(ANN, "ann's")).result, 'success');
  },
);
