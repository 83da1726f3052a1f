import t from 'tap';
import { concatBytes, utf8Encode } from '../../lib/base/bytes.js';
import { CONTROL_OIDS, EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import { encodeCancel } from '../../lib/ldap/extended/cancel.js';
import type { LdapResponse } from '../../lib/ldap/message.js';
import {
  BASE,
  MemoryTransport,
  modifyRequest,
  person,
  rawAttributes,
  requestBytes,
  searchRequest,
  settle,
  simpleBind,
  TestServer,
  until,
} from './test-server.js';

const resultOf = (response: LdapResponse | undefined): string | undefined =>
  response !== undefined && 'result' in response ? response.result.result : undefined;

/** A promise and what resolves it. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

async function withGroups(count: number) {
  const server = await TestServer.open();
  const admin = await server.populate();
  for (let i = 0; i < count; i++) {
    admin.send({
      kind: 'add',
      dn: `cn=g${i},ou=groups,${BASE}`,
      attributes: rawAttributes({ objectClass: 'device', cn: `g${i}` }),
    });
  }
  await until(() => server.backend.entryCount === 5 + count, 'the groups');
  return { server, admin };
}

t.test(
  'many requests in one chunk are answered in order, in the same turn where they only read',
  async (t) => {
    const server = await TestServer.open();
    await server.populate();
    const client = server.connect();
    const one = requestBytes(1, searchRequest({ base: `uid=ann,ou=people,${BASE}`, scope: 'base' }));
    const two = requestBytes(2, {
      kind: 'compare',
      dn: `uid=bob,ou=people,${BASE}`,
      attribute: 'sn',
      value: utf8Encode('Bell'),
    });
    const three = requestBytes(3, searchRequest({ base: '', scope: 'base' }));
    client.sink.bytes(concatBytes([one, two, three]));
    t.same(
      client.transport.responses.map(({ id, response }) => [id, response.kind]),
      [
        [1, 'searchEntry'],
        [1, 'searchDone'],
        [2, 'compare'],
        [3, 'searchEntry'],
        [3, 'searchDone'],
      ],
    );
  },
);

t.test('a request may arrive octet by octet', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  const bytes = requestBytes(1, searchRequest({ filter: '(uid=ann)' }));
  for (const octet of bytes) client.sink.bytes(Uint8Array.of(octet));
  const reply = await client.reply(1);
  t.equal(reply.entries.length, 1);
});

t.test('writes of one connection are decided in order and share their way to the disk', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const dn = `ou=new,${BASE}`;
  const before = server.store.syncs;
  const ids = [
    admin.send({
      kind: 'add',
      dn,
      attributes: rawAttributes({ objectClass: 'organizationalUnit', ou: 'new' }),
    }),
    admin.send({
      kind: 'add',
      dn: `uid=x,${dn}`,
      attributes: rawAttributes({ objectClass: 'account', uid: 'x' }),
    }),
    admin.send(modifyRequest(`uid=x,${dn}`, [['add', 'description', 'one']])),
    admin.send(modifyRequest(`uid=x,${dn}`, [['replace', 'description', 'two']])),
    admin.send(searchRequest({ base: `uid=x,${dn}`, scope: 'base' })),
  ];
  const replies = [];
  for (const id of ids) replies.push(await admin.reply(id));
  t.same(
    replies.map((reply) => reply.result),
    Array(5).fill('success'),
  );
  t.same(replies[4]?.entries[0]?.attributes.description, ['two'], 'a search waits for the writes before it');
  t.ok(server.store.syncs - before <= 3, `four writes took ${server.store.syncs - before} syncs`);
  const order = admin.transport.responses.map((message) => message.id).filter((id) => ids.includes(id));
  t.same(
    order,
    [...order].sort((a, b) => a - b),
    'answers in order',
  );
});

t.test(
  'requests behind a bind run with the identity that it gave (RFC 4511 section 4.2.1; reliability class J20)',
  async (t) => {
    const server = await TestServer.open();
    await server.populate();
    const client = server.connect();
    const hold = gate();
    server.hasher.gate = hold.passed;
    const dn = `uid=ann,ou=people,${BASE}`;
    client.sink.bytes(
      concatBytes([
        requestBytes(1, simpleBind(dn, "ann's")),
        requestBytes(2, { kind: 'extended', oid: EXTENDED_OIDS.whoAmI, value: undefined }),
        requestBytes(3, simpleBind(dn, 'wrong')),
        requestBytes(4, { kind: 'extended', oid: EXTENDED_OIDS.whoAmI, value: undefined }),
      ]),
    );
    await settle();
    t.equal(client.transport.responses.length, 0, 'nothing runs while the bind does');
    t.ok(client.transport.paused, 'and nothing is read');
    hold.open();
    const last = await client.reply(4);
    const whoAmI = (id: number) => {
      const response = client.transport.responses.find((message) => message.id === id)?.response;
      return response?.kind === 'extended' && response.value !== undefined
        ? new TextDecoder().decode(response.value)
        : undefined;
    };
    t.equal(whoAmI(2), `dn:${dn}`);
    t.equal(whoAmI(4), '', 'a failed bind leaves the connection anonymous (RFC 4513 section 4)');
    t.equal(last.result, 'success');
    t.notOk(client.transport.paused);
  },
);

t.test(
  'the message size limit is small before a bind and large after it (reliability class 1)',
  async (t) => {
    const server = await TestServer.open({ messageBytesAnonymous: 1000, messageBytes: 5000 });
    await server.populate();
    const big = () => searchRequest({ filter: `(cn=${'x'.repeat(2000)})` });
    const anonymous = server.connect();
    anonymous.send(big());
    t.equal(resultOf(anonymous.notices[0]), 'protocolError');
    t.ok(anonymous.transport.closedWith !== undefined);
    const bound = await server.admin();
    t.equal((await bound.call(big())).result, 'success');
    bound.sink.bytes(Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff));
    t.equal(resultOf(bound.notices[0]), 'protocolError', 'judged by the header, before anything is buffered');
  },
);

t.test(
  'octets that are no LDAP message end the session with a notice of disconnection (RFC 4511 section 4.4.1)',
  async (t) => {
    const server = await TestServer.open();
    await server.populate();
    const hostile: readonly (readonly [string, readonly number[]])[] = [
      ['text', [...utf8Encode('GET / HTTP/1.1\r\n')]],
      ['an indefinite length', [0x30, 0x80, 0x02, 0x01, 0x01]],
      ['a length of five octets', [0x30, 0x85, 0, 0, 0, 0, 1]],
      ['an unknown operation', [0x30, 0x05, 0x02, 0x01, 0x01, 0x5f, 0x00]],
      ['message id 0', [0x30, 0x05, 0x02, 0x01, 0x00, 0x42, 0x00]],
      ['a negative message id', [0x30, 0x05, 0x02, 0x01, 0xff, 0x42, 0x00]],
      ['an empty message', [0x30, 0x00]],
      ['a response', [0x30, 0x0c, 0x02, 0x01, 0x01, 0x65, 0x07, 0x0a, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00]],
    ];
    for (const [what, octets] of hostile) {
      const client = server.connect();
      client.sink.bytes(Uint8Array.from(octets));
      t.equal(client.notices.length, 1, what);
      const [notice] = client.notices;
      t.ok(notice?.kind === 'extended' && notice.oid === '1.3.6.1.4.1.1466.20036');
      t.ok(client.transport.closedWith !== undefined, 'and closes');
      client.sink.bytes(requestBytes(9, searchRequest()));
      await settle();
      t.equal(client.transport.responses.length, 1, 'nothing after it');
    }
    t.equal((await server.connect().search({ scope: 'base' })).result, 'success', 'the others go on');
    t.same(server.log.errors, []);
  },
);

t.test(
  'every cut and every changed octet of a request is answered or ends the session, and never more (seeded)',
  async (t) => {
    const server = await TestServer.open();
    await server.populate();
    const requests = [
      requestBytes(
        1,
        searchRequest({ filter: '(&(uid=ann)(!(cn=b*c))(sn:caseExactMatch:=x))', attributes: ['cn'] }),
      ),
      requestBytes(1, modifyRequest(`uid=ann,ou=people,${BASE}`, [['add', 'mail', 'x@y']]), [
        { oid: CONTROL_OIDS.preRead, critical: true, value: Uint8Array.of(0x30, 0x00) },
      ]),
      requestBytes(1, simpleBind(`uid=ann,ou=people,${BASE}`, "ann's")),
    ];
    let state = 7;
    const next = (bound: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % bound;
    };
    for (let i = 0; i < 1500; i++) {
      const original = requests[i % requests.length] ?? new Uint8Array(0);
      const bytes = original.slice();
      for (let n = next(3); n >= 0; n--) bytes[next(bytes.length)] = next(256);
      const client = server.connect();
      client.sink.bytes(bytes.subarray(0, i % 5 === 0 ? next(bytes.length) : bytes.length));
      client.sink.closed('the test is over');
    }
    await settle();
    t.same(server.log.errors, []);
    t.equal((await server.connect().search({ scope: 'base' })).result, 'success');
  },
);

t.test(
  'results stop while the client does not read, and go on when it does (reliability class 21)',
  async (t) => {
    const { server } = await withGroups(300);
    const transport = new MemoryTransport();
    transport.window = 2000;
    const client = server.connect(transport);
    const id = client.send(searchRequest({ filter: '(cn=g*)' }));
    const second = client.send(searchRequest({ base: '', scope: 'base' }));
    await settle();
    const entries = () =>
      transport.responses.filter((message) => message.response.kind === 'searchEntry').length;
    const first = entries();
    t.ok(first > 0 && first < 100, `${first} entries, then silence`);
    await settle();
    t.equal(entries(), first, 'nothing more without room');
    t.ok(transport.paused, 'and nothing is read');
    for (let rounds = 0; rounds < 200 && transport.responses.at(-1)?.id !== second; rounds++) {
      transport.queuedBytes = 0;
      client.sink.drained();
      await settle();
    }
    t.equal((await client.reply(id)).entries.length, 300);
    t.notOk(transport.paused);
  },
);

t.test('a client that goes away in the middle costs nothing more (reliability class 22)', async (t) => {
  const { server, admin } = await withGroups(300);
  const transport = new MemoryTransport();
  transport.window = 2000;
  const client = server.connect(transport);
  client.send(searchRequest({ filter: '(cn=g*)' }));
  admin.send(modifyRequest(`uid=ann,ou=people,${BASE}`, [['add', 'description', 'late']]));
  await settle();
  const sends = transport.sends;
  client.sink.closed('reset by peer');
  admin.sink.closed('reset by peer');
  await settle();
  t.equal(transport.sends, sends);
  t.equal(server.service.registry.current, 0);
  t.same(server.log.errors, []);
  const reply = await server.connect().search({ filter: '(description=late)' });
  t.equal(reply.entries.length, 1, 'a write that was submitted is done all the same');
});

t.test('abandon ends a search without an answer (RFC 4511 section 4.11)', async (t) => {
  const { server } = await withGroups(300);
  const transport = new MemoryTransport();
  transport.window = 2000;
  const client = server.connect(transport);
  const running = client.send(searchRequest({ filter: '(cn=g*)' }));
  const waiting = client.send(searchRequest({ filter: '(cn=g1)' }));
  const third = client.send(searchRequest({ base: '', scope: 'base' }));
  await settle();
  client.send({ kind: 'abandon', target: running });
  client.send({ kind: 'abandon', target: waiting });
  client.send({ kind: 'abandon', target: 999_999 });
  transport.queuedBytes = 0;
  transport.window = Number.POSITIVE_INFINITY;
  client.sink.drained();
  t.equal((await client.reply(third)).result, 'success');
  const done = transport.responses
    .filter((message) => message.response.kind === 'searchDone')
    .map((message) => message.id);
  t.same(done, [third], 'neither the running nor the waiting search is answered');
  t.equal(server.accessLog.filter((record) => record.result === 'abandoned').length, 1);
});

t.test('cancel ends an operation with result canceled (RFC 3909 section 2)', async (t) => {
  const { server } = await withGroups(300);
  const transport = new MemoryTransport();
  transport.window = 2000;
  const client = server.connect(transport);
  const cancel = (id: number) =>
    client.send({ kind: 'extended', oid: EXTENDED_OIDS.cancel, value: encodeCancel(id) });
  const running = client.send(searchRequest({ filter: '(cn=g*)' }));
  const waiting = client.send(searchRequest({ filter: '(cn=g1)' }));
  await settle();
  const cancels = [cancel(running), cancel(waiting), cancel(4711)];
  transport.queuedBytes = 0;
  transport.window = Number.POSITIVE_INFINITY;
  client.sink.drained();
  t.equal((await client.reply(running)).result, 'canceled');
  t.equal((await client.reply(waiting)).result, 'canceled');
  const results = [];
  for (const id of cancels) results.push((await client.reply(id)).result);
  t.same(results, ['success', 'success', 'noSuchOperation']);
  t.equal(
    (await client.reply(cancel(running))).result,
    'noSuchOperation',
    'what has ended cannot be canceled',
  );
  const itself = client.send({
    kind: 'extended',
    oid: EXTENDED_OIDS.cancel,
    value: encodeCancel(cancels.length + 4),
  });
  t.equal((await client.reply(itself)).result, 'noSuchOperation', 'a cancel cannot cancel itself');
  t.equal(
    (await client.call({ kind: 'extended', oid: EXTENDED_OIDS.cancel, value: Uint8Array.of(0x30, 0x00) }))
      .result,
    'protocolError',
  );
});

t.test('a write on its way to the disk is too late to cancel, a bind cannot be canceled', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const disk = gate();
  server.store.faults.delay = () => disk.passed;
  const write = admin.send(modifyRequest(`uid=ann,ou=people,${BASE}`, [['add', 'description', 'x']]));
  await settle();
  const cancel = admin.send({ kind: 'extended', oid: EXTENDED_OIDS.cancel, value: encodeCancel(write) });
  t.equal((await admin.reply(cancel)).result, 'tooLate');
  disk.open();
  server.store.faults.delay = undefined;
  t.equal((await admin.reply(write)).result, 'success');
});

t.test(
  'requests beyond the pipeline limit are not read until others are answered (LIMITS.pipelinedRequests)',
  async (t) => {
    const server = await TestServer.open({ pipelinedRequests: 8 });
    const admin = await server.populate();
    const disk = gate();
    server.store.faults.delay = () => disk.passed;
    for (let i = 0; i < 20; i++)
      admin.send(modifyRequest(`uid=ann,ou=people,${BASE}`, [['add', 'description', `d${i}`]]));
    await settle();
    const [connection] = server.service.registry.connections();
    t.ok(connection !== undefined && connection.requests.runningCount + connection.requests.waiting <= 8);
    t.ok(admin.transport.paused);
    disk.open();
    server.store.faults.delay = undefined;
    await until(
      () => admin.transport.responses.filter((one) => one.response.kind === 'modify').length === 20,
      'all answers',
    );
    t.notOk(admin.transport.paused);
  },
);

t.test(
  'a message id in use is refused, and its first operation goes on (RFC 4511 section 4.1.1.1)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const disk = gate();
    server.store.faults.delay = () => disk.passed;
    admin.sink.bytes(
      requestBytes(500, modifyRequest(`uid=ann,ou=people,${BASE}`, [['add', 'description', 'x']])),
    );
    admin.sink.bytes(requestBytes(500, searchRequest({ scope: 'base' })));
    disk.open();
    server.store.faults.delay = undefined;
    await until(() => admin.transport.responses.filter((one) => one.id === 500).length === 2, 'both answers');
    t.same(
      admin.transport.responses
        .filter((one) => one.id === 500)
        .map(({ response }) => [response.kind, resultOf(response)]),
      [
        ['searchDone', 'protocolError'],
        ['modify', 'success'],
      ],
    );
  },
);

t.test('StartTLS: success, then silence until TLS is there (RFC 4511 section 4.14)', async (t) => {
  const server = await TestServer.open({ requireTlsForPasswords: true });
  const client = server.connect();
  const startTls = { kind: 'extended', oid: EXTENDED_OIDS.startTls, value: undefined } as const;
  t.equal((await client.bind('cn=Directory Manager', 'x')).result, 'confidentialityRequired');
  const reply = await client.call(startTls);
  t.equal(reply.result, 'success');
  t.ok(client.transport.tlsStarted);
  client.transport.secure = { tls: true, strengthBits: 256 };
  client.sink.secured();
  await client.bindAdmin();
  t.equal((await client.call(startTls)).result, 'operationsError', 'TLS is there already');
  const without = new MemoryTransport();
  without.canStartTls = false;
  const plain = server.connect(without);
  t.equal((await plain.call(startTls)).result, 'protocolError');
  const dse = await plain.search({ base: '', scope: 'base', attributes: ['supportedExtension'] });
  t.notOk(dse.entries[0]?.attributes.supportedExtension?.includes(EXTENDED_OIDS.startTls));
  t.equal((await plain.call({ ...startTls, value: new Uint8Array(0) })).result, 'protocolError');
});

t.test('plaintext behind StartTLS ends the session before TLS begins (reliability class 31)', async (t) => {
  const server = await TestServer.open();
  const startTls = requestBytes(1, { kind: 'extended', oid: EXTENDED_OIDS.startTls, value: undefined });
  const together = server.connect();
  together.sink.bytes(concatBytes([startTls, requestBytes(2, simpleBind('cn=Directory Manager', 'x'))]));
  await settle();
  t.notOk(together.transport.tlsStarted);
  t.ok(together.transport.closedWith !== undefined);
  t.notOk(together.transport.responses.some((one) => one.id === 2));
  const later = server.connect();
  later.sink.bytes(startTls);
  later.sink.bytes(requestBytes(2, searchRequest({ base: '', scope: 'base' })));
  await settle();
  t.ok(later.transport.closedWith !== undefined);
  t.equal(later.transport.responses.length, 1, 'only the answer to StartTLS');
});

t.test(
  'StartTLS waits for nothing: with operations in progress it is operationsError or comes after them',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const disk = gate();
    server.store.faults.delay = () => disk.passed;
    const write = admin.send(modifyRequest(`uid=ann,ou=people,${BASE}`, [['add', 'description', 'x']]));
    const tls = admin.send({ kind: 'extended', oid: EXTENDED_OIDS.startTls, value: undefined });
    await settle();
    t.notOk(admin.transport.tlsStarted);
    disk.open();
    server.store.faults.delay = undefined;
    t.equal((await admin.reply(write)).result, 'success');
    t.equal((await admin.reply(tls)).result, 'success');
    t.ok(admin.transport.tlsStarted);
    t.notOk(admin.transport.paused, 'the handshake can be read');
  },
);

t.test(
  'an idle connection is closed without a notice, so that clients open it anew; a busy one is not',
  async (t) => {
    const server = await TestServer.open({ idleMs: 10_000 });
    const admin = await server.populate();
    const idle = server.connect();
    const disk = gate();
    server.store.faults.delay = () => disk.passed;
    admin.send(modifyRequest(`uid=ann,ou=people,${BASE}`, [['add', 'description', 'x']]));
    for (let i = 0; i < 12; i++) server.clock.advance(1000);
    t.same(idle.notices, []);
    t.match(idle.transport.closedWith, /idle for 10000 ms/);
    t.equal(admin.transport.closedWith, undefined);
    disk.open();
  },
);

t.test('a message must be whole within pduMs of its first octet (reliability class J15)', async (t) => {
  const server = await TestServer.open({ pduMs: 5000 });
  const client = server.connect();
  const bytes = requestBytes(1, searchRequest({ base: '', scope: 'base' }));
  client.sink.bytes(bytes.subarray(0, 3));
  server.clock.advance(3000);
  client.sink.bytes(bytes.subarray(3, 4));
  t.equal(client.transport.closedWith, undefined);
  server.clock.advance(1000);
  server.clock.advance(1000);
  server.clock.advance(1000);
  t.equal(resultOf(client.notices[0]), 'protocolError');
  t.match(client.transport.closedWith, /5000 ms/);
});

t.test(
  'a client that sends its FIN gets the answers that it asked for (reliability class J16)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const write = admin.send(modifyRequest(`uid=ann,ou=people,${BASE}`, [['add', 'description', 'x']]));
    admin.sink.ended();
    t.equal(admin.transport.closedWith, undefined);
    t.equal((await admin.reply(write)).result, 'success');
    await settle();
    t.ok(admin.transport.closedWith !== undefined);
    const quiet = server.connect();
    quiet.sink.ended();
    t.ok(quiet.transport.closedWith !== undefined);
  },
);

t.test('unbind ends the session without an answer (RFC 4511 section 4.3)', async (t) => {
  const server = await TestServer.open();
  const client = server.connect();
  client.sink.bytes(
    concatBytes([
      requestBytes(1, { kind: 'unbind' }),
      requestBytes(2, searchRequest({ base: '', scope: 'base' })),
    ]),
  );
  t.equal(client.transport.closedWith, 'unbind');
  t.equal(client.transport.responses.length, 0);
});

t.test(
  'at shutdown running operations end, then the session, without a notice (RFC 4511 section 5.3)',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const idle = server.connect();
    const disk = gate();
    server.store.faults.delay = () => disk.passed;
    const write = admin.send(modifyRequest(`uid=ann,ou=people,${BASE}`, [['add', 'description', 'x']]));
    await settle();
    let gone = false;
    void server.service.drain(10_000).then(() => {
      gone = true;
    });
    t.match(idle.transport.closedWith, /shutting down/);
    t.equal(admin.transport.closedWith, undefined, 'not yet');
    t.throws(() => server.connect(), /shutting down/, 'no new connections');
    disk.open();
    t.equal((await admin.reply(write)).result, 'success');
    await settle();
    t.match(admin.transport.closedWith, /shutting down/);
    for (const client of [admin, idle]) t.same(client.notices, []);
    for (const client of [admin, idle]) client.sink.closed('ended');
    await until(() => gone, 'the end');
  },
);

t.test('connections that do not end in time are aborted', async (t) => {
  const server = await TestServer.open();
  const client = server.connect();
  const over = server.service.drain(5000);
  server.clock.advance(6000);
  await over;
  t.ok(client.transport.abortedWith !== undefined);
});

t.test('connections are limited, in all and by address, with busy', async (t) => {
  const server = await TestServer.open({ maxConnectionsPerAddress: 2, maxConnections: 3 });
  server.connect();
  const second = server.connect();
  t.throws(() => server.connect(), /may open no more/);
  second.sink.closed('gone');
  server.connect();
  t.equal(server.service.registry.current, 2);
  server.service.configure({ maxConnectionsPerAddress: 1 });
  t.throws(() => server.connect(), /may open no more/);
  t.equal(server.service.registry.current, 2, 'who is in stays in');
  server.service.configure({ maxConnectionsPerAddress: 3 });
  server.connect();
});

t.test('a fault of ours ends one operation and tells the client nothing of our insides', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const client = server.connect();
  server.backend.search = () => {
    throw new TypeError('undefined is not a function');
  };
  const reply = await client.search({});
  t.equal(reply.result, 'other');
  t.notMatch(reply.diagnostic, /undefined/);
  t.equal(server.log.errors.length, 1);
  t.equal((await client.search({ scope: 'base' })).result, 'success');
});

t.test('the access log holds one line an operation, and no value and no credential', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  server.accessLog.length = 0;
  const client = server.connect();
  await client.bind(`uid=ann,ou=people,${BASE}`, "ann's");
  await client.search({ filter: '(&(mail=private@example.com)(cn=*))' });
  await admin.modify(`uid=ann,ou=people,${BASE}`, [['replace', 'telephoneNumber', '+1 555 0100']]);
  await admin.add(`uid=new,ou=people,${BASE}`, person('new', 'New Person'));
  client.sink.closed('over');
  const text = JSON.stringify(server.accessLog);
  for (const secret of ["ann's", 'private@', '555', 'New Person']) t.notMatch(text, secret);
  t.same(
    server.accessLog.map((record) => record.operation ?? record.event),
    ['connect', 'bind', 'search', 'modify', 'add', 'disconnect'],
  );
  t.match(server.accessLog[2], { filter: '(&(mail=?)(cn=*))', result: 'success', entries: 0, detail: 'sub' });
  t.match(server.accessLog[3], { detail: 'replace:telephoneNumber', requester: 'cn=Directory Manager' });
});

t.test(
  "one client's pipeline does not hold the event loop: after some ms the others have their turn (reliability class J7)",
  async (t) => {
    const server = await TestServer.open();
    await server.populate();
    const client = server.connect();
    const send = client.transport.send.bind(client.transport);
    client.transport.send = (bytes) => {
      server.clock.advance(1);
      return send(bytes);
    };
    const requests = Array.from({ length: 40 }, (_, i) =>
      requestBytes(i + 1, searchRequest({ base: BASE, scope: 'base' })),
    );
    client.sink.bytes(concatBytes(requests));
    const atOnce = client.transport.responses.length;
    t.ok(atOnce > 0 && atOnce <= 8, `${atOnce} answers in the first turn`);
    await until(() => client.transport.responses.length === 80, 'all answers');
    const ids = client.transport.responses
      .filter((one) => one.response.kind === 'searchDone')
      .map((one) => one.id);
    t.same(
      ids,
      Array.from({ length: 40 }, (_, i) => i + 1),
      'in order',
    );
  },
);

t.test(
  'a request that is large to read starts in the next turn of the event loop, in its order (reliability class J7)',
  async (t) => {
    const server = await TestServer.open();
    await server.populate();
    const client = server.connect();
    const small = requestBytes(2, searchRequest({ base: BASE, scope: 'base' }));
    const filter = `(cn=${'x'.repeat(100_000)})`;
    client.sink.bytes(requestBytes(1, searchRequest({ base: BASE, scope: 'base', filter })));
    client.sink.bytes(small);
    t.equal(client.transport.responses.length, 0, 'nothing in this turn');
    const done = () => client.transport.responses.filter((one) => one.response.kind === 'searchDone');
    await until(() => done().length === 2, 'the answers');
    t.same(
      done().map((one) => one.id),
      [1, 2],
      'in order',
    );
  },
);
