/** Claims about our client: requests and answers find each other, streams are bounded, hostile and vanishing servers end in one clear error. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { LdapClient } from '../../lib/io/ldap-client.js';
import type { LdapListener } from '../../lib/io/ldap-listener.js';
import { CONTROL_OIDS, EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import { decodePagedResults, encodePagedResults } from '../../lib/ldap/controls/paged-results.js';
import { encodePasswordPolicyResponse } from '../../lib/ldap/controls/password-policy.js';
import { SUCCESS } from '../../lib/ldap/encode-response.js';
import { encodeGeneratedPassword } from '../../lib/ldap/extended/password-modify.js';
import type { LdapResponse, LdapResult, RequestMessage } from '../../lib/ldap/message.js';
import { type FakeConnection, fakeLdapServer } from './fake-ldap-server.js';
import { testAuthority, testTls } from './test-tls.js';

const ANY = { kind: 'present', attribute: 'objectClass' } as const;
const u = utf8Encode;

async function connected(
  listener: LdapListener,
  options: { requestMs?: number; ca?: string } = {},
): Promise<LdapClient> {
  return LdapClient.connect({ host: '127.0.0.1', port: listener.port, ...options });
}

function result(name: LdapResult['result'], diagnostic = ''): LdapResult {
  return { ...SUCCESS, result: name, diagnostic };
}

/** Answers everything with success, and what a test asks for by name. */
function wellBehaved({ id, request }: RequestMessage, { reply }: FakeConnection): void {
  switch (request.kind) {
    case 'bind': {
      const right = request.authentication.kind === 'simple' && request.authentication.password.length > 0;
      const value = encodePasswordPolicyResponse({ warning: undefined, error: 'changeAfterReset' });
      reply(
        id,
        {
          kind: 'bind',
          result: right ? SUCCESS : result('invalidCredentials', 'no'),
          serverCredentials: undefined,
        },
        [{ oid: CONTROL_OIDS.passwordPolicy, critical: false, value }],
      );
      return;
    }
    case 'compare':
      reply(id, {
        kind: 'compare',
        result: result(request.attribute === 'cn' ? 'compareTrue' : 'compareFalse'),
      });
      return;
    case 'extended': {
      const value =
        request.oid === EXTENDED_OIDS.whoAmI
          ? u('dn:cn=me')
          : request.oid === EXTENDED_OIDS.passwordModify
            ? encodeGeneratedPassword(u('made'))
            : undefined;
      reply(id, { kind: 'extended', result: SUCCESS, oid: undefined, value });
      return;
    }
    case 'add':
    case 'modify':
    case 'delete':
    case 'modifyDn':
      reply(id, { kind: request.kind, result: SUCCESS });
      return;
    case 'search': {
      for (let i = 0; i < request.sizeLimit; i++) {
        reply(id, {
          kind: 'searchEntry',
          dn: `cn=${i}`,
          attributes: [{ name: 'cn', values: [u(String(i))] }],
        });
      }
      reply(id, { kind: 'searchReference', urls: ['ldap://other/'] });
      reply(id, {
        kind: 'searchDone',
        result: request.base === 'missing' ? result('noSuchObject') : SUCCESS,
      });
      return;
    }
    default:
      return;
  }
}

t.test('every operation succeeds or rejects with what the server said', async (t) => {
  const listener = await fakeLdapServer(wellBehaved);
  const client = await connected(listener);
  const bound = await client.bind('cn=me', 'secret');
  t.same(bound.passwordPolicy, { warning: undefined, error: 'changeAfterReset' });
  await t.rejects(client.bind('cn=me', ''), {
    name: 'LdapError',
    result: 'invalidCredentials',
    message: 'no',
  });
  await client.add('cn=x', [{ description: 'cn', values: [u('x')] }]);
  await client.modify('cn=x', []);
  await client.modifyDn('cn=x', 'cn=y', true);
  await client.delete('cn=y');
  t.equal(await client.compare('cn=x', 'cn', u('x')), true);
  t.equal(await client.compare('cn=x', 'sn', u('x')), false);
  t.equal(await client.whoAmI(), 'dn:cn=me');
  t.same(
    await client.passwordModify({ user: undefined, oldPassword: undefined, newPassword: undefined }),
    Buffer.from('made'),
  );
  const all = await client.searchAll({ base: '', filter: ANY, sizeLimit: 3 });
  t.same(
    all.entries.map((entry) => entry.dn),
    ['cn=0', 'cn=1', 'cn=2'],
  );
  t.same(all.references, [['ldap://other/']]);
  t.equal(await client.readEntry('missing'), undefined);
  const many = await Promise.all(
    Array.from({ length: 200 }, (_, i) => client.compare('x', i % 2 === 0 ? 'cn' : 'sn', u('x'))),
  );
  t.ok(
    many.every((value, i) => value === (i % 2 === 0)),
    'pipelined answers find their requests',
  );
  client.unbind();
  t.equal(client.connected, false);
  await t.rejects(client.whoAmI(), { code: 'CONNECT_FAILED' });
  listener.close();
});

