/** Files of other products in a server's schema folder: the server starts with them, and tells what of them it passes over. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readServerConfig } from '../../lib/app/config/read-config.js';
import { startServer } from '../../lib/app/server.js';
import { silentLog } from '../../lib/io/pino-log.js';
import type { Log } from '../../lib/port/log.js';
import { setUpOneServer } from './one-server.js';

const dir = mkdtempSync(join(tmpdir(), 'polyarch-schema-folder-'));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));

t.test('names that the schema has under another OID are passed over with a warning', async (t) => {
  await setUpOneServer({
    dir: join(dir, 's1'),
    domains: ['dc=example,dc=com'],
    listen: { ldap: '127.0.0.1:0', ldaps: 'none', replication: 'none', http: 'none' },
    empty: false,
  });
  const config = await readServerConfig(join(dir, 's1'));
  const text = [
    'dn: cn=schema',
    "attributeTypes: ( 2.5.4.3 NAME 'cn' SUP name )",
    "attributeTypes: ( badge-oid NAME 'badge' SUP name )",
    "attributeTypes: ( 9.9.1 NAME 'mail' SUP name )",
    "objectClasses: ( 9.9.2 NAME 'holder' SUP top AUXILIARY MAY ( badge $ mail ) )",
  ];
  writeFileSync(join(config.files.schema, '99user.ldif'), text.join('\n'));
  const said: unknown[] = [];
  const silent = silentLog();
  const warn = (fields: object, message: string) => said.push({ ...fields, message });
  const log: Log = { ...silent, debug() {}, info() {}, error() {}, warn, child: () => log };
  // The timers of a server keep no process.
  const held = setInterval(() => {}, 1000);
  const server = await startServer(config, log);
  await server.stop();
  clearInterval(held);
  t.match(said, [
    {
      file: '99user.ldif',
      message:
        'passed over: mail with the OID 9.9.1; the schema has that name with 0.9.2342.19200300.100.1.3',
    },
  ]);
  t.ok(server.schema.objectClass('holder')?.may.has(server.schema.attributeType('badge') as never));
  t.equal(server.schema.attributeType('mail')?.oid, '0.9.2342.19200300.100.1.3');
});
