/** LDIF in and out and indexes, on a stopped and on a running server: faults have file, line and reason, and what was right stays. Backups by itself and SIGHUP, on the same server. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { backUp } from '../../lib/app/backup/back-up-server.js';
import { readCatalog, verifyBackup } from '../../lib/app/backup/backup-catalog.js';
import { readServerConfig } from '../../lib/app/config/read-config.js';
import { exportEntries } from '../../lib/app/data/export-entries.js';
import { formatRecord } from '../../lib/ldif/format-record.js';
import { BASE, ENV, eventually, faultsOf, LIMIT_MS, makeServer, polyarch, statusOf } from './harness.js';

t.setTimeout(LIMIT_MS);

const HOUR_MS = 3_600_000;
const SECRET = { ...ENV, POLYARCH_PASSWORD: 'secret' };

/** What `export-ldif` of a stopped server writes, a record each, without a process for it. */
async function exported(dir: string): Promise<string[]> {
  const records: string[] = [];
  const request = { domain: BASE, scope: 'sub', filter: undefined, userOnly: false } as const;
  for await (const record of exportEntries(await readServerConfig(dir), request))
    records.push(formatRecord(record));
  return records;
}

t.test('LDIF and indexes', { timeout: LIMIT_MS }, async (t) => {
  const { dir, port } = await makeServer(t);
  const file = `${dir}/people.ldif`;
  const good = (name: string) =>
    `dn: uid=${name},${BASE}\nobjectClass: inetOrgPerson\nuid: ${name}\ncn: ${name}\nsn: ${name}\n`;
  const base = `dn: ${BASE}\nobjectClass: domain\ndc: example\n`;

  t.test('a fault gives file, line and reason, and nothing is imported', async (t) => {
    writeFileSync(file, `${base}\n${good('a')}\nthis is no LDIF\n\n${good('b')}`);
    const bad = await polyarch(['import-ldif', '--dir', dir, '--file', file]);
    t.equal(bad.status, 80);
    t.match(bad.stderr, /people\.ldif:11: /);
    t.equal((await exported(dir)).length, 5, 'the data stay as they were');
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
    const names = (await exported(dir)).map((record) => record.split('\n')[0]);
    t.same(names, [`dn: ${BASE}`, `dn: uid=a,${BASE}`, `dn: uid=b,${BASE}`]);
  });

  t.test('an export imports again and exports the same', async (t) => {
    const first = await polyarch(['export-ldif', '--dir', dir, '--file', file]);
    t.equal(first.status, 0, first.stderr);
    const done = await polyarch(['import-ldif', '--dir', dir, '--file', file]);
    t.equal(done.status, 0, done.stderr);
    const second = await polyarch(['export-ldif', '--dir', dir]);
    t.equal(second.stdout, readFileSync(file, 'utf8'));
    t.same(await faultsOf({ name: 'it', dir }), []);
  });

  t.test('a schema file is added to a stopped server, and is there afterwards', async (t) => {
    const schema = `${dir}/own.schema`;
    writeFileSync(
      schema,
      `attributetype ( 9.1.1 NAME 'badge' SUP name )\nobjectclass ( 9.2.1 NAME 'holder' SUP top AUXILIARY MAY badge )\n`,
    );
    for (const said of [
      'added 2 definitions; the schema had 0 already\n',
      'added 0 definitions; the schema had 2 already\n',
    ]) {
      const done = await polyarch(['schema', 'add', '--dir', dir, '--file', schema]);
      t.same([done.status, done.stdout], [0, said], done.stderr);
    }
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
    t.same(await faultsOf({ name: 'it', dir }), []);
  });

  t.test('a server that takes its own backups starts, and runs from here on', async (starts) => {
    await oldBackups(dir);
    starts.equal((await polyarch(['start', '--detach', '--dir', dir])).status, 0);
    t.teardown(() => polyarch(['stop', '--dir', dir]));
  });

  t.test('online, through LDAP', async (t) => {
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
    t.match(strict.stderr, /-:1: uid=a,.*; \d records? (was|were) imported, 1 refused/);
    const mixed = `${good('a')}\n${good('b')}\nnonsense\n`;
    const both = await polyarch(['import-ldif', '--url', url, '--file', '-'], mixed, SECRET);
    t.equal(both.status, 68, 'what was refused before a faulty record is told first');
    t.match(both.stderr, /-:1: uid=a,.*[^.]; 0 records were imported, 2 refused/);
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

  t.test(
    'the running server takes the increment that is due, and removes the chain that need not be kept',
    async (t) => {
      const listed = async () => (await readCatalog(`${dir}/backup`)).backups;
      const backups = await eventually('an increment, and the old chain gone', async () => {
        const found = await listed();
        return found.length === 2 && found[1]?.header.kind === 'incremental' ? found : undefined;
      });
      t.equal(backups[0]?.header.kind, 'full');
      t.equal(backups[1]?.header.parent, backups[0]?.header.id, 'it goes on from the newest full one');
      for (const backup of backups) {
        const { rows, changes } = await verifyBackup(backup, undefined);
        t.ok(rows + changes > 0);
      }
      const log = readFileSync(`${dir}/polyarch.log`, 'utf8');
      t.match(log, /-incremental-.*"a backup was taken"/);
      t.match(log, /"old backups were removed"/);
    },
  );

  t.test(
    'SIGHUP takes the options over that may change; a configuration with faults stays as it was',
    async (t) => {
      const config = `${dir}/polyarch.yaml`;
      const before = readFileSync(config, 'utf8');
      const { pid } = await statusOf({ dir });
      t.equal(readFileSync(`${dir}/polyarch.pid`, 'utf8').trim(), String(pid));
      const read = async (text: string, said: RegExp) => {
        writeFileSync(config, before + text);
        process.kill(pid, 'SIGHUP');
        await eventually(`${said}`, async () => said.test(readFileSync(`${dir}/polyarch.log`, 'utf8')));
      };
      await read('alerts: { everySeconds: no }\n', /the options stay as they were/);
      await read(
        'alerts: { everySeconds: 7 }\nlimits: { connections: 900 }\nlog: { level: debug }\ncache: { storeMiB: 9 }\n',
        /"options":\[(?=[^\]]*"alerts.everySeconds")(?=[^\]]*"limits.connections")[^\]]*"log.level"[^\]]*\],"atNextStart":\[[^\]]*"cache.storeMiB"/,
      );
      t.equal((await statusOf({ dir })).pid, pid, 'the same process goes on');
    },
  );
});

/** Options and backups of a server that was down: the newest full one two hours old, another three days. */
async function oldBackups(dir: string): Promise<void> {
  const now = Date.now;
  const at = new Date(now() - 3 * HOUR_MS).toISOString().slice(11, 16);
  const kept = 'incrementMinutes: 60, keepDays: 1, keepChains: 1';
  appendFileSync(`${dir}/polyarch.yaml`, `backup: { schedule: "daily ${at}", ${kept} }\n`);
  const config = await readServerConfig(dir);
  for (const hours of [72, 2]) {
    Date.now = () => now() - hours * HOUR_MS;
    try {
      await backUp(config, { folder: `${dir}/backup`, incremental: false }, () => undefined);
    } finally {
      Date.now = now;
    }
  }
}
