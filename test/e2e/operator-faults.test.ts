/** What an operator can do wrong: one clear sentence each, an exit code, and nothing lost. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
import { ENV, LIMIT_MS, makeServer, polyarch, temporary } from './harness.js';

t.setTimeout(LIMIT_MS);

const SECRET = { ...ENV, POLYARCH_PASSWORD: 'secret' };

/** One server for all tests of this file, which run one after the other: making one takes a second. */
let made: Promise<{ dir: string; port: number }> | undefined;
const shared = () => (made ??= makeServer(t));

t.test('setup', { timeout: LIMIT_MS }, async (t) => {
  t.test('refuses a directory that holds something', async (t) => {
    const dir = temporary(t);
    mkdirSync(`${dir}/x`);
    writeFileSync(`${dir}/x/polyarch.yaml`, '');
    const again = await polyarch(['setup', '--dir', `${dir}/x`], '', SECRET);
    t.equal(again.status, 80);
    t.match(again.stderr, /^polyarch: .*already/);
    t.equal(readFileSync(`${dir}/x/polyarch.yaml`, 'utf8'), '');
  });

  t.test('makes a password when none is given, and shows it once', async (t) => {
    const dir = `${temporary(t)}/s`;
    const made = await polyarch(['setup', '--dir', dir, '--json']);
    t.equal(made.status, 0, made.stderr);
    const { password } = JSON.parse(made.stdout);
    t.match(password, /^\S{12,}$/);
    t.notOk(readFileSync(`${dir}/polyarch.yaml`, 'utf8').includes(password), 'only its hash is kept');
  });
});

t.test('a faulty configuration lists every fault with its line', { timeout: LIMIT_MS }, async (t) => {
  const { dir } = await shared();
  const file = `${dir}/polyarch.yaml`;
  const good = readFileSync(file, 'utf8');
  t.teardown(() => writeFileSync(file, good));
  writeFileSync(file, `${good}\nlimts: {}\ncache: { entryMiB: 0 }\n`);
  const bad = await polyarch(['start', '--dir', dir]);
  t.equal(bad.status, 78);
  t.match(bad.stderr, /polyarch\.yaml:\d+: limts: unknown key; did you mean "limits"\?/);
  t.match(bad.stderr, /polyarch\.yaml:\d+: cache\.entryMiB: 0 is not within/);
  const missing = await polyarch(['start', '--dir', `${dir}/nowhere`]);
  t.equal(missing.status, 80);
  t.match(missing.stderr, /holds no Polyarch server/);
});

t.test(
  'a typo in tls.certificate or tls.key is one sentence and changes no file',
  { timeout: LIMIT_MS },
  async (t) => {
    const { dir } = await shared();
    const key = readFileSync(`${dir}/tls/server.key`, 'utf8');
    for (const flag of ['certificate', 'key']) {
      const refused = await polyarch(['start', '--dir', dir, `--tls-${flag}`, 'tls/nowhere']);
      t.equal(refused.status, 80);
      t.match(
        refused.stderr,
        new RegExp(`^polyarch: \\S*/tls/nowhere \\(tls\\.${flag}: tls/nowhere\\) does not exist; [^\n]*\n$`),
      );
    }
    t.same(readdirSync(`${dir}/tls`).sort(), ['ca.crt', 'ca.key', 'server.crt', 'server.key']);
    t.equal(readFileSync(`${dir}/tls/server.key`, 'utf8'), key);
  },
);

t.test('a port in use is named', { timeout: LIMIT_MS }, async (t) => {
  const { dir, port } = await shared();
  const other = createServer();
  await new Promise<void>((done) => other.listen(port, '127.0.0.1', () => done()));
  t.teardown(() => other.close());
  const start = await polyarch(['start', '--dir', dir, '--listen-ldap', `127.0.0.1:${port}`]);
  t.equal(start.status, 80);
  t.match(start.stderr, new RegExp(`^polyarch: another process listens on 127.0.0.1:${port}; .*\n$`));
  const demo = await polyarch(['demo', '--port', String(port), '--json']);
  t.equal(demo.status, 80);
  t.match(demo.stderr, new RegExp(`^polyarch: another process listens on 127.0.0.1:${port}; .*--port`));
});

t.test('one process a data directory', { timeout: LIMIT_MS }, async (t) => {
  const { dir } = await shared();
  const first = await polyarch(['start', '--detach', '--dir', dir]);
  t.equal(first.status, 0, first.stderr);
  t.teardown(() => polyarch(['stop', '--dir', dir]));
  const second = await polyarch([
    'start',
    '--dir',
    dir,
    '--listen-ldap',
    '127.0.0.1:0',
    '--listen-ldaps',
    'none',
    '--listen-replication',
    'none',
    '--listen-http',
    'none',
  ]);
  t.equal(second.status, 80);
  t.match(second.stderr, /^polyarch: the server in \S+ runs already; see: \S*polyarch status --dir /);
  for (const offline of [
    ['import-ldif', '--file', '/dev/null'],
    ['export-ldif', '--file', '/dev/null'],
  ]) {
    const refused = await polyarch([...offline, '--dir', dir]);
    t.equal(refused.status, 80, offline.join(' '));
    t.match(refused.stderr, /runs; stop it first/, offline.join(' '));
  }
  const noFolder = `${dir}/polyarch.yaml`;
  const demo = await polyarch(['demo', '--dir', noFolder]);
  t.equal(demo.stderr.trim().split('\n').pop(), `polyarch: cannot write ${noFolder}: file already exists`);
  const state = await polyarch(['status', '--dir', dir, '--json']);
  t.equal(JSON.parse(state.stdout).running, true);
  t.equal((await polyarch(['stop', '--dir', dir])).status, 0);
  t.equal((await polyarch(['stop', '--dir', dir])).status, 80, 'a second stop says that it does not run');
});
