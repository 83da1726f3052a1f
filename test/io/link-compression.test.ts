/**
 * Compressed links: what is sent arrives unchanged and in order, in far fewer octets, and no bomb takes memory (replication-model.md section 7).
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { deflateRawSync } from 'node:zlib';
import t from 'tap';
import { FrameLink } from '../../lib/broker/frame-link.js';
import { LinkInflater } from '../../lib/io/link-compression.js';
import { silentLog } from '../../lib/io/pino-log.js';
import { TlsLinks } from '../../lib/io/tls-links.js';
import type { Link } from '../../lib/port/link.js';
import type { Frame } from '../../lib/sync/frames.js';
import { changes, hello, replica } from '../sync/session-fixtures.js';
import { testAuthority, testTls } from './test-tls.js';

/** Passes octets on, and counts those from the server. */
async function proxy(target: string): Promise<{ server: Server; address: string; count: () => number }> {
  const [host = '', port = ''] = target.split(':');
  let count = 0;
  const server = createServer((client: Socket) => {
    const up = connect(Number(port), host);
    for (const end of [client, up]) end.on('error', () => {});
    up.on('data', (bytes: Buffer) => {
      count += bytes.length;
      client.write(bytes);
    });
    client.on('data', (bytes: Buffer) => up.write(bytes));
    up.on('close', () => client.destroy());
    client.on('close', () => up.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  return { server, address: `127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`, count: () => count };
}

t.test('frames after the start of compression arrive unchanged, in a fraction of the octets', async (t) => {
  const dir = t.testdir();
  const ca = await testAuthority();
  const a = new TlsLinks(await testTls(dir, ca, 'server-a'), silentLog());
  const b = new TlsLinks(await testTls(dir, ca, 'server-b'), silentLog());
  const incoming = new Promise<Link>((resolve) => {
    void a.listen('127.0.0.1:0', resolve).then(async (listener) => {
      t.teardown(() => listener.close());
      const way = await proxy(listener.address);
      t.teardown(() => way.server.close());
      ready(way);
    });
  });
  let ready: (way: Awaited<ReturnType<typeof proxy>>) => void = () => {};
  const way = await new Promise<Awaited<ReturnType<typeof proxy>>>((resolve) => {
    ready = resolve;
  });
  const dialed = new FrameLink(await b.dial(way.address));
  const accepted = new FrameLink(await incoming);
  accepted.receive({ frame() {}, malformed() {}, drained() {}, closed() {} });
  const got: Frame[] = [];
  const last = new Promise<string>((resolve) => {
    dialed.receive({
      frame: (frame) => {
        // As a subscriber does: nothing is inflated before the peer is known.
        if (frame.kind === 'hello') {
          dialed.trust();
          dialed.acceptCompression();
        }
        got.push(frame);
      },
      malformed: resolve,
      drained() {},
      closed: resolve,
    });
  });
  const batches = Array.from({ length: 60 }, (_, i) => changes(1 + i * 500, (i + 1) * 500));
  const octets = batches.flat().reduce((sum, { bytes }) => sum + bytes.length, 0);
  accepted.send({ kind: 'hello', hello: hello('server-a', 1) });
  accepted.compress();
  for (const batch of batches) accepted.send({ kind: 'changes', origin: replica(1), changes: batch });
  accepted.send({ kind: 'refuse', code: 'closing', sentence: 'the end' });
  accepted.close('done');
  t.match(await last, /closed/);
  t.equal(got.length, 62);
  t.match(got.at(-1), { kind: 'refuse', sentence: 'the end' });
  t.same(
    got.flatMap((frame) => (frame.kind === 'changes' ? frame.changes.map(({ csn }) => csn) : [])),
    batches.flat().map(({ csn }) => csn),
  );
  t.ok(way.count() < octets / 3, `${way.count()} octets for ${octets}`);
  t.comment(`${way.count()} octets for ${octets}`);
});

t.test('a bomb comes in small pieces, and ends when its first piece is refused', async (t) => {
  const bomb = deflateRawSync(new Uint8Array(64_000_000), { level: 9 });
  t.ok(bomb.length < 70_000);
  let pieces = 0;
  let longest = 0;
  const inflater = new LinkInflater(
    (bytes) => {
      pieces += 1;
      longest = Math.max(longest, bytes.length);
      inflater.discard();
    },
    () => {},
    () => {},
  );
  inflater.write(bomb);
  await new Promise<void>((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (pieces > 0) resolve();
      else setImmediate(look);
    };
    look();
  });
  t.equal(pieces, 1);
  t.ok(longest <= 16_384);
});

t.test('octets that are no deflate stream are told as such', async (t) => {
  const reason = await new Promise<string>((resolve) => {
    const inflater = new LinkInflater(
      () => {},
      () => {},
      resolve,
    );
    inflater.write(new Uint8Array(100).fill(0xff));
  });
  t.match(reason, /cannot be inflated/);
});
