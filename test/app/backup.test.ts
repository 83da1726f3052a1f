/**
 * Backup and restore on a real server in this process: one instant while writes go on, increments, points in time, and what is refused.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { backUp, backUpServer } from '../../lib/app/backup/back-up-server.js';
import { chainTo, expired, readCatalog, verifyBackup } from '../../lib/app/backup/backup-catalog.js';
import { pointInTime } from '../../lib/app/backup/point-in-time.js';
import { restoreBackup } from '../../lib/app/backup/restore-backup.js';
import { domainsOf } from '../../lib/app/backup/restored-logs.js';
import { readServerConfig } from '../../lib/app/config/read-config.js';
import { exportEntries } from '../../lib/app/data/export-entries.js';
import { verifyOffline } from '../../lib/app/data/verify-store.js';
import { type RunningServer, startServer } from '../../lib/app/server.js';
import { readFacts } from '../../lib/backend/domain-facts.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import type { Csn } from '../../lib/csn/csn.js';
import { LdapClient } from '../../lib/io/ldap-client.js';
import { silentLog } from '../../lib/io/pino-log.js';
import { openLevelStore } from '../../lib/io/store/level-store.js';
import { formatRecord } from '../../lib/ldif/format-record.js';
import { setUpOneServer } from './one-server.js';

const BASE = 'dc=example,dc=com';
const root = mkdtempSync(join(tmpdir(), 'polyarch-backup-'));
t.teardown(() => rmSync(root, { recursive: true, force: true }));
const dir = join(root, 's1');
const folder = join(root, 'backups');
const keyFile = join(root, 'key');
writeFileSync(keyFile, 'a key of more than sixteen octets\n');

interface Running {
  readonly server: RunningServer;
  readonly client: LdapClient;
  end(): Promise<void>;
}

async function start(at = dir): Promise<Running> {
  const server = await startServer(await readServerConfig(at), silentLog());
  const port = Number(server.status().addresses.ldap?.split(':').at(-1));
  const client = await LdapClient.connect({ host: '127.0.0.1', port, ldaps: false });
  await client.bind('cn=Directory Manager', utf8Encode('secret'));
  return {
    server,
    client,
    async end() {
      client.unbind();
      await server.stop();
    },
  };
}

function add(client: LdapClient, cn: string): Promise<unknown> {
  const values = { objectClass: ['device'], cn: [cn], serialNumber: ['0'] };
  return client.add(
    `cn=${cn},${BASE}`,
    Object.entries(values).map(([description, texts]) => ({ description, values: texts.map(utf8Encode) })),
  );
}

function set(client: LdapClient, cn: string, number: number): Promise<unknown> {
  const attribute = { description: 'serialNumber', values: [utf8Encode(`${number}`)] };
  return client.modify(`cn=${cn},${BASE}`, [{ operation: 'replace', attribute }]);
}

async function contents(at: string): Promise<string> {
  const records: string[] = [];
  for await (const record of exportEntries(await readServerConfig(at), {
    domain: BASE,
    scope: 'sub',
    filter: undefined,
    userOnly: false,
  }))
    records.push(formatRecord(record));
  return records.sort().join('');
}

function numberOf(text: string, cn: string): number {
  return Number(new RegExp(`dn: cn=${cn},[^]*?serialNumber: (\\d+)`).exec(text)?.[1]);
}

/** A directory with the configuration alone. */
function bare(name: string): string {
  const at = join(root, name);
  cpSync(dir, at, { recursive: true, filter: (path) => !path.includes('/db') && !path.endsWith('.sock') });
  return at;
}

const states: { text: string; csn: Csn }[] = [];

