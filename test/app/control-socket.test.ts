/** The control socket: results, progress, errors as they were, and permissions. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { callControl, isRunning } from '../../lib/app/control/control-client.js';
import { listenControl } from '../../lib/app/control/control-server.js';
import { prepareSocketDirectory, serverFiles } from '../../lib/app/server-files.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import { OperatorError } from '../../lib/base/operator-error.js';

const root = mkdtempSync(join(tmpdir(), 'polyarch-control-'));
t.teardown(() => rmSync(root, { recursive: true, force: true }));

t.test('a request is answered with its result, after its progress', async (t) => {
  const files = serverFiles(root);
  const server = await listenControl(files.socket, async (request, progress) => {
    progress({ done: 1, total: 2, what: 'entries' });
    progress({ done: 2, total: 2, what: 'entries' });
    if (request.command === 'verify') throw new OperatorError('DATA_CORRUPT', 'broken', ['a', 'b']);
    if (request.command === 'show-entry') throw new LdapError('noSuchObject', 'nowhere');
    return { asked: request.command, text: 'x'.repeat(200_000) };
  });
  t.teardown(() => server.close());
  t.equal(statSync(files.socket).mode & 0o777, 0o600, 'only the owner may connect');
  t.equal(await isRunning(files), true);
  const seen: number[] = [];
  const result = (await callControl(files, { command: 'status' }, ({ done }) => seen.push(done))) as {
    asked: string;
  };
  t.equal(result.asked, 'status');
  t.same(seen, [1, 2]);
  await t.rejects(callControl(files, { command: 'verify' }), {
    name: 'OperatorError',
    code: 'DATA_CORRUPT',
    faults: ['a', 'b'],
  });
  await t.rejects(callControl(files, { command: 'show-entry', dn: 'x' }), {
    name: 'LdapError',
    result: 'noSuchObject',
  });
});

t.test('without a server the error says how to start it', async (t) => {
  const files = serverFiles(join(root, 'other'));
  t.equal(await isRunning(files), false);
  await t.rejects(callControl(files, { command: 'status' }), {
    code: 'SERVER_NOT_RUNNING',
    message: /polyarch start --dir/,
  });
});

t.test('a server that ends before it has answered cannot be reached: no bug of ours', async (t) => {
  const files = serverFiles(mkdtempSync(join(root, 'ends-')));
  const server = createServer((socket) => socket.once('data', () => socket.destroy()));
  server.listen(files.socket);
  await once(server, 'listening');
  t.teardown(() => server.close());
  await t.rejects(callControl(files, { command: 'status' }), {
    name: 'OperatorError',
    code: 'CONNECT_FAILED',
    message: /before it answered/,
  });
});

t.test('a directory too deep for a socket gets one in a private place', async (t) => {
  const files = serverFiles(join(root, 'deep'.repeat(40)));
  t.ok(files.socket.length <= 100, files.socket);
  prepareSocketDirectory(files);
  const server = await listenControl(files.socket, async () => 1);
  t.equal(await callControl(files, { command: 'status' }), 1);
  await server.close();
});
