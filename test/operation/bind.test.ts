/** Simple binds (RFC 4513 section 5.1), as clients see them. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import { ADMIN, ADMIN_PASSWORD, BASE, simpleBind, type TestClient, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;

async function whoAmI(client: TestClient): Promise<string> {
  const { response } = await client.call({ kind: 'extended', oid: EXTENDED_OIDS.whoAmI, value: undefined });
  return response.kind === 'extended' && response.value !== undefined
    ? new TextDecoder().decode(response.value)
    : '?';
}

t.test('a simple bind gives the identity of the entry (RFC 4513 section 5.1.3)', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  t.equal((await client.bind(ANN.toUpperCase(), "ann's")).result, 'success');
  t.equal(await whoAmI(client), `dn:${ANN}`);
  t.equal((await client.bind(ADMIN.toUpperCase(), ADMIN_PASSWORD)).result, 'success');
  t.equal(await whoAmI(client), 'dn:cn=Directory Manager');
  t.equal((await client.bind('', '')).result, 'success');
  t.equal(await whoAmI(client), '');
});

t.test("another administrator's password counts from the next bind on", async (t) => {
  const server = await TestServer.open();
  const before = await server.admin();
  server.service.configure({ adminPassword: utf8Encode('{TEST}another') });
  t.equal((await server.connect().bind(ADMIN, ADMIN_PASSWORD)).result, 'invalidCredentials');
  t.equal((await server.connect().bind(ADMIN, 'another')).result, 'success');
  t.equal(await whoAmI(before), 'dn:cn=Directory Manager', 'sessions go on');
});

t.test(
  'unknown name, wrong password and no password: one code, one text, one hashing (reliability class 29)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    await admin.add(`uid=carl,ou=people,${BASE}`, { objectClass: ['account'], uid: 'carl' });
    const answers = new Set<string>();
    const cases: readonly (readonly [string, string])[] = [
      [ANN, 'wrong'],
      [ANN, "ann's\0junk"],
      [ANN, "ann'"],
      [ANN, "{TEST}ann's"],
      [`uid=nobody,ou=people,${BASE}`, 'x'],
      [`uid=carl,ou=people,${BASE}`, 'x'],
      ['dc=elsewhere', 'x'],
      ['cn=schema', 'x'],
      ['', 'a password without a name'],
      [ADMIN, 'wrong'],
      [ANN, 'x'.repeat(5000)],
    ];
    for (const [dn, password] of cases) {
      const before = server.hasher.verified;
      const reply = await server.connect().bind(dn, password);
      answers.add(`${reply.result} ${reply.matchedDn} ${reply.diagnostic}`);
      t.equal(server.hasher.verified - before, 1, `work for ${dn}`);
    }
    t.same([...answers], ['invalidCredentials  The name or the password is wrong.']);
  },
);

t.test(
  'a name without a password is refused, unless an option allows it (RFC 4513 section 5.1.2)',
  async (t) => {
    const server = await TestServer.open();
    await server.populate();
    const client = server.connect();
    t.equal((await client.bind(ANN, '')).result, 'unwillingToPerform');
    t.equal((await client.bind('not a dn', '')).result, 'invalidDNSyntax');
    server.service.configure({ allowUnauthenticatedBind: true });
    t.equal((await client.bind(ANN, '')).result, 'success');
    t.equal(await whoAmI(client), '', 'as anonymous');
  },
);

t.test(
  'versions other than 3 and SASL mechanisms are refused in a sentence (RFC 4511 section 4.2)',
  async (t) => {
    const server = await TestServer.open();
    const client = server.connect();
    t.equal((await client.call(simpleBind('', '', 2))).result, 'protocolError');
    server.service.configure({ allowVersion2: true });
    t.equal(
      (await client.call(simpleBind('', '', 2))).result,
      'success',
      'unless an option allows version 2',
    );
    t.equal((await client.call(simpleBind('', '', 1))).result, 'protocolError');
    const sasl = await client.call({
      kind: 'bind',
      version: 3,
      dn: '',
      authentication: { kind: 'sasl', mechanism: 'GSSAPI', credentials: undefined },
    });
    t.equal(sasl.result, 'authMethodNotSupported');
    t.match(sasl.diagnostic, /-x/);
  },
);

t.test('passwords are taken over TLS only where the option says so', async (t) => {
  const server = await TestServer.open({ requireTlsForPasswords: true });
  const client = server.connect();
  const reply = await client.bind(ADMIN, ADMIN_PASSWORD);
  t.equal(reply.result, 'confidentialityRequired');
  t.equal(server.hasher.verified, 0, 'the password was not even looked at');
  t.equal((await client.bind('', '')).result, 'success', 'anonymous needs none');
  client.transport.secure = { tls: true, strengthBits: 256 };
  t.equal((await client.bind(ADMIN, ADMIN_PASSWORD)).result, 'success');
  client.transport.secure = { tls: false, local: true, strengthBits: 0 };
  t.equal(
    (await client.bind(ADMIN, ADMIN_PASSWORD)).result,
    'success',
    'a Unix-domain socket protects as well',
  );
});

t.test('an entry deleted while its password is verified does not get in', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  let open = (): void => undefined;
  server.hasher.gate = new Promise((resolve) => {
    open = resolve;
  });
  const client = server.connect();
  const id = client.send(simpleBind(ANN, "ann's"));
  t.equal((await admin.delete(ANN)).result, 'success');
  open();
  t.equal((await client.reply(id)).result, 'invalidCredentials');
});

t.test(
  'who binds while a copy of all data begins is told to come later, not that the password is wrong',
  async (t) => {
    const server = await TestServer.open();
    await server.populate();
    let open = (): void => undefined;
    server.hasher.gate = new Promise((resolve) => {
      open = resolve;
    });
    const client = server.connect();
    const id = client.send(simpleBind(ANN, "ann's"));
    await server.backend.beginImport();
    open();
    t.equal((await client.reply(id)).result, 'unavailable');
  },
);

t.test('a failed bind and a malformed one leave the connection anonymous (RFC 4513 section 4)', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = await server.admin();
  t.equal((await client.bind(ANN, 'wrong')).result, 'invalidCredentials');
  t.equal(await whoAmI(client), '');
  await client.bindAdmin();
  t.equal(
    (await client.call(simpleBind(ANN, "ann's"), [{ oid: '1.2.3', critical: true, value: undefined }]))
      .result,
    'unavailableCriticalExtension',
  );
  t.equal(await whoAmI(client), '');
});

t.test('nobody is the administrator when no administrator password is set', async (t) => {
  const server = await TestServer.open({ adminPassword: undefined });
  t.equal((await server.connect().bind(ADMIN, ADMIN_PASSWORD)).result, 'invalidCredentials');
});
