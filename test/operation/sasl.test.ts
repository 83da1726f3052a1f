/** SASL binds: which mechanisms are offered, and what each makes of a connection. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { fromHex, utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { decodePasswordPolicyResponse } from '../../lib/ldap/controls/password-policy.js';
import type { Control } from '../../lib/ldap/message.js';
import type { ClientCertificate } from '../../lib/port/ldap-transport.js';
import { BASE, MemoryTransport, type TestClient, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const BOB = `uid=bob,ou=people,${BASE}`;

function secured(certificate?: ClientCertificate): MemoryTransport {
  const transport = new MemoryTransport();
  transport.secure = {
    tls: true,
    strengthBits: 256,
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
  };
  return transport;
}

const sasl = (
  client: TestClient,
  mechanism: string,
  credentials: string | undefined,
  controls: readonly Control[] = [],
) =>
  client.call(
    {
      kind: 'bind',
      version: 3,
      dn: '',
      authentication: {
        kind: 'sasl',
        mechanism,
        credentials: credentials === undefined ? undefined : utf8Encode(credentials),
      },
    },
    controls,
  );

async function whoAmI(client: TestClient): Promise<string> {
  const { response } = await client.call({
    kind: 'extended',
    oid: '1.3.6.1.4.1.4203.1.11.3',
    value: undefined,
  });
  return response.kind === 'extended' ? (utf8Decode(must(response.value, 'a value')) ?? '') : '';
}

async function listed(client: TestClient): Promise<readonly string[]> {
  const root = await client.search({ base: '', scope: 'base', attributes: ['supportedSASLMechanisms'] });
  return root.entries[0]?.attributes.supportedSASLMechanisms ?? [];
}

/** DER of an element. */
const der = (tag: string, ...parts: string[]): string => {
  const content = parts.join('');
  const length = content.length / 2;
  return `${tag}${length < 0x80 ? length.toString(16).padStart(2, '0') : `82${length.toString(16).padStart(4, '0')}`}${content}`;
};
const hex = (text: string): string => Buffer.from(text).toString('hex');
const OIDS = {
  cn: '0603550403',
  ou: '060355040b',
  uid: '060a0992268993f22c640101',
  dc: '060a0992268993f22c640119',
};
const name = (...rdns: [keyof typeof OIDS, string][]): string =>
  der('30', ...rdns.map(([type, value]) => der('31', der('30', OIDS[type], der('0c', hex(value))))));

/** The start of a certificate: all that says who it is of. */
function certificate(subject: string, commonName: string, verified = true): ClientCertificate {
  const tbs = der('30', der('a0', '020102'), '020101', der('30'), name(['cn', 'CA']), der('30'), subject);
  return { der: must(fromHex(der('30', tbs)), 'hex'), commonName, verified };
}

const ANN_SUBJECT = name(['dc', 'com'], ['dc', 'example'], ['ou', 'people'], ['uid', 'ann']);

t.test('the root DSE lists the mechanisms that work on the connection that asks', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  t.same(await listed(server.connect()), ['ANONYMOUS']);
  t.same(await listed(server.connect(secured())), ['ANONYMOUS', 'PLAIN']);
  const local = new MemoryTransport();
  local.secure = { tls: false, local: true, strengthBits: 0 };
  t.same(await listed(server.connect(local)), ['ANONYMOUS', 'PLAIN']);
  t.same(await listed(server.connect(secured(certificate(ANN_SUBJECT, 'ann')))), [
    'ANONYMOUS',
    'PLAIN',
    'EXTERNAL',
  ]);
  t.same(await listed(server.connect(secured(certificate(ANN_SUBJECT, 'ann', false)))), [
    'ANONYMOUS',
    'PLAIN',
  ]);
});

t.test('a mechanism that there is none of is refused with what there is', async (t) => {
  const server = await TestServer.open();
  const reply = await sasl(server.connect(), 'GSSAPI', '');
  t.equal(reply.result, 'authMethodNotSupported');
  t.match(reply.diagnostic, /this connection has ANONYMOUS.*option -x/);
});

t.test('ANONYMOUS makes a connection anonymous (RFC 4505)', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = await server.admin();
  t.equal((await sasl(client, 'ANONYMOUS', 'me@example.com')).result, 'success');
  t.equal(await whoAmI(client), '');
});

t.test('PLAIN: the name as DN or user id, over TLS only (RFC 4616)', async (t) => {
  const server = await TestServer.open({ proxies: [BOB] });
  await server.populate();
  t.equal((await sasl(server.connect(), 'PLAIN', `\0${ANN}\0ann's`)).result, 'confidentialityRequired');
  const client = server.connect(secured());
  for (const authcid of ['ann', 'u:ann', `dn:${ANN}`, ANN, 'UID=Ann , OU=people,dc=example,dc=com']) {
    t.equal((await sasl(client, 'PLAIN', `\0${authcid}\0ann's`)).result, 'success', authcid);
    t.equal(await whoAmI(client), `dn:${ANN}`);
  }
  const verified = server.hasher.verified;
  for (const message of [`\0ann\0wrong`, `\0eve\0ann's`, `\0dn:x\0ann's`])
    t.equal((await sasl(client, 'PLAIN', message)).result, 'invalidCredentials', JSON.stringify(message));
  t.equal(server.hasher.verified, verified + 3, 'unknown names cost as much');
  for (const message of ['', 'ann', `\0ann\0`, `\0\0ann's`, `\0ann\0ann's\0`])
    t.equal((await sasl(client, 'PLAIN', message)).result, 'invalidCredentials', JSON.stringify(message));
  t.equal(await whoAmI(client), '', 'a bind that failed leaves no identity');
  t.equal((await sasl(client, 'PLAIN', undefined)).result, 'saslBindInProgress', 'an empty challenge');
  t.equal((await sasl(client, 'plain', `\0ann\0ann's`)).result, 'success');
});

