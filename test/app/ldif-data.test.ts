/** LDIF in and out of a server: branches, filters, attributes and scopes, URLs of one folder, controls, and an import that goes on. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readServerConfig } from '../../lib/app/config/read-config.js';
import { readServerSchema } from '../../lib/app/config/read-schema.js';
import { type ExportRequest, exportEntries } from '../../lib/app/data/export-entries.js';
import { importEntries } from '../../lib/app/data/import-entries.js';
import { importOnline } from '../../lib/app/data/import-online.js';
import { RecordSelection, type SelectionOptions } from '../../lib/app/data/record-selection.js';
import { verifyOffline } from '../../lib/app/data/verify-store.js';
import { startServer } from '../../lib/app/server.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { LdapClient } from '../../lib/io/ldap-client.js';
import { silentLog } from '../../lib/io/pino-log.js';
import { urlsOfFolder } from '../../lib/io/url-folder.js';
import { formatRecord } from '../../lib/ldif/format-record.js';
import type { LdifItem } from '../../lib/ldif/ldif-record.js';
import { setUpOneServer } from './one-server.js';

const BASE = 'dc=example,dc=com';
const root = mkdtempSync(join(tmpdir(), 'polyarch-ldif-'));
t.teardown(() => rmSync(root, { recursive: true, force: true }));
const dir = join(root, 's1');
const folder = join(root, 'values');
mkdirSync(folder);
writeFileSync(join(folder, 'text'), 'from a file');
writeFileSync(join(root, 'secret'), 'outside');
symlinkSync(join(root, 'secret'), join(folder, 'link'));
const schema = await readServerSchema(undefined);
const none = { schema, include: [], exclude: [], attributes: [], filter: undefined };
const selection = (options: Partial<SelectionOptions>) => new RecordSelection({ ...none, ...options });

const unit = (name: string, above = BASE) =>
  `dn: ou=${name},${above}\nobjectClass: organizationalUnit\nou: ${name}\n\n`;
const device = (name: string, above: string, more = '') =>
  `dn: cn=${name},${above}\nobjectClass: device\ncn: ${name}\n${more}\n`;
const FILE =
  `version: 1\n\ndn: ${BASE}\nobjectClass: domain\ndc: example\n\n` +
  unit('A') +
  device('one', `ou=A,${BASE}`, `description:< file://${folder}/text\n`) +
  device('two', `OU=a, ${BASE}`, 'serialNumber: 2\nl: Ulm\n') +
  unit('B') +
  device('three', `ou=B,${BASE}`, 'serialNumber: 3\n');

t.test('setup refuses sample entries for a server that makes no base entry', async (t) => {
  const place = { dir: join(root, 'sample'), domains: [BASE] };
  for (const [more, says] of [
    [{ empty: true, sampleEntries: 5 }, /takes them from a peer.*--no-empty/],
    [{ empty: false, sampleEntries: 5, runs: 'broker' }, /a broker holds no entries/],
    [{ empty: false, sampleEntries: Number.NaN }, /takes a number of entries/],
  ] as const) {
    await t.rejects(setUpOneServer({ ...place, ...more }), { code: 'COMMAND_INVALID', message: says });
    t.notOk(existsSync(place.dir));
  }
});

async function load(text: string, options: Partial<Parameters<typeof importEntries>[2]> = {}) {
  const rejected: string[] = [];
  const source = { name: 'test', chunks: [text] };
  const result = await importEntries(await readServerConfig(dir), source, {
    base: BASE,
    onReject: (_: LdifItem, reason) => rejected.push(reason) > 0,
    onProgress: () => {},
    readUrl: urlsOfFolder(folder),
    ...options,
  });
  return { ...result, reasons: rejected };
}

async function dump(request: Partial<ExportRequest> = {}): Promise<string[]> {
  const found: string[] = [];
  const whole = { domain: BASE, scope: 'sub', filter: undefined, userOnly: true, ...request } as const;
  for await (const record of exportEntries(await readServerConfig(dir), whole))
    found.push(formatRecord(record).trimEnd().replaceAll('\n', '|'));
  return found;
}

const names = (records: readonly string[]) => records.map((record) => record.slice(4).split(',')[0]);

t.before(() =>
  setUpOneServer({
    dir,
    domains: [BASE],
    listen: { ldap: '127.0.0.1:0', ldaps: 'none', replication: 'none', http: 'none' },
    empty: true,
  }),
);

t.test(
  'a server that was set up without entries: who reads is told so and leaves nothing; it takes an import',
  async (t) => {
    const config = await readServerConfig(dir);
    await t.rejects(dump(), { code: 'DATA_MISSING', message: /holds no data yet; .*import-ldif --dir/ });
    await t.rejects(verifyOffline(config), { code: 'DATA_MISSING' });
    t.notOk(existsSync(config.files.db));
    // What a command of an earlier version has left.
    mkdirSync(config.files.db);
    writeFileSync(join(config.files.db, 'LOCK'), '');
    t.equal((await load(FILE)).entries, 6);
    t.same(
      (await verifyOffline(config)).map(({ entries }) => entries),
      [6],
    );
  },
);

t.test('import takes branches, entries that match, attributes, and what follows a line', async (t) => {
  const all = await load(FILE);
  t.same([all.entries, all.reasons], [6, []]);
  const taking = async (options: Partial<SelectionOptions>, text = FILE) => {
    const chosen = selection(options);
    const { reasons } = await load(text, { select: (item) => chosen.item(item) });
    return [names(await dump()), reasons.length];
  };
  t.same(await taking({ exclude: [`OU=A,${BASE}`] }), [['dc=example', 'ou=B', 'cn=three'], 0]);
  t.same(await taking({ include: [BASE], exclude: [`cn=two,ou=a,${BASE}`] }), [
    ['dc=example', 'ou=A', 'cn=one', 'ou=B', 'cn=three'],
    0,
  ]);
  t.same(await taking({ filter: parseFilter('(|(objectClass=domain)(ou=b)(serialNumber=3))') }), [
    ['dc=example', 'ou=B', 'cn=three'],
    0,
  ]);
  t.same(
    await taking({ fromLine: 7 }, `${unit('cut')}x\n\ndn: ${BASE}\nobjectClass: domain\ndc: example\n`),
    [['dc=example'], 0],
  );
  const attributes = selection({ attributes: ['cn', 'objectclass', 'ou', 'dc', 'surname'] });
  await load(FILE, { select: (item) => attributes.item(item) });
  t.match(await dump(), [
    /dc:/,
    /ou:/,
    /^dn: cn=one,ou=A,[^|]*\|objectClass: device\|objectClass: top\|cn: one$/,
  ]);
  t.throws(() => selection({ include: ['x'] }), { code: 'COMMAND_INVALID', message: /--include-branch/ });
});

t.test('URLs are files of the one folder, links followed first (RFC 2849 value-spec)', async (t) => {
  const read = urlsOfFolder(folder);
  t.same(read(`file://${folder}/text`), utf8Encode('from a file'));
  t.same(read(`file://localhost${folder}/te%78t`), utf8Encode('from a file'));
  for (const [url, reason] of [
    [`file://${folder}/link`, /does not lie in/],
    [`file://${folder}/../secret`, /does not lie in/],
    [`file://${folder}/none`, /no such file/],
    [`file://${folder}`, /does not lie in/],
    ['http://localhost/x', /no file: URL/],
    ['file://other/x', /no file: URL/],
    ['text', /no file: URL/],
  ] as const)
    t.match(read(url), reason, url);
  t.throws(() => urlsOfFolder(join(root, 'nowhere')), { code: 'COMMAND_INVALID' });
  const { reasons } = await load(FILE, { readUrl: undefined });
  t.match(reasons, [/is a URL, and none may be read here/]);
});

t.test('a stopped server refuses change records and critical controls in words', async (t) => {
  const changes =
    `dn: cn=x,${BASE}\ncontrol: 1.2.3 true\nchangetype: add\nobjectClass: device\ncn: x\n\n` +
    `dn: cn=y,${BASE}\ncontrol: 1.2.3\nchangetype: add\nobjectClass: device\ncn: y\n\n` +
    `dn: cn=y,${BASE}\nchangetype: modrdn\nnewrdn: cn=z\ndeleteoldrdn: 1\n`;
  const { reasons, entries } = await load(FILE + changes);
  t.equal(entries, 7, 'a control that is not critical may be passed over');
  t.match(reasons, [/critical control 1\.2\.3 .* use --url/, /modifyDn\) works on a running server only/]);
});

t.test('export by scope, branch and attributes', async (t) => {
  await load(FILE);
  t.same(names(await dump({ root: `ou=A,${BASE}` })), ['ou=A', 'cn=one', 'cn=two']);
  t.same(names(await dump({ root: `ou=A,${BASE}`, scope: 'one' })), ['cn=one', 'cn=two']);
  t.same(names(await dump({ scope: 'base' })), ['dc=example']);
  t.same(names(await dump({ filter: parseFilter('(serialNumber=*)') })), ['cn=two', 'cn=three']);
  const chosen = { include: [`ou=A,${BASE}`], exclude: [], filter: undefined, attributes: ['l', '+'] };
  const found = await dump({
    userOnly: false,
    select: (known) => new RecordSelection({ ...chosen, schema: known }),
  });
  t.same(names(found), ['ou=A', 'cn=one', 'cn=two']);
  t.match(found[2], /\|l: Ulm\|.*entryUUID: /);
  t.notMatch(found[2], /serialNumber/);
  await t.rejects(dump({ root: `ou=C,${BASE}` }), { message: /there is no entry/ });
});

t.test('online: every changetype and control; a cut import goes on, and tells what was there', async (t) => {
  const server = await startServer(await readServerConfig(dir), silentLog());
  t.teardown(() => server.stop());
  const port = Number(server.status().addresses.ldap?.split(':').at(-1));
  const client = await LdapClient.connect({ host: '127.0.0.1', port, ldaps: false });
  t.teardown(() => client.unbind());
  await client.bind('cn=Directory Manager', 'secret');
  const send = (text: string, resume = false) => {
    const reasons: string[] = [];
    const options = {
      onReject: (_: LdifItem, why: string) => reasons.push(why) > 0,
      onProgress: () => {},
      resume,
    };
    return importOnline(client, { name: 'test', chunks: [text] }, options).then((done) => ({
      ...done,
      reasons,
    }));
  };
  const more = FILE + device('four', `ou=B,${BASE}`).replaceAll('\n', '\r\n');
  const urls = more.replace(/description:<.*\n/, '');
  t.match(await send(urls, true), { entries: 1, present: 6, reasons: [] });
  t.match(
    (await send(device('four', `ou=B,${BASE}`))).reasons,
    [/already/i],
    'without --resume it is refused',
  );
  const dn = `cn=four,ou=B,${BASE}`;
  const changes =
    `dn: ${dn}\nchangetype: modify\nadd: serialNumber\nserialNumber: 5\n-\nreplace: l\nl: Bonn\n-\n\n` +
    `dn: ${dn}\nchangetype: modrdn\nnewrdn: cn=five\ndeleteoldrdn: 1\n\n` +
    `dn: cn=five,ou=B,${BASE}\nchangetype: moddn\nnewrdn: cn=five\ndeleteoldrdn: 0\nnewsuperior: ou=A,${BASE}\n\n` +
    `dn: ou=B,${BASE}\ncontrol: 1.2.840.113556.1.4.805 true\nchangetype: delete\n\n` +
    `dn: ${BASE}\ncontrol: 1.2.3.4 true\nchangetype: delete\n`;
  const done = await send(changes);
  t.equal(done.entries, 4);
  t.match(done.reasons, [/unavailableCriticalExtension|12/i]);
  const entry = await client.readEntry(`cn=five,ou=A,${BASE}`, ['serialNumber', 'l', 'cn']);
  t.equal(entry?.attributes.length, 3);
  t.equal(await client.readEntry(`ou=B,${BASE}`), undefined, 'deleted with all below (tree delete)');
});
