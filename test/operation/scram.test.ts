/** SCRAM-SHA-256 as a connection has it: the exchange among other requests, the names, and what strangers can learn. */
import t from 'tap';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { systemDigests } from '../../lib/io/system-digests.js';
import { EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import type { ScramParts } from '../../lib/operation/bind/scram.js';
import type { OperationSettings } from '../../lib/operation/settings.js';
import { lastMessage, readServerFirst, scramValue } from './scram-client.js';
import {
  ADMIN,
  BASE,
  MemoryTransport,
  simpleBind,
  type TestClient,
  TestServer,
  until,
} from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const BOB = `uid=bob,ou=people,${BASE}`;
const SALT = utf8Encode('0123456789abcdef');
const HEADER = 'n,,';
const BARE = 'n=ann,r=nonce';
const SCRAM: ScramParts = {
  digests: systemDigests,
  iterations: 4096,
  secret: () => utf8Encode('of the topology'),
};

/** Ann has keys, bob has an ordinary hash. */
async function open(settings: Partial<OperationSettings> = {}): Promise<TestServer> {
  const server = await TestServer.open(settings, [BASE], {}, SCRAM);
  const admin = await server.populate();
  const { result } = await admin.modify(ANN, [['replace', 'userPassword', scramValue("ann's", SALT)]]);
  if (result !== 'success') throw new Error(result);
  return server;
}

function bound(data: Readonly<Record<string, string>>): MemoryTransport {
  const transport = new MemoryTransport();
  const channelBinding = (type: string) => {
    const found = data[type];
    return found === undefined ? undefined : utf8Encode(found);
  };
  transport.secure = { tls: true, strengthBits: 256, channelBinding };
  return transport;
}

async function sasl(client: TestClient, credentials: string | undefined, mechanism = 'SCRAM-SHA-256') {
  const value = credentials === undefined ? undefined : utf8Encode(credentials);
  const authentication = { kind: 'sasl', mechanism, credentials: value } as const;
  const reply = await client.call({ kind: 'bind', version: 3, dn: '', authentication });
  const given = reply.response.kind === 'bind' ? reply.response.serverCredentials : undefined;
  return {
    result: reply.result,
    diagnostic: reply.diagnostic,
    text: given === undefined ? '' : (utf8Decode(given) ?? ''),
  };
}

/** A whole exchange; its result, and whether the server proved itself. */
async function exchange(client: TestClient, name: string, password: string, header = HEADER) {
  const bare = `n=${name.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=nonce`;
  const first = await sasl(client, header + bare);
  if (first.result !== 'saslBindInProgress') return { ...first, proved: false };
  const { message, answer } = lastMessage(password, header, bare, first.text);
  const last = await sasl(client, message);
  return { ...last, proved: last.text === answer };
}

async function whoAmI(client: TestClient): Promise<string> {
  const reply = await client.call({ kind: 'extended', oid: EXTENDED_OIDS.whoAmI, value: undefined });
  if (reply.result !== 'success') return reply.result;
  return reply.response.kind === 'extended' ? (utf8Decode(reply.response.value ?? SALT) ?? '') : '';
}

/** Salt and iterations that a stranger is shown. */
async function shown(server: TestServer, name: string): Promise<string> {
  const coded = name.replaceAll('=', '=3D').replaceAll(',', '=2C');
  const { text } = await sasl(server.connect(), `n,,n=${coded},r=x`);
  const { salt, iterations } = readServerFirst(text);
  return `${salt} ${iterations}`;
}

t.test('a name and its password, which is never sent; the server proves itself, too', async (t) => {
  const server = await open();
  const client = server.connect();
  const reply = await exchange(client, 'ann', "ann's");
  t.match(reply, { result: 'success', proved: true });
  t.equal(await whoAmI(client), `dn:${ANN}`);
  t.equal((await exchange(client, 'u:ann', "ann's")).result, 'success');
  t.equal((await exchange(client, 'A\u00adNN', "ann's")).result, 'success', 'SASLprep, and uid without case');
  t.equal((await exchange(client, 'ann', "Ann's")).result, 'invalidCredentials');
  t.equal(await whoAmI(client), '', 'a bind that failed leaves no identity');
  t.match(
    server.accessLog.filter(({ detail }) => detail === 'sasl SCRAM-SHA-256').map(({ result }) => result),
    ['saslBindInProgress', 'success'],
  );
});

t.test('it is listed where the server has it, PLUS where the channel can be bound to', async (t) => {
  const listed = async (server: TestServer, transport?: MemoryTransport) => {
    const attributes = ['supportedSASLMechanisms'];
    const root = await server.connect(transport).search({ base: '', scope: 'base', attributes });
    return root.entries[0]?.attributes.supportedSASLMechanisms;
  };
  const server = await open();
  t.same(await listed(server), ['ANONYMOUS', 'SCRAM-SHA-256']);
  t.same(await listed(server, bound({})), ['ANONYMOUS', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS']);
  const without = await TestServer.open();
  t.same(await listed(without), ['ANONYMOUS']);
  t.equal((await sasl(without.connect(), 'n,,n=ann,r=x')).result, 'authMethodNotSupported');
});

/** What a test does next on its connection, and what must come of it. */
interface Model {
  /** server-first-message of the exchange that runs. */
  running: string | undefined;
  identity: string;
}
type Action = (client: TestClient, model: Model) => Promise<readonly [got: string, wanted: string]>;

const reset = (model: Model, identity = ''): boolean => {
  const ran = model.running !== undefined;
  Object.assign(model, { running: undefined, identity });
  return ran;
};

const ACTIONS: Readonly<Record<string, Action>> = {
  first: async (client, model) => {
    const { result, text } = await sasl(client, HEADER + BARE);
    if (reset(model)) return [result, 'protocolError'];
    model.running = text;
    return [result, 'saslBindInProgress'];
  },
  last: async (client, model) => {
    const { message } = lastMessage("ann's", HEADER, BARE, model.running ?? 'r=nonce,s=AAAA,i=4096');
    const { result } = await sasl(client, message, 'scram-sha-256');
    const ran = reset(model);
    if (ran) model.identity = `dn:${ANN}`;
    return [result, ran ? 'success' : 'protocolError'];
  },
  wrongLast: async (client, model) => {
    const { message } = lastMessage('x', HEADER, BARE, model.running ?? 'r=nonce,s=AAAA,i=4096');
    const { result } = await sasl(client, message);
    return [result, reset(model) ? 'invalidCredentials' : 'protocolError'];
  },
  plus: async (client, model) => {
    const { message } = lastMessage("ann's", HEADER, BARE, model.running ?? 'r=nonce,s=AAAA,i=4096');
    const { result } = await sasl(client, message, 'SCRAM-SHA-256-PLUS');
    reset(model);
    return [result, 'protocolError'];
  },
  nothing: async (client, model) => {
    const { result } = await sasl(client, undefined);
    reset(model);
    return [result, 'saslBindInProgress'];
  },
  noMechanism: async (client, model) => {
    const { result } = await sasl(client, undefined, '');
    reset(model);
    return [result, 'authMethodNotSupported'];
  },
  simple: async (client, model) => {
    const { result } = await client.call(simpleBind(BOB, "bob's"));
    reset(model, `dn:${BOB}`);
    return [result, 'success'];
  },
  search: async (client, model) => {
    const { result } = await client.search({ base: BASE, scope: 'base' });
    return [result, model.running === undefined ? 'success' : 'operationsError'];
  },
  abandon: async (client) => {
    client.send({ kind: 'abandon', target: 1 });
    return ['', ''];
  },
};

t.test('RFC 4511 section 4.2.1: every order of three requests around an exchange', async (t) => {
  const server = await open();
  const names = Object.keys(ACTIONS);
  for (let number = 0; number < names.length ** 3; number++) {
    const order = [number % 9, Math.floor(number / 9) % 9, Math.floor(number / 81)].map(
      (at) => names[at] ?? '',
    );
    const client = server.connect();
    const model: Model = { running: undefined, identity: '' };
    for (const name of order) {
      const [got, wanted] = (await ACTIONS[name]?.(client, model)) ?? ['', 'an action'];
      if (got !== wanted) t.fail(`${order}: ${name} answers ${got}, not ${wanted}`);
    }
    const is = await whoAmI(client);
    const wanted = model.running === undefined ? model.identity : 'operationsError';
    if (is !== wanted) t.fail(`${order}: ${is}, not ${wanted}`);
  }
});

t.test(
  'RFC 4513 section 3.1.1: no StartTLS within an exchange; a bind that cannot be read ends it',
  async (t) => {
    const server = await open();
    const client = server.connect();
    const { text } = await sasl(client, HEADER + BARE);
    const startTls = { kind: 'extended', oid: EXTENDED_OIDS.startTls, value: undefined } as const;
    t.equal((await client.call(startTls)).result, 'operationsError');
    t.equal(client.transport.tlsStarted, false);
    const critical = [{ oid: '1.2.3', critical: true, value: undefined }];
    t.equal((await client.call(simpleBind('', ''), critical)).result, 'unavailableCriticalExtension');
    t.equal((await sasl(client, lastMessage("ann's", HEADER, BARE, text).message)).result, 'protocolError');
  },
);

t.test('an exchange belongs to its connection and is used once', async (t) => {
  const server = await open();
  const [one, other] = [server.connect(), server.connect()];
  const first = await sasl(one, HEADER + BARE);
  const second = await sasl(other, HEADER + BARE);
  t.not(first.text, second.text, 'another nonce');
  const { message } = lastMessage("ann's", HEADER, BARE, first.text);
  t.equal((await sasl(other, message)).result, 'invalidCredentials', 'a proof seen elsewhere');
  t.equal((await sasl(one, message)).result, 'success');
  t.equal((await sasl(one, message)).result, 'protocolError');
});

t.test('what was taken away between the two requests opens nothing', async (t) => {
  const server = await open();
  const admin = await server.admin();
  const held = server.connect();
  const { text } = await sasl(held, HEADER + BARE);
  await admin.modify(ANN, [['replace', 'userPassword', scramValue("ann's", utf8Encode('another salt'))]]);
  const { message } = lastMessage("ann's", HEADER, BARE, text);
  t.equal((await sasl(held, message)).result, 'invalidCredentials', 'the same password, set again');
  t.equal((await exchange(held, 'ann', "ann's")).result, 'success');
  const late = await sasl(held, HEADER + BARE);
  await admin.delete(ANN);
  const last = lastMessage("ann's", HEADER, BARE, late.text).message;
  t.equal((await sasl(held, last)).result, 'invalidCredentials', 'an entry that is gone');
});

t.test('the server proves nothing to a name without keys, and strangers see no difference', async (t) => {
  const server = await open();
  const [ann, bob, eve] = [
    await shown(server, 'ann'),
    await shown(server, 'bob'),
    await shown(server, 'eve'),
  ];
  t.equal(new Set([ann, bob, eve]).size, 3);
  for (const salt of [ann, bob, eve]) t.match(salt, /^[\w+/]{22}== 4096$/);
  t.equal(await shown(server, 'eve'), eve, 'always the same');
  t.equal(await shown(await open(), 'u:EVE'), eve, 'on every server, and in every spelling that is equal');
  const nobody = await shown(server, `dn:uid=eve,${BASE}`);
  t.equal(await shown(server, `UID=Eve, ${BASE}`), nobody);
  t.not(nobody, eve);
  t.not(await shown(server, `dn:${ANN}`), ann, 'who has a uid is not found by the DN');
  for (const name of ['bob', 'eve', `dn:${BOB}`, `dn:${ANN}`, 'dn:x', 'u:']) {
    const before = server.hasher.verified;
    const tried = await exchange(server.connect(), name, name === `dn:${ANN}` ? "ann's" : "bob's");
    t.match(tried, { result: 'invalidCredentials', text: '', proved: false }, name);
    t.equal(tried.diagnostic, (await exchange(server.connect(), 'ann', 'x')).diagnostic);
    t.equal(server.hasher.verified, before, 'and nothing is hashed');
  }
});

t.test('who has no uid, and the administrator, come in by their DN', async (t) => {
  const adminPassword = utf8Encode(scramValue("admin's", SALT));
  const server = await TestServer.open({ adminPassword }, [BASE], {}, SCRAM);
  const admin = server.connect();
  t.match(await exchange(admin, ADMIN, "admin's"), { result: 'success', proved: true });
  await admin.add(BASE, { objectClass: ['dcObject', 'organization'], dc: 'example', o: 'x' });
  const app = `cn=app,${BASE}`;
  const values = [scramValue('key', SALT), scramValue('later', SALT)];
  await admin.add(app, { objectClass: 'person', cn: 'app', sn: 'x', userPassword: values });
  const client = server.connect();
  t.equal((await exchange(client, `dn:${app}`, 'key')).result, 'success', 'the first of several');
  t.equal(await whoAmI(client), `dn:${app}`);
});

t.test('an authorization identity: the own one, or one that this one may take', async (t) => {
  const server = await open({ proxies: [ANN] });
  const client = server.connect();
  t.equal((await exchange(client, 'ann', "ann's", 'n,a=u:bob,')).result, 'success');
  t.equal(await whoAmI(client), `dn:${BOB}`);
  t.equal((await exchange(client, 'ann', "ann's", 'n,a=u:eve,')).result, 'insufficientAccessRights');
  t.equal(
    (await exchange(client, 'ann', 'x', 'n,a=u:eve,')).result,
    'invalidCredentials',
    'not before the proof',
  );
});

t.test(
  'PLUS: the client proves its channel, or is told that it is another (RFC 5802 section 6)',
  async (t) => {
    const server = await open();
    const plus = async (header: string, channel: string, mechanism = 'SCRAM-SHA-256-PLUS') => {
      const client = server.connect(bound({ 'tls-exporter': 'this one' }));
      const first = await sasl(client, header + BARE, mechanism);
      if (first.result !== 'saslBindInProgress') return first;
      const { message } = lastMessage("ann's", header, BARE, first.text, utf8Encode(channel));
      return sasl(client, message, mechanism);
    };
    t.equal((await plus('p=tls-exporter,,', 'this one')).result, 'success');
    t.equal(
      (await plus('p=tls-exporter,,', 'this one', 'SCRAM-SHA-256')).result,
      'success',
      'as Cyrus SASL does',
    );
    t.match(await plus('p=tls-exporter,,', 'that one'), {
      result: 'invalidCredentials',
      diagnostic: /another channel/,
    });
    t.match(await plus('p=tls-unique,,', ''), {
      result: 'authMethodNotSupported',
      diagnostic: /no channel binding/,
    });
    t.equal((await plus('n,,', '')).result, 'protocolError');
    t.match(await plus('y,,', '', 'SCRAM-SHA-256'), {
      result: 'invalidCredentials',
      diagnostic: /changed the list/,
    });
    t.equal((await plus('n,,', '', 'SCRAM-SHA-256')).result, 'success', 'a client that cannot need not');
    const clear = server.connect();
    t.equal((await exchange(clear, 'ann', "ann's", 'y,,')).result, 'success', 'nothing to bind to');
    t.equal((await sasl(clear, `p=tls-exporter,,${BARE}`)).result, 'authMethodNotSupported');
  },
);

t.test('what is malformed, too long or prohibited ends the exchange and says why', async (t) => {
  const server = await open();
  server.service.configure({ requireTlsForPasswords: true });
  const client = server.connect();
  for (const message of ['', 'n', 'n,,', 'n,,n=,r=', 'n,,m=x,n=ann,r=x'])
    t.match(await sasl(client, message), { result: 'protocolError', diagnostic: /first message.*RFC 5802/ });
  for (const message of ['n,,n=,r=x', 'n,,n=a\u0007,r=x', `n,,n=ann,r=${'x'.repeat(9000)}`])
    t.equal((await sasl(client, message)).result, 'invalidCredentials');
  await sasl(client, HEADER + BARE);
  t.match(await sasl(client, 'c=biws'), { result: 'protocolError', diagnostic: /last message/ });
  t.equal(
    (await exchange(client, 'ann', "ann's")).result,
    'success',
    'without TLS, too: no password is sent',
  );
});

t.test('a password policy counts for SCRAM as for any bind', async (t) => {
  const policy = `cn=policy,${BASE}`;
  const server = await open({ defaultPasswordPolicy: policy });
  const admin = await server.admin();
  const asks = { pwdAttribute: 'userPassword', pwdLockout: 'TRUE', pwdMaxFailure: '1' };
  await admin.add(policy, { objectClass: ['device', 'pwdPolicy'], cn: 'policy', ...asks });
  const client = server.connect();
  t.equal((await exchange(client, 'ann', "ann's")).result, 'success');
  t.equal((await exchange(client, 'ann', 'wrong')).result, 'invalidCredentials');
  await until(
    () => server.backend.byDnText(ANN)?.attribute('pwdaccountlockedtime' as never) !== undefined,
    'the lock',
  );
  t.equal((await exchange(client, 'ann', "ann's")).result, 'invalidCredentials');
  await admin.modify(ANN, [['delete', 'pwdAccountLockedTime']]);
  t.equal((await exchange(client, 'ann', "ann's")).result, 'success');
});
