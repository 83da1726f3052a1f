/** Claims about the LDAP listener: order, corking, back-pressure, limits, TLS and StartTLS, and clients that misbehave. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import t from 'tap';
import {
  ConnectionLimit,
  type LdapListener,
  type LdapListenerOptions,
  listenLdap,
} from '../../lib/io/ldap-listener.js';
import { silentLog } from '../../lib/io/pino-log.js';
import { listenSocket } from '../../lib/io/unix-socket.js';
import { decodeResponse } from '../../lib/ldap/decode-response.js';
import type { AcceptConnection, LdapConnectionSink, LdapTransport } from '../../lib/port/ldap-transport.js';
import { testAuthority, testTls } from './test-tls.js';

const SETTINGS: LdapListenerOptions = {
  host: '127.0.0.1',
  port: 0,
  ldaps: false,
  limit: new ConnectionLimit(() => 100),
  tls: undefined,
  requestCertificates: false,
  tlsHandshakeMs: 60_000,
  writeStallMs: 60_000,
  outputBytes: 1_048_576,
  log: silentLog(),
};

/** A sink of functions, all optional. */
function sink(parts: Partial<LdapConnectionSink>): LdapConnectionSink {
  return { bytes() {}, drained() {}, secured() {}, ended() {}, closed() {}, ...parts };
}

async function listening(
  options: Partial<LdapListenerOptions>,
  accept: AcceptConnection,
): Promise<LdapListener> {
  return listenLdap({ ...SETTINGS, limit: new ConnectionLimit(() => 100), ...options }, accept);
}