t.test('a full backup under writes is one instant and holds all that was acknowledged before', async (t) => {
  await setUpOneServer({
    dir,
    domains: [BASE],
    listen: { ldap: '127.0.0.1:0', ldaps: 'none', replication: 'none', http: 'none' },
    empty: false,
  });
  const { server, client, end } = await start();
  for (const cn of ['a', 'b', ...Array.from({ length: 60 }, (_, i) => `early${i}`)]) await add(client, cn);
  let acknowledged = 0;
  let stop = false;
  const writing = (async () => {
    for (let i = 1; !stop; i++) {
      await set(client, 'a', i);
      await set(client, 'b', i);
      acknowledged = i;
    }
  })();
  while (acknowledged < 5) await new Promise((next) => setImmediate(next));
  const before = acknowledged;
  const made = await backUpServer(server.config, server.store, { folder, incremental: false }, () => {});
  while (acknowledged < before + 10) await new Promise((next) => setImmediate(next));
  stop = true;
  await writing;
  await end();
  t.equal(made.kind, 'full');
  const at = bare('under-writes');
  await restoreBackup({ dir: at, folder, wanted: made.id, to: undefined, key: undefined, replace: false });
  const text = await contents(at);
  const [a, b] = [numberOf(text, 'a'), numberOf(text, 'b')];
  t.ok(a === b || a === b + 1, `a was written before b: ${a}, ${b}`);
  t.ok(b >= before, 'nothing acknowledged before the start is missing');
  t.ok(b < acknowledged, 'and the backup is older than the end');
  t.match(text, /cn=early59,/);
  t.same(
    (await verifyOffline(await readServerConfig(at))).flatMap(({ faults }) => faults),
    [],
  );
});

t.test(
  'increments bring a restore to the state of the last one, and the server goes on from there',
  async (t) => {
    const one = await start();
    await set(one.client, 'a', 100);
    await add(one.client, 'late1');
    await one.client.delete(`cn=early3,${BASE}`);
    const order = { folder, incremental: true, keyFile };
    const first = await backUpServer(one.server.config, one.server.store, order, () => {});
    t.equal(first.kind, 'incremental');
    t.ok(first.records >= 3 && first.records < 2000, `${first.records} changes`);
    await one.client.modifyDn(`cn=late1,${BASE}`, 'cn=late2', true, undefined);
    await one.end();
    const stopped = await backUp(await readServerConfig(dir), order, () => {});
    t.equal(stopped.kind, 'incremental', 'also of a stopped server');
    t.equal(stopped.records, 1);
    const key = utf8Encode('a key of more than sixteen octets');
    const at = join(root, 'chain');
    const report = await restoreBackup({
      dir: at,
      folder,
      wanted: 'latest',
      to: undefined,
      key,
      replace: false,
    });
    t.equal(report.backups.length, 3, 'on a machine that has nothing: configuration and certificates too');
    t.equal(await contents(at), await contents(dir));
    const restored = await start(at);
    await add(restored.client, 'after');
    await restored.end();
    t.notSame(
      readFileSync(join(at, 'incarnation')),
      readFileSync(join(dir, 'incarnation')),
      'another incarnation',
    );
    t.match(await contents(at), /cn=after,/);
  },
);

t.test('a restore refuses in one sentence, and leaves what there is', async (t) => {
  const key = utf8Encode('a key of more than sixteen octets');
  const request = { dir, folder, wanted: 'latest', to: undefined, key, replace: true };
  const before = await contents(dir);
  await t.rejects(restoreBackup({ ...request, replace: false }), {
    code: 'RESTORE_REFUSED',
    message: /--replace/,
  });
  await t.rejects(restoreBackup({ ...request, key: undefined }), {
    code: 'BACKUP_INVALID',
    message: /--key-file/,
  });
  await t.rejects(restoreBackup({ ...request, key: utf8Encode('0123456789abcdef') }), /another key/);
  await t.rejects(restoreBackup({ ...request, wanted: 'ffffff' }), { code: 'RESTORE_REFUSED' });
  const damaged = join(root, 'damaged');
  cpSync(folder, damaged, { recursive: true });
  const files = readdirSync(folder).sort();
  for (const [name, at] of [
    [files[0], 200],
    [files[0], 5000],
    [files[2], -40],
  ] as const) {
    const path = join(damaged, name ?? '');
    const bytes = readFileSync(path);
    const place = at < 0 ? bytes.length + at : at;
    writeFileSync(
      path,
      bytes.map((octet, i) => (i === place ? octet ^ 1 : octet)),
    );
    await t.rejects(
      restoreBackup({ ...request, folder: damaged }),
      { code: 'BACKUP_INVALID', message: /damaged|another version/ },
      `octet ${at} of ${name}`,
    );
    writeFileSync(path, bytes);
  }
  rmSync(join(damaged, files[1] ?? ''));
  await t.rejects(restoreBackup({ ...request, folder: damaged }), { message: /goes on from .* missing/ });
  t.equal(await contents(dir), before);
  t.notOk(existsSync(`${dir}/db.new`));
});

