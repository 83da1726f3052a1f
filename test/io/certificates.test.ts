/** Claims about certificates: a topology CA, server certificates that TLS accepts, renewal, reload. */
import { X509Certificate } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import t from 'tap';
import {
  ensureAuthority,
  ensureServerCertificate,
  issueServerCertificate,
  makeAuthority,
  readCertificate,
  serverHosts,
  writeCertificate,
} from '../../lib/io/certificates.js';
import { silentLog } from '../../lib/io/pino-log.js';
import { TlsContext } from '../../lib/io/tls-context.js';

const NOW = Date.now();
const DAY = 86_400_000;

t.test(
  'a server certificate names the server, its hosts and its addresses, and the CA signed it',
  async (t) => {
    const ca = await makeAuthority('Test CA', NOW);
    const hosts = ['localhost', '127.0.0.1', '::1', 'ldap.example.com', '2001:db8::1:0', '::ffff:1.2.3.4'];
    const server = await issueServerCertificate(ca, 'server-1', hosts, NOW);
    const authority = new X509Certificate(ca.certificate);
    const certificate = new X509Certificate(server.certificate);
    t.equal(authority.ca, true);
    t.equal(certificate.ca, false);
    t.ok(authority.verify(authority.publicKey));
    t.ok(certificate.checkIssued(authority));
    t.ok(certificate.verify(authority.publicKey));
    t.equal(certificate.subject, 'CN=server-1');
    for (const host of ['localhost', 'ldap.example.com']) t.ok(certificate.checkHost(host), host);
    for (const address of ['127.0.0.1', '::1', '2001:db8::1:0']) t.ok(certificate.checkIP(address), address);
    t.notOk(certificate.checkHost('evil.example.com'));
    await t.rejects(issueServerCertificate(ca, '', [], NOW), { code: 'TLS_INVALID' });
    await t.rejects(issueServerCertificate(ca, 'x', [], NOW + 4000 * DAY), { code: 'TLS_INVALID' });
  },
);

t.test('a handshake with full verification succeeds, and fails for another CA', async (t) => {
  const ca = await makeAuthority('Test CA', NOW);
  const pair = await issueServerCertificate(ca, 'server-1', ['localhost', '127.0.0.1'], NOW);
  const server = createServer({ cert: pair.certificate, key: pair.key }, (socket) => socket.end('hello'));
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as { port: number }).port;
  const attempt = (trusted: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, ca: trusted, servername: 'localhost' }, () =>
        resolve('secure'),
      );
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
      socket.on('data', () => socket.destroy());
    });
  t.equal(await attempt(ca.certificate), 'secure');
  t.match(await attempt((await makeAuthority('Test CA', NOW)).certificate), /SIGNATURE|VERIFY|ISSUER/);
  server.close();
});

t.test(
  'missing certificates are made with mode 0600, good ones kept, old and wrong ones renewed',
  async (t) => {
    const dir = t.testdir();
    const caPaths = { certificate: join(dir, 'ca.crt'), key: join(dir, 'ca.key') };
    const paths = { certificate: join(dir, 'server.crt'), key: join(dir, 'server.key') };
    const ca = await ensureAuthority(caPaths, 'Test CA', NOW);
    t.same(await ensureAuthority(caPaths, 'Test CA', NOW), ca, 'a CA is made once');
    const hosts = ['localhost', '127.0.0.1'];
    t.equal(await ensureServerCertificate(paths, ca, 'a', hosts, NOW), true);
    for (const path of [caPaths.key, paths.key, paths.certificate])
      t.equal((await stat(path)).mode & 0o777, 0o600);
    t.equal(await ensureServerCertificate(paths, ca, 'a', hosts, NOW), false, 'kept');
    t.equal(
      await ensureServerCertificate(paths, ca, 'a', [...hosts, 'new.example'], NOW),
      true,
      'a new host',
    );
    t.equal(await ensureServerCertificate(paths, ca, 'b', hosts, NOW), true, 'a new name');
    t.equal(await ensureServerCertificate(paths, ca, 'b', hosts, NOW + 340 * DAY), true, 'close to its end');
    const foreign = await issueServerCertificate(await makeAuthority('Other', NOW), 'x', [], NOW);
    await writeCertificate(paths, foreign);
    t.equal(
      await ensureServerCertificate(paths, ca, 'b', hosts, NOW),
      false,
      "an operator's own certificate is left alone",
    );
    t.same(await readCertificate(paths), foreign);
    t.ok(serverHosts(['x.example']).includes('x.example'));
    t.ok(serverHosts().includes('127.0.0.1'));
  },
);

t.test('a key is never overwritten when its certificate is missing or is of another key', async (t) => {
  const dir = t.testdir();
  const ca = await makeAuthority('Test CA', NOW);
  const paths = { certificate: join(dir, 'server.crt'), key: join(dir, 'server.key') };
  await writeCertificate(paths, await issueServerCertificate(ca, 'a', ['localhost'], NOW));
  const key = await readFile(paths.key, 'utf8');
  const astray = { ...paths, certificate: join(dir, 'nowhere.crt') };
  await t.rejects(ensureServerCertificate(astray, ca, 'a', [], NOW), {
    code: 'TLS_INVALID',
    message: /nowhere\.crt does not exist, but .*server\.key does/,
  });
  await t.rejects(ensureAuthority(astray, 'Test CA', NOW), { code: 'TLS_INVALID' });
  const keyless = { ...paths, key: join(dir, 'nowhere.key') };
  await t.rejects(ensureServerCertificate(keyless, ca, 'a', [], NOW), {
    message: /nowhere\.key does not exist/,
  });
  const other = await issueServerCertificate(ca, 'a', ['localhost'], NOW);
  await writeFile(paths.certificate, other.certificate);
  t.equal(await ensureServerCertificate(paths, ca, 'renamed', [], NOW), false, 'not the pair that we made');
  t.equal(await readFile(paths.key, 'utf8'), key);
});

t.test('a TLS context is reloaded when its files change, and kept when the new ones are bad', async (t) => {
  const dir = t.testdir();
  const ca = await makeAuthority('Test CA', NOW);
  const paths = { certificate: join(dir, 'server.crt'), key: join(dir, 'server.key') };
  await writeCertificate(paths, await issueServerCertificate(ca, 'first', ['localhost'], NOW));
  const tls = await TlsContext.load(paths);
  t.equal(tls.facts.commonName, 'first');
  let reloads = 0;
  tls.onReload(() => {
    reloads += 1;
  });
  t.equal(await tls.reloadIfChanged(), false);
  await writeCertificate(paths, await issueServerCertificate(ca, 'second', ['localhost'], NOW));
  const before = tls.secureContext;
  t.equal(await tls.reloadIfChanged(), true);
  t.equal(tls.facts.commonName, 'second');
  t.not(tls.secureContext, before);
  t.equal(reloads, 1);
  await writeFile(paths.certificate, 'nonsense');
  await t.rejects(tls.reloadIfChanged(), { code: 'TLS_INVALID' });
  t.equal(tls.facts.commonName, 'second');
  await writeCertificate(paths, {
    ...(await issueServerCertificate(ca, 'x', [], NOW)),
    key: (await makeAuthority('x', NOW)).key,
  });
  await t.rejects(TlsContext.load(paths), { message: /is not the key of/ });
  await writeFile(paths.key, 'nonsense');
  await t.rejects(TlsContext.load(paths), { message: /holds no private key/ });
  await rm(paths.key);
  await t.rejects(TlsContext.load(paths), { code: 'TLS_INVALID', message: /does not exist/ });
  tls.watch(1000, silentLog())();
});
