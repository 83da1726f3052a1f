/**
 * Commands on a server's data that are killed midway: what stands on disk then is copied at that moment, and the copy opened as a server does that starts. It holds the data from before, whole, until a
 * command has ended; what the dead command left is gone.
 */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { backUp } from '../../lib/app/backup/back-up-server.js';
import { readCatalog } from '../../lib/app/backup/backup-catalog.js';
import { pointInTime } from '../../lib/app/backup/point-in-time.js';
import { restoreBackup } from '../../lib/app/backup/restore-backup.js';
import { readServerConfig } from '../../lib/app/config/read-config.js';
import { importEntries } from '../../lib/app/data/import-entries.js';
import { openServing } from '../../lib/app/data/serving-store.js';
import { verifyOffline } from '../../lib/app/data/verify-store.js';
import { must } from '../../lib/base/assert.js';
import type { Log } from '../../lib/port/log.js';
import { setUpOneServer } from './one-server.js';

const BASE = 'dc=example,dc=com';
const ENTRIES = 30;
const root = mkdtempSync(join(tmpdir(), 'polyarch-cut-'));
t.teardown(() => rmSync(root, { recursive: true, force: true }));
const dir = join(root, 's1');
const folder = join(root, 'backups');

t.before(async () => {
  await setUpOneServer({
    ...{ dir, domains: [BASE], empty: false, sampleEntries: ENTRIES },
  });
  await backUp(await readServerConfig(dir), { folder, incremental: false }, () => {});
});

interface Started {
  readonly entries: number | undefined;
  readonly warnings: readonly string[];
  /** Names in the directory that begin with the database's. */
  readonly stores: readonly string[];
}

/** Opens the data of a directory as a server that starts does, and answers what they are. They must be sound. */
async function started(t: Test, at: string): Promise<Started> {
  const warnings: string[] = [];
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_, message) => warnings.push(message),
    error: (_, message) => t.fail(message),
    child: () => log,
  };
  const config = await readServerConfig(at);
  await (await openServing(config, log)).close();
  const [verified] = await verifyOffline(config);
  t.same(verified?.faults, []);
  const stores = readdirSync(at).filter((name) => name.startsWith('db'));
  return { entries: verified?.entries, warnings, stores };
}

/** What a kill leaves: the files as they stand. Answers the copies. */
function copies(name: string, from = dir): { readonly taken: string[]; take(): void } {
  const taken: string[] = [];
  const take = () => {
    const at = join(root, `${name}-${taken.length}`);
    cpSync(from, at, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    taken.push(at);
  };
  return { taken, take };
}

const CUT = /an import or a restore was cut before its data were whole/;

t.test('an import: while it loads, and between the two renames of its end', async (t) => {
  const at = join(root, 'import');
  cpSync(dir, at, { recursive: true });
  const { taken, take } = copies('import', at);
  async function* chunks(): AsyncIterable<string> {
    yield `dn: ${BASE}\nobjectClass: domain\ndc: example\n\n`;
    yield `dn: cn=x,${BASE}\nobjectClass: device\ncn: x\n\n`;
    take();
  }
  const result = await importEntries(
    await readServerConfig(at),
    { name: 'test', chunks: chunks() },
    {
      base: BASE,
      onReject: () => false,
      onProgress: () => {},
      readUrl: () => '',
    },
  );
  t.equal(result.entries, 2);
  const before = (await started(t, dir)).entries;
  const loading = must(taken[0], 'a copy');
  t.ok(existsSync(join(loading, 'db.new')));
  t.match(await started(t, loading), { entries: before, warnings: [CUT], stores: ['db'] });
  // As swapStores() goes.
  const between = join(root, 'between');
  cpSync(dir, between, { recursive: true });
  cpSync(join(at, 'db'), join(between, 'db.new'), { recursive: true });
  renameSync(join(between, 'db'), join(between, 'db.old'));
  t.match(await started(t, between), { entries: before, warnings: [CUT], stores: ['db'] });
  const behind = join(root, 'behind');
  cpSync(at, behind, { recursive: true });
  cpSync(join(dir, 'db'), join(behind, 'db.old'), { recursive: true });
  t.match(await started(t, behind), { entries: 2, warnings: [], stores: ['db'] });
});

t.test('a restore, as it was and to a point in time', async (t) => {
  const before = (await started(t, dir)).entries;
  for (const to of [undefined, pointInTime(new Date().toISOString(), Date.now() + 1000)]) {
    const at = join(root, `restore-${to}`);
    cpSync(dir, at, { recursive: true });
    const { taken, take } = copies(basename(at), at);
    const request = { dir: at, folder, wanted: 'latest', to, key: undefined, replace: true };
    await restoreBackup({ ...request, onProgress: () => taken.length < 1 && take() });
    const copy = must(taken[0], 'a copy');
    t.match(await started(t, copy), { entries: before, warnings: [CUT], stores: ['db'] });
  }
});

t.test('a backup: what it wrote is no backup, and goes with a later one', async (t) => {
  const [whole] = (await readCatalog(folder)).backups;
  const { path } = must(whole, 'a backup');
  const [dead, running] = [`${path}.part`, `${path.replace('s1-', 's1-9')}.part`];
  writeFileSync(running, readFileSync(path).subarray(0, 100));
  writeFileSync(dead, readFileSync(path).subarray(0, 100));
  utimesSync(dead, 1, 1);
  const { backups, faults } = await readCatalog(folder);
  t.same([backups.length, faults], [1, []]);
  await backUp(await readServerConfig(dir), { folder, incremental: false }, () => {});
  t.notOk(existsSync(dead));
  t.ok(existsSync(running), 'which somebody may be writing');
  t.equal((await readCatalog(folder)).backups.length, 2);
});
