/** Claims about links: bytes in order whatever their pieces, identities proved, strangers refused. */
import { connect as connectPlain } from 'node:net';
import t from 'tap';
import { silentLog } from '../../lib/io/pino-log.js';
import { TlsLinks } from '../../lib/io/tls-links.js';
import type { Link } from '../../lib/port/link.js';
import { testAuthority, testTls } from './test-tls.js';

function once<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

t.test('both ends know each other by certificate and octets arrive whole and in order', async (t) => {
  const dir = t.testdir();
  const ca = await testAuthority();
  const a = new TlsLinks(await testTls(dir, ca, 'server-a'), silentLog());
  const b = new TlsLinks(await testTls(dir, ca, 'server-b'), silentLog(), '127.0.0.2');
  const incoming = once<Link>();
  const listener = await a.listen('127.0.0.1:0', incoming.resolve);
  const out = await b.dial(listener.address);
  const into = await incoming.promise;
  t.equal(out.peer.identity, 'server-a');
  t.equal(into.peer.identity, 'server-b');
  t.match(into.peer.address, /^127\.0\.0\.2:/, 'dialed from the address that was chosen');

  const total = 4_000_000;
  const received = once<number>();
  let sum = 0;
  let count = 0;
  into.start({
    bytes(bytes) {
      for (const octet of bytes) {
        if (octet !== count % 251) t.fail(`octet ${count}`);
        count += 1;
        sum += octet;
      }
      if (count === total) received.resolve(sum);
    },
    drain() {},
    closed() {},
  });
  const drained: (() => void)[] = [];
  const gone = once<string>();
  out.start({
    bytes() {},
    drain() {
      for (const resume of drained.splice(0)) resume();
    },
    closed: gone.resolve,
  });
  const all = new Uint8Array(total).map((_, i) => i % 251);
  for (let at = 0, n = 1; at < total; at += n, n = (n * 7) % 90_001) {
    if (!out.send(all.subarray(at, Math.min(total, at + n))))
      await new Promise<void>((resolve) => drained.push(resolve));
  }
  t.ok((await received.promise) > 0);
  t.equal(count, total);
  into.pause();
  into.resume();
  into.close('done');
  t.equal(await gone.promise, 'the peer closed the link');
  await listener.close();
});

t.test('what is queued is sent before the link closes', async (t) => {
  const dir = t.testdir();
  const ca = await testAuthority();
  const links = new TlsLinks(await testTls(dir, ca, 'server-a'), silentLog());
  const text = once<string>();
  const closed = once<string>();
  const listener = await links.listen('127.0.0.1:0', (link) => {
    let got = '';
    link.start({
      bytes(bytes) {
        got += Buffer.from(bytes).toString();
      },
      drain() {},
      closed(reason) {
        text.resolve(got);
        closed.resolve(reason);
      },
    });
  });
  const link = await links.dial(listener.address);
  link.start({ bytes() {}, drain() {}, closed() {} });
  link.send(Buffer.from('last '));
  link.send(Buffer.from('words'));
  link.close('finished');
  t.equal(await text.promise, 'last words');
  await closed.promise;
  await listener.close();
});

t.test('a peer of another CA, one without a certificate, and plain text are refused', async (t) => {
  const dir = t.testdir();
  const ca = await testAuthority();
  const links = new TlsLinks(await testTls(dir, ca, 'server-a'), silentLog());
  let accepted = 0;
  const listener = await links.listen('127.0.0.1:0', () => {
    accepted += 1;
  });
  const stranger = new TlsLinks(await testTls(dir, await testAuthority(), 'server-x'), silentLog());
  await t.rejects(stranger.dial(listener.address), /127\.0\.0\.1/);
  const port = Number(listener.address.split(':')[1]);
  await new Promise<void>((resolve) => {
    const socket = connectPlain(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.resume();
  });
  t.equal(accepted, 0);
  await listener.close();
  await t.rejects(links.dial(listener.address), /127\.0\.0\.1/, 'nobody listens any more');
  await t.rejects(links.dial('nonsense'), /host:port/);
  await t.rejects(
    links.listen('127.0.0.1:x', () => {}),
    /host:port/,
  );
});
