/** Merging: the data of a stopped server, and of a file, become part of a running one; nothing is dropped, and what does not survive is kept in a file. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readServerConfig } from '../../lib/app/config/read-config.js';
import { importEntries } from '../../lib/app/data/import-entries.js';
import { type MergeResult, mergeEntries } from '../../lib/app/data/merge-entries.js';
import type { MergeOrder } from '../../lib/app/data/merge-source.js';
import { type RunningServer, startServer } from '../../lib/app/server.js';
import { utf8Decode } from '../../lib/base/bytes.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import { silentLog } from '../../lib/io/pino-log.js';
import { setUpOneServer } from './one-server.js';

const BASE = 'dc=example,dc=com';
const root = mkdtempSync(join(tmpdir(), 'polyarch-merge-'));
const [oldDir, newDir, file] = [join(root, 'old'), join(root, 'new'), join(root, 'more.ldif')];
t.teardown(() => rmSync(root, { recursive: true, force: true }));

const head = `dn: ${BASE}\nobjectClass: domain\ndc: example\n\n`;
const device = (cn: string, year: number, more = '', above = BASE) =>
  `dn: cn=${cn},${above}\nobjectClass: device\ncn: ${cn}\nmodifyTimestamp: ${year}0101000000Z\n${more}\n`;
const UUID = '11111111-2222-4333-8444-555555555555';

async function make(dir: string, text: string): Promise<void> {
  await setUpOneServer({
    dir,
    id: dir === oldDir ? 1 : 2,
    name: dir === oldDir ? 'old' : 'new',
    domains: [BASE],
    empty: true,
  });
  const options = { base: BASE, onReject: () => false, onProgress: () => {} };
  await importEntries(await readServerConfig(dir), { name: 'test', chunks: [text] }, options);
}

let server: RunningServer;
t.before(async () => {
  await make(
    oldDir,
    head +
      `dn: ou=A,${BASE}\nobjectClass: organizationalUnit\nou: A\nentryUUID: ${UUID}\n\n` +
      device('fresh', 2020, '', `ou=A,${BASE}`) +
      device('same', 2020, 'l: Ulm\n') +
      device('later', 2024, 'l: Bonn\nserialNumber: 5\n') +
      device('earlier', 2020, 'l: Bonn\n'),
  );
  await make(
    newDir,
    head +
      device('same', 2022, 'l: ULM\n') +
      device('later', 2022, 'l: Ulm\n') +
      device('earlier', 2022, 'l: Ulm\n') +
      device('own', 2022),
  );
  server = await startServer(await readServerConfig(newDir), silentLog());
});
t.teardown(() => server?.stop());

const order = (more: Partial<MergeOrder> = {}): Promise<MergeResult> =>
  mergeEntries(server, { from: oldDir, differing: 'newest', dryRun: false, ...more }, () => {});
const values = (dn: string, name: string): readonly string[] | undefined =>
  server.domains[0]?.backend
    .byDn(parseDn(`${dn},${BASE}`))
    ?.attribute(name.toLowerCase() as never)
    ?.values.map((value) => utf8Decode(value) ?? '');

t.test('a dry run tells all and writes nothing; refuse merges nothing when entries differ', async (t) => {
  const would = await order({ dryRun: true });
  t.match(would, { dryRun: true, added: 2, changed: 1, equal: 3, differing: 2, refused: 0, lost: undefined });
  t.same(would.lines.map(({ what, dn }) => `${what} ${dn.split(',')[0]}`).sort(), [
    'add cn=fresh',
    'add ou=A',
    'change cn=later',
    'keep cn=earlier',
  ]);
  await t.rejects(order({ differing: 'refuse' }), { code: 'MERGE_REFUSED', faults: [/cn=/, /cn=/] });
  t.equal(values('ou=A', 'ou'), undefined);
  t.same(values('cn=later', 'l'), ['Ulm']);
});

t.test(
  'entries come with their UUIDs and times, the last write of an attribute counts, the loser is kept',
  async (t) => {
    const result = await order();
    t.match(result, { added: 2, changed: 1, equal: 3, differing: 2, refused: 0 });
    const [given] = values('ou=A', 'entryUUID') ?? [];
    t.equal(given, UUID);
    t.same(values('cn=fresh,ou=A', 'modifyTimestamp'), ['20200101000000Z']);
    t.same(values('cn=later', 'l'), ['Bonn']);
    t.same(values('cn=later', 'serialNumber'), ['5']);
    t.same(values('cn=earlier', 'l'), ['Ulm']);
    t.same(values('cn=own', 'cn'), ['own'], 'what only the topology has stays');
    const lost = readFileSync(result.lost ?? '', 'utf8');
    t.match(lost, /dn: cn=later[\s\S]*replace: l\nl: Ulm\n/);
    t.match(lost, /dn: cn=earlier[\s\S]*replace: l\nl: Bonn\n/);
    t.equal(statSync(result.lost ?? '').mode & 0o777, 0o600);
    const again = await order();
    t.match(again, { added: 0, changed: 0, equal: 6 }, 'a second run has nothing to do');
  },
);

t.test('a file is merged entry by entry; what cannot be is refused by name, the rest goes on', async (t) => {
  writeFileSync(
    file,
    head +
      device('orphan', 2025, '', `ou=nowhere,${BASE}`) +
      device('bad', 2025, 'mail: x@example.com\n') +
      'dn: dc=other\nobjectClass: domain\ndc: other\n\n' +
      `dn: ou=A,${BASE}\nobjectClass: organizationalUnit\nou: A\nentryUUID: ${UUID}\ndescription: x\n\n` +
      `dn: ou=B,${BASE}\nobjectClass: organizationalUnit\nou: B\nentryUUID: ${UUID}\n\n` +
      device('good', 2025, '', `ou=B,${BASE}`),
  );
  const result = await order({ from: file });
  t.match(result, { added: 2, changed: 1, equal: 1, refused: 3 });
  t.same(values('ou=A', 'description'), ['x']);
  const reasons = result.lines.filter(({ what }) => what === 'refuse').map(({ detail }) => detail);
  t.match(reasons.join('\n'), /entry above it is not there/);
  t.match(reasons.join('\n'), /no domain of this server/);
  await t.rejects(order({ from: join(root, 'none') }), { code: 'COMMAND_INVALID' });
  await t.rejects(order({ from: newDir }), { code: 'SERVER_RUNNING' });
});