t.test('a large result is streamed with a slow reader; leaving early abandons it', async (t) => {
  const abandoned: number[] = [];
  const listener = await fakeLdapServer((message, connection) => {
    if (message.request.kind === 'abandon') abandoned.push(message.request.target);
    else wellBehaved(message, connection);
  });
  const client = await connected(listener);
  let count = 0;
  for await (const item of client.search({ base: '', filter: ANY, sizeLimit: 20_000 })) {
    if (item.kind === 'entry') count += 1;
    if (count % 5000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal(count, 20_000);
  t.same(abandoned, []);
  const endless = await fakeLdapServer(({ id, request }, { reply }) => {
    if (request.kind === 'abandon') abandoned.push(request.target);
    else reply(id, { kind: 'searchEntry', dn: 'cn=x', attributes: [] });
  });
  const other = await connected(endless);
  for await (const item of other.search({ base: '', filter: ANY })) {
    t.equal(item.kind, 'entry');
    break;
  }
  while (abandoned.length === 0) await new Promise((resolve) => setImmediate(resolve));
  t.same(abandoned, [1]);
  client.unbind();
  other.unbind();
  listener.close();
  endless.close();
});

t.test('pages follow each other by their cookies (RFC 2696)', async (t) => {
  const listener = await fakeLdapServer(({ id, request, controls }, { reply }) => {
    if (request.kind !== 'search') return;
    const page = decodePagedResults(controls[0]?.value);
    const from = page.cookie.length === 0 ? 0 : Number(Buffer.from(page.cookie).toString());
    const to = Math.min(10, from + page.size);
    for (let i = from; i < to; i++) reply(id, { kind: 'searchEntry', dn: `cn=${i}`, attributes: [] });
    const value = encodePagedResults({ size: 10, cookie: to < 10 ? u(String(to)) : u('') });
    reply(id, { kind: 'searchDone', result: SUCCESS }, [
      { oid: CONTROL_OIDS.pagedResults, critical: false, value },
    ]);
  });
  const client = await connected(listener);
  const names: string[] = [];
  for await (const item of client.searchPaged({ base: '', filter: ANY }, 3))
    if (item.kind === 'entry') names.push(item.dn);
  t.same(
    names,
    Array.from({ length: 10 }, (_, i) => `cn=${i}`),
  );
  client.unbind();
  listener.close();
});

t.test('StartTLS verifies the server, and what follows is encrypted', async (t) => {
  const ca = await testAuthority();
  const tls = await testTls(t.testdir(), ca, 'server-1');
  const listener = await fakeLdapServer((message, connection) => {
    const { request, id } = message;
    if (request.kind === 'extended' && request.oid === EXTENDED_OIDS.startTls) {
      connection.reply(id, {
        kind: 'extended',
        result: SUCCESS,
        oid: EXTENDED_OIDS.startTls,
        value: undefined,
      });
      connection.transport.startTls();
    } else if (request.kind === 'extended') {
      const value = u(connection.transport.secure.tls ? 'secure' : 'clear');
      connection.reply(id, { kind: 'extended', result: SUCCESS, oid: undefined, value });
    } else wellBehaved(message, connection);
  }, tls);
  const client = await connected(listener, { ca: ca.certificate });
  t.equal(await client.whoAmI(), 'clear');
  await client.startTls();
  t.equal(await client.whoAmI(), 'secure');
  client.unbind();
  const deceived = await connected(listener, { ca: (await testAuthority()).certificate });
  await t.rejects(deceived.startTls(), { code: 'CONNECT_FAILED' });
  await t.rejects(deceived.whoAmI(), { code: 'CONNECT_FAILED' });
  listener.close();
});

t.test('a server that does not answer costs the time-out, one that vanishes one clear error', async (t) => {
  const abandoned: number[] = [];
  const listener = await fakeLdapServer(({ request }, { transport }) => {
    if (request.kind === 'abandon') abandoned.push(request.target);
    if (request.kind === 'delete') transport.abort('gone');
  });
  const client = await connected(listener, { requestMs: 20 });
  await t.rejects(client.compare('x', 'cn', u('x')), { name: 'LdapError', result: 'timeLimitExceeded' });
  while (abandoned.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await t.rejects(client.delete('x', { timeoutMs: 0 }), { code: 'CONNECT_FAILED', message: /was lost/ });
  t.equal(client.connected, false);
  listener.close();
  await t.rejects(connected(listener), { code: 'CONNECT_FAILED', message: /cannot be reached/ });
});

t.test('a notice of disconnection reaches everyone who waits', async (t) => {
  const notice: LdapResponse = {
    kind: 'extended',
    result: result('unavailable', 'going down'),
    oid: EXTENDED_OIDS.noticeOfDisconnection,
    value: undefined,
  };
  const listener = await fakeLdapServer(({ request }, { reply }) => {
    if (request.kind === 'delete') reply(0, notice);
  });
  const client = await connected(listener);
  const one = client.compare('x', 'cn', u('x'));
  const stream = client.search({ base: '', filter: ANY });
  const two = client.delete('x');
  await t.rejects(one, { name: 'LdapError', result: 'unavailable', message: /going down/ });
  await t.rejects(two, { name: 'LdapError', result: 'unavailable' });
  await t.rejects(
    (async () => {
      for await (const item of stream) t.fail(item.kind);
    })(),
    { name: 'LdapError', result: 'unavailable' },
  );
  listener.close();
});

t.test('answers that are no LDAP, too long, or for nobody', async (t) => {
  for (const hex of [
    '474554202f',
    '3084ffffffff',
    '3003020101',
    '300c02010160070a010004000400',
    '30050201014200',
  ]) {
    const listener = await fakeLdapServer((_message, { transport }) =>
      transport.send(Buffer.from(hex, 'hex')),
    );
    const client = await connected(listener);
    await t.rejects(client.delete('x'), { code: 'CONNECT_FAILED', message: /no LDAP/ }, hex);
    listener.close();
  }
  const listener = await fakeLdapServer(({ id, request }, { reply }) => {
    reply(4711, { kind: 'delete', result: SUCCESS });
    reply(id, { kind: 'searchReference', urls: [] });
    if (request.kind === 'delete') reply(id, { kind: 'delete', result: SUCCESS });
  });
  const client = await connected(listener);
  await client.delete('x');
  client.unbind();
  listener.close();
});