t.test('PLAIN with an authorization identity: the own one, or one that this one may take', async (t) => {
  const server = await TestServer.open({ proxies: [BOB] });
  await server.populate();
  const client = server.connect(secured());
  t.equal((await sasl(client, 'PLAIN', `u:ann\0ann\0ann's`)).result, 'success');
  t.equal((await sasl(client, 'PLAIN', `u:bob\0ann\0ann's`)).result, 'insufficientAccessRights');
  t.equal((await sasl(client, 'PLAIN', `u:ann\0bob\0bob's`)).result, 'success');
  t.equal(await whoAmI(client), `dn:${ANN}`);
});

t.test(
  "EXTERNAL: the subject of the client's certificate is its name (RFC 4513 section 5.2.3)",
  async (t) => {
    const server = await TestServer.open();
    await server.populate();
    const ann = server.connect(secured(certificate(ANN_SUBJECT, 'ann')));
    t.equal((await sasl(ann, 'EXTERNAL', '')).result, 'success');
    t.equal(await whoAmI(ann), `dn:${ANN}`);
    t.equal((await sasl(ann, 'EXTERNAL', undefined)).result, 'success');
    t.equal((await sasl(ann, 'EXTERNAL', `dn:${ANN}`)).result, 'success');
    t.equal((await sasl(ann, 'EXTERNAL', 'u:bob')).result, 'insufficientAccessRights');
    t.equal((await sasl(server.connect(secured()), 'EXTERNAL', '')).result, 'inappropriateAuthentication');
    const forged = server.connect(secured(certificate(ANN_SUBJECT, 'ann', false)));
    t.equal((await sasl(forged, 'EXTERNAL', '')).result, 'inappropriateAuthentication');
    const stranger = server.connect(secured(certificate(name(['cn', 'bob']), 'bob')));
    t.equal((await sasl(stranger, 'EXTERNAL', '')).result, 'invalidCredentials');
    const broken = server.connect(
      secured({ der: must(fromHex('3000'), 'hex'), commonName: undefined, verified: true }),
    );
    t.equal((await sasl(broken, 'EXTERNAL', '')).result, 'invalidCredentials');
  },
);

t.test('EXTERNAL under a policy: locks of the account count, its password does not', async (t) => {
  const policy = `cn=policy,${BASE}`;
  const server = await TestServer.open({ defaultPasswordPolicy: policy });
  const admin = await server.populate();
  const asks = { pwdAttribute: 'userPassword', pwdLockout: 'TRUE', pwdMaxAge: '60', pwdMaxIdle: '1000' };
  await admin.add(policy, { objectClass: ['device', 'pwdPolicy'], cn: 'policy', ...asks });
  await admin.modify(ANN, [['replace', 'userPassword', "ann's"]]);
  const ann = server.connect(secured(certificate(ANN_SUBJECT, 'ann')));
  const wish = [{ oid: CONTROL_OIDS.passwordPolicy, critical: false, value: undefined }];
  const bind = async () => {
    const reply = await sasl(ann, 'EXTERNAL', '', wish);
    const control = reply.controls.find(({ oid }) => oid === CONTROL_OIDS.passwordPolicy);
    return [reply.result, decodePasswordPolicyResponse(control?.value).error];
  };
  server.clock.advance(61_000);
  t.same(await bind(), ['success', undefined], 'the password has expired');
  t.equal((await ann.search({ base: ANN, scope: 'base' })).result, 'success', 'and may stay as it is');
  const lastSuccess = await admin.search({ base: ANN, scope: 'base', attributes: ['pwdLastSuccess'] });
  t.equal(lastSuccess.entries[0]?.attributes.pwdLastSuccess?.length, 1);
  await admin.modify(ANN, [['add', 'pwdAccountLockedTime', '000001010000Z']]);
  t.same(await bind(), ['invalidCredentials', 'accountLocked']);
  t.equal(await whoAmI(ann), '');
  await admin.modify(ANN, [['delete', 'pwdAccountLockedTime']]);
  t.same(await bind(), ['success', undefined]);
  server.clock.advance(1_600_000);
  t.same(await bind(), ['invalidCredentials', 'accountLocked'], 'too long without a bind');
});

t.test('EXTERNAL by option: the common name is looked for in an attribute', async (t) => {
  const server = await TestServer.open({ certificateAttribute: 'uid' });
  await server.populate();
  const bob = server.connect(secured(certificate(name(['cn', 'bob']), 'bob')));
  t.equal((await sasl(bob, 'EXTERNAL', '')).result, 'success');
  t.equal(await whoAmI(bob), `dn:${BOB}`);
});