t.test('a point in time: changes up to it and none after it, from backups and the present log', async (t) => {
  const { server, client, end } = await start();
  const domain = server.domains[0];
  for (let i = 1; i <= 3; i++) {
    await set(client, 'a', 1000 + i);
    await set(client, 'b', 1000 + i);
    const csn = domain?.backend.state.newest();
    if (csn !== undefined) states.push({ csn, text: `${1000 + i}` });
    if (i === 2) await backUpServer(server.config, server.store, { folder, incremental: false }, () => {});
  }
  await end();
  const key = utf8Encode('a key of more than sixteen octets');
  const generation = async (at: string) => {
    const store = await openLevelStore(join(at, 'db'));
    const found = (await domainsOf(store)).find(({ base }) => base === BASE);
    const id = found === undefined ? undefined : readFacts(store, found.keys).generationId;
    await store.close();
    return id;
  };
  for (const [i, { csn, text }] of states.entries()) {
    if (i === 1) continue;
    const at = join(root, `point-${i}`);
    cpSync(dir, at, { recursive: true });
    const report = await restoreBackup({ dir: at, folder, wanted: 'latest', to: csn, key, replace: true });
    const found = await contents(at);
    t.same([numberOf(found, 'a'), numberOf(found, 'b')].map(String), [text, text]);
    t.ok(report.newDataSet);
  }
  t.not(await generation(join(root, 'point-0')), await generation(dir), 'a data set of its own');
  const to = pointInTime('2001-01-01T00:00:00Z', Date.now());
  await t.rejects(restoreBackup({ dir, folder, wanted: 'latest', to, key, replace: true }), {
    code: 'RESTORE_REFUSED',
    message: /no full backup from before 2001/,
  });
  t.throws(() => pointInTime('yesterday', Date.now()), { code: 'COMMAND_INVALID' });
});

t.test('backups that are removed while they are listed are no faults', async (t) => {
  const removed = join(root, 'removed');
  cpSync(folder, removed, { recursive: true });
  const names = readdirSync(removed);
  const [{ backups, faults }] = await Promise.all([
    readCatalog(removed),
    ...names.toReversed().map((name) => rm(join(removed, name))),
  ]);
  t.same(faults, []);
  t.ok(backups.length <= names.length);
  rmSync(removed, { recursive: true });
});

t.test('a folder of backups that is a file is told so, and left as it is', async (t) => {
  const config = await readServerConfig(dir);
  for (const incremental of [false, true])
    await t.rejects(
      backUp(config, { folder: keyFile, incremental }, () => {}),
      {
        code: 'FILE_UNWRITABLE',
        message: `${keyFile} is no folder`,
      },
    );
  t.match(readFileSync(keyFile, 'utf8'), /sixteen octets/);
});

t.test('list, verify, prune', async (t) => {
  const { backups, faults } = await readCatalog(folder);
  t.same(faults, []);
  t.same(
    backups.map(({ header }) => header.kind),
    ['full', 'incremental', 'incremental', 'full'],
  );
  t.same(
    backups.map(({ encrypted }) => encrypted),
    [false, true, true, false],
  );
  for (const backup of backups) {
    const totals = await verifyBackup(backup, utf8Encode('a key of more than sixteen octets'));
    t.ok(totals.rows + totals.changes > 0);
  }
  const last = backups[2];
  if (last !== undefined) t.equal(chainTo(backups, last).length, 3);
  const now = Date.now();
  t.same(expired(backups, { keepChains: 2 }, now), []);
  t.same(expired(backups, { keepChains: 1, keepDays: 1 }, now), [], 'none is old enough');
  t.same(
    expired(backups, { keepChains: 1 }, now).map(({ header }) => header.kind),
    ['incremental', 'incremental', 'full'],
    'a chain goes whole, its newest member first',
  );
  t.equal(expired(backups, { keepChains: 1, keepDays: 1 }, now + 2 * 86_400_000).length, 3);
});