/** Connects and keeps everything received. */
function client(listener: LdapListener): {
  readonly socket: Socket;
  text(): string;
  readonly closed: Promise<void>;
} {
  const socket = connect({ host: '127.0.0.1', port: listener.port });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  return { socket, text: () => Buffer.concat(chunks).toString(), closed };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

t.test(
  'bytes go both ways, sends of one turn leave together and in order, and memory may be reused at once',
  async (t) => {
    const listener = await listening({}, (transport) =>
      sink({
        bytes(chunk) {
          const scratch = Buffer.alloc(1);
          for (const octet of chunk) {
            scratch[0] = octet;
            t.equal(transport.send(scratch), true);
          }
          t.ok(transport.queuedBytes >= chunk.length);
          scratch.fill(0);
        },
      }),
    );
    const c = client(listener);
    const chunks: number[] = [];
    c.socket.on('data', (chunk) => chunks.push(chunk.length));
    c.socket.write('hello world');
    await until(() => c.text().length === 11);
    t.equal(c.text(), 'hello world');
    t.same(chunks, [11], 'one write');
    t.equal(listener.connections, 1);
    c.socket.resetAndDestroy();
    await until(() => listener.connections === 0);
    listener.close();
  },
);

t.test('more than the output bound is queued with back-pressure and arrives whole', async (t) => {
  const total = 300;
  const block = Buffer.alloc(100_000, 'x');
  let waits = 0;
  const listener = await listening({ outputBytes: 200_000 }, (transport) => {
    let sent = 0;
    const produce = (): void => {
      while (sent < total) {
        sent += 1;
        if (!transport.send(block)) {
          waits += 1;
          return;
        }
      }
      transport.close('done');
    };
    return sink({ bytes: produce, drained: produce });
  });
  const c = client(listener);
  let received = 0;
  c.socket.removeAllListeners('data');
  c.socket.on('data', (chunk) => {
    received += chunk.length;
  });
  c.socket.write('go');
  c.socket.on('end', () => c.socket.end());
  await c.closed;
  t.equal(received, total * block.length);
  t.ok(waits > 0);
  listener.close();
});

t.test('a client that does not read is dropped after the stall time, and by the hard bound', async (t) => {
  const reasons: string[] = [];
  const listener = await listening({ writeStallMs: 50, outputBytes: 100_000 }, (transport) =>
    sink({
      bytes() {
        // More than the system takes for a client that does not read.
        for (let i = 0; i < 4000; i++)
          if (!transport.send(Buffer.alloc(50_000)) && transport.queuedBytes > 500_000) return;
      },
      closed: (reason) => reasons.push(reason),
    }),
  );
  const c = client(listener);
  c.socket.pause();
  c.socket.write('go');
  await until(() => reasons.length > 0);
  t.same(reasons, ['the client does not read its answers']);
  c.socket.resetAndDestroy();
  listener.close();
});

t.test('a client that sends its FIN still gets its answers', async (t) => {
  const listener = await listening({}, (transport) =>
    sink({
      ended() {
        setImmediate(() => {
          transport.send(Buffer.from('late answer'));
          transport.close('the client is done');
        });
      },
    }),
  );
  const c = client(listener);
  c.socket.end('request');
  await c.closed;
  t.equal(c.text(), 'late answer');
  listener.close();
});

t.test('a sink that throws loses its connection alone; one that refuses is never made', async (t) => {
  let accepted = 0;
  const listener = await listening({}, () => {
    accepted += 1;
    if (accepted === 1) throw new Error('refused');
    return sink({
      bytes() {
        throw new Error('bug');
      },
    });
  });
  await client(listener).closed;
  const c = client(listener);
  c.socket.write('x');
  await c.closed;
  const third = client(listener);
  await until(() => accepted === 3);
  t.equal(listener.connections, 1);
  listener.abortAll('stop');
  await third.closed;
  listener.close();
});

t.test('one connection too many gets a notice of disconnection (RFC 4511 section 4.4.1)', async (t) => {
  let most = 1;
  const limit = new ConnectionLimit(() => most);
  const listener = await listening({ limit }, () => sink({}));
  const first = client(listener);
  await until(() => listener.connections === 1);
  const second = connect({ host: '127.0.0.1', port: listener.port });
  const [chunk] = (await once(second, 'data')) as [Buffer];
  t.match(decodeResponse(chunk), {
    id: 0,
    response: { kind: 'extended', oid: '1.3.6.1.4.1.1466.20036', result: { result: 'busy' } },
  });
  second.resetAndDestroy();
  most = 2;
  const more = client(listener);
  await until(() => listener.connections === 2);
  most = 1;
  more.socket.resetAndDestroy();
  first.socket.resetAndDestroy();
  await until(() => limit.taken === 0);
  const third = client(listener);
  await until(() => listener.connections === 1);
  third.socket.resetAndDestroy();
  listener.close();
});

t.test('a port in use is the operator’s fault, by name', async (t) => {
  const listener = await listening({}, () => sink({}));
  await t.rejects(
    listening({ port: listener.port }, () => sink({})),
    { code: 'PORT_IN_USE' },
  );
  await t.rejects(
    listening({ host: '203.0.113.1' }, () => sink({})),
    { code: 'PORT_FORBIDDEN' },
  );
  listener.close();
});

t.test(
  'LDAPS: the sink is made after the handshake and knows the cipher; garbage and silence end',
  async (t) => {
    const ca = await testAuthority();
    const tls = await testTls(t.testdir(), ca, 'server-1');
    const made: LdapTransport[] = [];
    const accept = (transport: LdapTransport) => {
      made.push(transport);
      return sink({ bytes: (chunk) => transport.send(chunk), ended: () => transport.close('ended') });
    };
    const listener = await listening({ ldaps: true, tls }, accept);
    const raw = connect({ host: '127.0.0.1', port: listener.port });
    const socket = connectTls({
      socket: raw,
      ca: ca.certificate,
      servername: 'localhost',
    });
    socket.write('over TLS');
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    t.equal(chunk.toString(), 'over TLS');
    t.match(made[0]?.secure, { tls: true, protocol: 'TLSv1.3', strengthBits: 256 });
    t.equal(made[0]?.canStartTls, false);
    const binding = (type: string) =>
      Buffer.from(made[0]?.secure.channelBinding?.(type) ?? []).toString('hex');
    const exported = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
    t.equal(binding('tls-exporter'), exported.toString('hex'), 'RFC 9266: both ends have it');
    const shown = createHash('sha256').update(socket.getPeerCertificate().raw).digest('hex');
    t.equal(
      binding('tls-server-end-point'),
      shown,
      'RFC 5929 section 4.1: the certificate that the client saw',
    );
    t.equal(binding('ldap'), Buffer.from('tls-server-end-point:').toString('hex') + shown, "libldap's form");
    t.equal(binding('tls-unique'), '');
    socket.destroy();
    const garbage = client(listener);
    garbage.socket.write('30 0c no TLS at all, and long enough to be judged');
    await garbage.closed;
    const impatient = await listening({ ldaps: true, tls, tlsHandshakeMs: 50 }, accept);
    const silent = client(impatient);
    silent.socket.on('end', () => silent.socket.end());
    await silent.closed;
    t.equal(made.length, 1);
    await until(() => listener.connections + impatient.connections === 0);
    listener.close();
    impatient.close();
  },
);

t.test('StartTLS: the answer leaves in clear, everything after is TLS', async (t) => {
  const ca = await testAuthority();
  const tls = await testTls(t.testdir(), ca, 'server-1');
  const events: string[] = [];
  const listener = await listening({ tls, requestCertificates: true }, (transport) =>
    sink({
      bytes(chunk) {
        const text = Buffer.from(chunk).toString();
        events.push(text);
        if (text === 'starttls') {
          t.equal(transport.canStartTls, true);
          transport.send(Buffer.from('go ahead'));
          transport.startTls();
        } else {
          transport.send(Buffer.from(`secure ${text}`));
        }
      },
      ended: () => transport.close('ended'),
      secured() {
        events.push(
          `secured ${transport.secure.protocol} ${transport.secure.clientCertificate?.commonName} ${transport.secure.clientCertificate?.verified}`,
        );
      },
    }),
  );
  const foreign = await testTls(t.testdir(), await testAuthority(), 'server-1');
  for (const [options, verified] of [
    [tls.options, true],
    [foreign.options, false],
  ] as const) {
    const plain = connect({ host: '127.0.0.1', port: listener.port });
    plain.write('starttls');
    const [answer] = (await once(plain, 'data')) as [Buffer];
    t.equal(answer.toString(), 'go ahead');
    const secure = connectTls({
      socket: plain,
      ca: ca.certificate,
      servername: 'localhost',
      cert: options.cert,
      key: options.key,
    });
    await once(secure, 'secureConnect');
    secure.write('hello');
    const [chunk] = (await once(secure, 'data')) as [Buffer];
    t.equal(chunk.toString(), 'secure hello');
    t.same(events.splice(0), ['starttls', `secured TLSv1.3 server-1 ${verified}`, 'hello']);
    secure.destroy();
    await until(() => listener.connections === 0);
  }
  listener.close();
});

t.test('plain text sent behind a StartTLS request is never delivered (RFC 4513 section 3.1)', async (t) => {
  const ca = await testAuthority();
  const tls = await testTls(t.testdir(), ca, 'server-1');
  const delivered: string[] = [];
  const reasons: string[] = [];
  const listener = await listening({ tls }, (transport) =>
    sink({
      bytes(chunk) {
        delivered.push(Buffer.from(chunk).toString());
        transport.pause();
        transport.send(Buffer.from('go ahead'));
        transport.startTls();
      },
      closed: (reason) => reasons.push(reason),
    }),
  );
  const c = client(listener);
  c.socket.write('starttls');
  await until(() => c.text() === 'go ahead');
  c.socket.write('an injected command that is certainly no ClientHello');
  c.socket.on('end', () => c.socket.end());
  await c.closed;
  t.same(delivered, ['starttls']);
  t.match(reasons, [/TLS handshake/]);
  listener.close();
});

t.test('pause() stops delivery and resume() goes on', async (t) => {
  let got = 0;
  let transport: LdapTransport | undefined;
  const listener = await listening({}, (made) => {
    transport = made;
    made.pause();
    return sink({
      bytes(chunk) {
        got += chunk.length;
      },
    });
  });
  const c = client(listener);
  c.socket.write('x'.repeat(1000));
  await until(() => transport !== undefined);
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  t.equal(got, 0);
  transport?.resume();
  await until(() => got === 1000);
  c.socket.resetAndDestroy();
  listener.close();
});

t.test(
  'a Unix-domain socket is a listener too: local, for every user, in the place of a dead one',
  async (t) => {
    // The path of a socket is short.
    const dir = await mkdtemp(join(tmpdir(), 'ldapi-'));
    t.teardown(() => rm(dir, { recursive: true }));
    await writeFile(join(dir, 'file'), 'x');
    const path = join(dir, 'ldapi');
    const limit = new ConnectionLimit(() => 10);
    const seen: LdapTransport[] = [];
    const open = (at = path) =>
      listenSocket({ ...SETTINGS, limit, path: at }, (transport) => {
        seen.push(transport);
        return sink({ bytes: (chunk) => void transport.send(chunk) });
      });
    const listener = await open();
    t.equal((await stat(path)).mode & 0o777, 0o666);
    const socket = connect(path);
    socket.write('hello');
    const [echo] = (await once(socket, 'data')) as [Buffer];
    t.equal(echo.toString(), 'hello');
    t.match(seen[0]?.secure, { tls: false, local: true });
    t.match(seen[0]?.peer, { address: 'unix', port: 0 });
    await t.rejects(open(), /another process listens on .*ldapi/);
    await t.rejects(open(join(dir, 'file')), /is there and is no socket/);
    await t.rejects(open(join(dir, 'missing', 'ldapi')), /no socket can be made at/);
    socket.destroy();
    listener.close();
    t.notOk(existsSync(path));
    // As a killed process leaves it.
    spawnSync(process.execPath, [
      '-e',
      "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 9))",
      path,
    ]);
    t.ok(existsSync(path));
    (await open()).close();
  },
);
