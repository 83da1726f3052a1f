/** One process at a time opens, makes or replaces a server's database: also where there is none yet, and while databases change their names. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { backUp } from '../../lib/app/backup/back-up-server.js';
import { restoreBackup } from '../../lib/app/backup/restore-backup.js';
import { readServerConfig, type ServerConfig } from '../../lib/app/config/read-config.js';
import { importEntries } from '../../lib/app/data/import-entries.js';
import { openOffline } from '../../lib/app/data/offline-store.js';
import { openServing } from '../../lib/app/data/serving-store.js';
import { verifyOffline } from '../../lib/app/data/verify-store.js';
import { silentLog } from '../../lib/io/pino-log.js';
import { setUpOneServer } from './one-server.js';

const BASE = 'dc=example,dc=com';
const LOCKED = {
  code: 'DATA_DIR_LOCKED',
  message:
    /^another process opens or replaces the data in .*: a server that starts, an import or a restore; try again when it is done$/,
};
const root = mkdtempSync(join(tmpdir(), 'polyarch-lock-'));
t.teardown(() => rmSync(root, { recursive: true, force: true }));

async function setUp(name: string, empty: boolean): Promise<ServerConfig> {
  const dir = join(root, name);
  await setUpOneServer({ dir, domains: [BASE], empty });
  return await readServerConfig(dir);
}

const serve = async (config: ServerConfig) => (await openServing(config, silentLog())).close();
const entriesOf = async (config: ServerConfig) => (await verifyOffline(config))[0]?.entries;

/** An import of two entries; `midway` runs between them. */
function importing(config: ServerConfig, midway: () => Promise<unknown> = async () => undefined) {
  async function* chunks(): AsyncIterable<string> {
    yield `dn: ${BASE}\nobjectClass: domain\ndc: example\n\n`;
    await midway();
    yield `dn: cn=x,${BASE}\nobjectClass: device\ncn: x\n\n`;
  }
  const options = { base: BASE, onReject: () => false, onProgress: () => undefined };
  return importEntries(config, { name: 'test', chunks: chunks() }, options);
}

for (const empty of [true, false])
  t.test(
    `while an import works, no server starts and no command begins (data before: ${!empty})`,
    async (t) => {
      const config = await setUp(`import-${empty}`, empty);
      await importing(config, async () => {
        await t.rejects(serve(config), LOCKED);
        await t.rejects(openOffline(config.files, true), LOCKED);
        await t.rejects(importing(config), LOCKED);
      });
      t.equal(await entriesOf(config), 2);
      await serve(config);
    },
  );

t.test('while a restore works, no server starts; one that is refused leaves no directory', async (t) => {
  const config = await setUp('backed-up', false);
  const folder = join(root, 'backups');
  await backUp(config, { folder, incremental: false }, () => undefined);
  const dir = join(root, 'restored');
  const request = { dir, folder, wanted: 'latest', to: undefined, key: undefined, replace: false };
  await t.rejects(restoreBackup({ ...request, wanted: 'ffffff' }), { code: 'RESTORE_REFUSED' });
  t.notOk(existsSync(dir));
  const refused: Promise<unknown>[] = [];
  const onProgress = () => {
    if (refused.length === 0) refused.push(t.rejects(readServerConfig(dir).then(serve), LOCKED));
  };
  await restoreBackup({ ...request, onProgress });
  await Promise.all(refused);
  t.equal(refused.length, 1);
  t.equal(await entriesOf(await readServerConfig(dir)), await entriesOf(config));
});

t.test('of a server that starts and an import that begins at once, one is refused', async (t) => {
  const config = await setUp('both', true);
  const [served, imported] = await Promise.allSettled([openServing(config, silentLog()), importing(config)]);
  const refused = [served, imported].filter(({ status }) => status === 'rejected');
  t.equal(refused.length, 1);
  t.match(refused[0], { reason: { code: /^(DATA_DIR_LOCKED|SERVER_RUNNING)$/ } });
  if (served.status === 'fulfilled') await served.value.close();
  t.same(
    readdirSync(config.files.dir).filter((name) => name.startsWith('db')),
    ['db'],
  );
});

t.test('a lock that a loss of power has damaged keeps nobody from the data', async (t) => {
  const config = await setUp('damaged', false);
  const before = await entriesOf(config);
  for (const text of ['', 'MANIFEST-000999\n', 'x']) {
    writeFileSync(join(config.files.lock, 'CURRENT'), text);
    await serve(config);
  }
  t.equal(await entriesOf(config), before);
});
