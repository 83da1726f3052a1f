/** RFC 4513: authentication, and RFC 4532, RFC 3673, RFC 4526 where a client sees them. */
import t from 'tap';
import { CONTROL_OIDS, EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import { BASE, simpleBind, type TestClient, TestServer } from '../operation/test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;

async function whoAmI(client: TestClient): Promise<string | undefined> {
  const { result, response } = await client.call({
    kind: 'extended',
    oid: EXTENDED_OIDS.whoAmI,
    value: undefined,
  });
  if (result !== 'success' || response.kind !== 'extended') return undefined;
  return response.value === undefined ? '(no value)' : new TextDecoder().decode(response.value);
}

t.test('4: a new session is anonymous; so is one after a failed bind', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  t.equal(await whoAmI(client), '');
  await client.bind(ANN, "ann's");
  await client.bind(ANN, 'wrong');
  t.equal(await whoAmI(client), '');
});

t.test('5.1.1: an empty name and an empty password are an anonymous bind', async (t) => {
  const server = await TestServer.open();
  const client = server.connect();
  t.equal((await client.bind('', '')).result, 'success');
  t.equal(await whoAmI(client), '');
});

t.test('5.1.2: unauthenticated binds fail with unwillingToPerform by default', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  t.equal((await server.connect().bind(ANN, '')).result, 'unwillingToPerform');
});

t.test('5.1.3: a name and its password authenticate; without password attribute nobody does', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  t.equal((await server.connect().bind(ANN, "ann's")).result, 'success');
  t.equal((await server.connect().bind(BASE, 'x')).result, 'invalidCredentials');
});

t.test('5.1.3: each of several passwords works, and only whole', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  await admin.modify(ANN, [['add', 'userPassword', 'second']]);
  t.equal((await server.connect().bind(ANN, "ann's")).result, 'success');
  t.equal((await server.connect().bind(ANN, 'second')).result, 'success');
  for (const wrong of ['Second', 'secon', 'second ', 'second\0', '']) {
    t.not((await server.connect().bind(ANN, wrong)).result, 'success', JSON.stringify(wrong));
  }
});

t.test('5.2.1: a mechanism that is not supported is authMethodNotSupported', async (t) => {
  const server = await TestServer.open();
  for (const mechanism of ['GSSAPI', 'DIGEST-MD5', 'nosuch', '']) {
    const reply = await server.connect().call({
      kind: 'bind',
      version: 3,
      dn: '',
      authentication: { kind: 'sasl', mechanism, credentials: undefined },
    });
    t.ok(['authMethodNotSupported', 'protocolError'].includes(reply.result), mechanism);
  }
});

t.test('RFC 4532: "Who am I?" follows the identity of the session', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const client = server.connect();
  await client.bind(ANN, "ann's");
  t.equal(await whoAmI(client), `dn:${ANN}`);
  t.equal(await whoAmI(admin), 'dn:cn=Directory Manager');
  await client.call(simpleBind('', ''));
  t.equal(await whoAmI(client), '');
  const withValue = { kind: 'extended', oid: EXTENDED_OIDS.whoAmI, value: new Uint8Array(0) } as const;
  t.equal((await client.call(withValue)).result, 'protocolError');
});

t.test('RFC 3673: + gives all operational attributes and no user attribute', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const { entries } = await server.connect().search({ base: ANN, scope: 'base', attributes: ['+'] });
  const given = Object.keys(entries[0]?.attributes ?? {});
  t.ok(given.length > 5);
  for (const name of given) t.ok(server.schema.attributeType(name)?.operational, name);
});

t.test('RFC 4526: (&) is TRUE and (|) is FALSE for every entry', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  t.equal((await client.search({ filter: '(&)' })).entries.length, 5);
  t.equal((await client.search({ filter: '(|)' })).entries.length, 0);
  t.equal((await client.search({ filter: '(!(|))' })).entries.length, 5);
  t.equal((await client.search({ base: '', scope: 'base', filter: '(&)' })).entries.length, 1);
});

t.test('RFC 4525: increments count from the stored value, and only one number may be given', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const dn = `cn=counter,${BASE}`;
  await admin.add(dn, { objectClass: ['device', 'posixGroup'], cn: 'counter', gidNumber: '5' });
  const post = {
    oid: CONTROL_OIDS.postRead,
    critical: true,
    value: Uint8Array.of(0x30, 0x0b, 4, 9, ...new TextEncoder().encode('gidNumber')),
  };
  const reply = await admin.modify(dn, [['increment', 'gidNumber', '-7']], [post]);
  t.equal(reply.result, 'success', reply.diagnostic);
  t.equal((await admin.search({ base: dn, scope: 'base' })).entries[0]?.attributes.gidNumber?.[0], '-2');
  t.equal((await admin.modify(dn, [['increment', 'gidNumber', '1', '2']])).result, 'protocolError');
  t.equal((await admin.modify(dn, [['increment', 'description', '1']])).result, 'noSuchAttribute');
});
