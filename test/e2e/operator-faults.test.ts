/** What an operator can do wrong: one clear sentence each, an exit code, and nothing lost. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
import { BASE, ENV, freePorts, polyarch, temporary } from './harness.js';

t.setTimeout(115_000);

const SECRET = { ...ENV, POLYARCH_PASSWORD: 'secret' };

/** One server for all tests of this file, which run one after the other: making one takes a second. */
let made: Promise<{ dir: string; port: number }> | undefined;
const shared = () => (made ??= makeServer(t));

/** A server's directory with `entries` sample entries, on free ports. */
async function makeServer(
  t: Parameters<typeof temporary>[0],
  entries = 5,
): Promise<{ dir: string; port: number }> {
  const dir = `${temporary(t)}/server`;
  const port = await freePorts(4);
  const made = await polyarch(
    [
      'setup',
      '--dir',
      dir,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--sample-entries',
      String(entries),
    ],
    '',
    SECRET,
  );
  t.equal(made.status, 0, made.stderr);
  return { dir, port };
}

t.test('setup', { timeout: 60_000 }, async (t) => {
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

t.test('a faulty configuration lists every fault with its line', { timeout: 60_000 }, async (t) => {
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
  { timeout: 60_000 },
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

t.test('a port in use is named', { timeout: 60_000 }, async (t) => {
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

t.test('one process a data directory', { timeout: 60_000 }, async (t) => {
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
  t.match(second.stderr, /^polyarch: another process uses/);
  for (const offline of [
    ['import-ldif', '--file', '/dev/null'],
    ['export-ldif', '--file', '/dev/null'],
  ]) {
    const refused = await polyarch([...offline, '--dir', dir]);
    t.equal(refused.status, 80, offline.join(' '));
    t.match(refused.stderr, /runs; stop it first/, offline.join(' '));
  }
  const state = await polyarch(['status', '--dir', dir, '--json']);
  t.equal(JSON.parse(state.stdout).running, true);
  t.equal((await polyarch(['stop', '--dir', dir])).status, 0);
  t.equal((await polyarch(['stop', '--dir', dir])).status, 80, 'a second stop says that it does not run');
});

t.test('LDIF', { timeout: 100_000 }, async (t) => {
  const { dir, port } = await shared();
  const file = `${dir}/people.ldif`;
  const good = (name: string) =>
    `dn: uid=${name},${BASE}\nobjectClass: inetOrgPerson\nuid: ${name}\ncn: ${name}\nsn: ${name}\n`;
  const base = `dn: ${BASE}\nobjectClass: domain\ndc: example\n`;

  t.test('a fault gives file, line and reason, and nothing is imported', async (t) => {
    writeFileSync(file, `${base}\n${good('a')}\nthis is no LDIF\n\n${good('b')}`);
    const bad = await polyarch(['import-ldif', '--dir', dir, '--file', file]);
    t.equal(bad.status, 80);
    t.match(bad.stderr, /people\.ldif:11: /);
    const kept = await polyarch(['export-ldif', '--dir', dir]);
    t.equal(
      kept.stdout.split('\n').filter((line) => line.startsWith('dn:')).length,
      5,
      'the data stay as they were',
    );
  });

  t.test('--continue imports the rest and writes the rejects', async (t) => {
    writeFileSync(
      file,
      `${base}\n${good('a')}\ndn: uid=bad,${BASE}\nobjectClass: inetOrgPerson\nuid: bad\n\n${good('b')}`,
    );
    const rejects = `${dir}/rejects.ldif`;
    const done = await polyarch([
      'import-ldif',
      '--dir',
      dir,
      '--file',
      file,
      '--continue',
      '--rejects',
      rejects,
    ]);
    t.match(done.stderr, /people\.ldif:11: .*(cn|sn)/);
    t.match(readFileSync(rejects, 'utf8'), /dn: uid=bad/);
    const out = await polyarch(['export-ldif', '--dir', dir]);
    t.match(out.stdout, /dn: uid=a,/);
    t.match(out.stdout, /dn: uid=b,/);
  });

  t.test('an export imports again and exports the same', async (t) => {
    const first = await polyarch(['export-ldif', '--dir', dir, '--file', file]);
    t.equal(first.status, 0, first.stderr);
    const done = await polyarch(['import-ldif', '--dir', dir, '--file', file]);
    t.equal(done.status, 0, done.stderr);
    const second = await polyarch(['export-ldif', '--dir', dir]);
    t.equal(second.stdout, readFileSync(file, 'utf8'));
    const verified = await polyarch(['verify', '--dir', dir]);
    t.equal(verified.status, 0, verified.stdout);
  });

  t.test('indexes are changed on a stopped server', async (t) => {
    const config = `${dir}/polyarch.yaml`;
    const before = readFileSync(config, 'utf8');
    writeFileSync(config, `${before}\n# ours\nindexes: { uid: [equality], title: [equality] } # two\n`);
    const misspelt = await polyarch(['start', '--dir', dir, '--indexes', 'nosuch=equality;uid=equality']);
    t.equal(misspelt.status, 78);
    t.match(misspelt.stderr, /\n.*indexes\.nosuch: the schema has no such attribute type\n$/);
    const added = await polyarch([
      'index',
      'add',
      '--dir',
      dir,
      '--index',
      'sn:equality,substring',
      '--json',
    ]);
    t.equal(added.status, 0, added.stderr);
    t.match(JSON.parse(added.stdout), [
      { attribute: 'sn', kind: 'equality', state: 'ready' },
      { kind: 'substring' },
    ]);
    t.match(readFileSync(config, 'utf8'), /# ours\nindexes:.*sn: ?\[ ?equality, substring ?\]/s);
    const bad = await polyarch([
      'index',
      'add',
      '--dir',
      dir,
      '--index',
      'nosuch:equality',
      '--index',
      'memberOf:equality',
    ]);
    t.equal(bad.status, 89);
    t.match(bad.stderr, /nosuch: the schema has no such attribute type\n.*memberOf: the server derives it/);
    t.equal((await polyarch(['index', 'rebuild', '--dir', dir])).status, 0);
    t.equal((await polyarch(['verify', '--dir', dir])).status, 0);
  });

  t.test('online, through LDAP', async (t) => {
    t.equal((await polyarch(['start', '--detach', '--dir', dir])).status, 0);
    t.teardown(() => polyarch(['stop', '--dir', dir]));
    const url = `ldap://127.0.0.1:${port}`;
    const dropped = await polyarch([
      'index',
      'drop',
      '--dir',
      dir,
      '--index',
      'surname:substring',
      '--index',
      'title',
    ]);
    t.equal(dropped.status, 0, dropped.stderr);
    const text = `${good('a')}\n${good('online')}\ndn: uid=online,${BASE}\nchangetype: modify\nadd: title\ntitle: Dr\n`;
    const strict = await polyarch(['import-ldif', '--url', url, '--file', '-'], text, SECRET);
    t.equal(strict.status, 68, 'entryAlreadyExists stops it');
    t.match(strict.stderr, /-:1: uid=a,.*; \d records were imported, 1 refused/);
    const mixed = `${good('a')}\n${good('b')}\nnonsense\n`;
    const both = await polyarch(['import-ldif', '--url', url, '--file', '-'], mixed, SECRET);
    t.equal(both.status, 68, 'what was refused before a faulty record is told first');
    t.match(both.stderr, /-:1: uid=a,.*; 0 records were imported, 2 refused/);
    const rest = await polyarch(['import-ldif', '--url', url, '--file', '-', '--continue'], text, SECRET);
    t.match(rest.stderr, /-:1: .*\(68/);
    const out = await polyarch(['export-ldif', '--url', url, '--filter', '(title=dr)'], '', SECRET);
    t.match(out.stdout, /^dn: uid=online,/m);
    const wrong = await polyarch(['export-ldif', '--url', url], '', { ...ENV, POLYARCH_PASSWORD: 'wrong' });
    t.equal(wrong.status, 49);
    t.match(wrong.stderr, /^polyarch: .*\(LDAP result 49, invalidCredentials\)/);
    const nobody = await polyarch(['export-ldif', '--url', 'ldap://127.0.0.1:1'], '', SECRET);
    t.equal(nobody.status, 91);
  });
});
