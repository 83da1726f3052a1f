/** The part of the tests with three processes in which a copy would drop what no other server has: refused, then by command, with what is given up in a file. Ends with server 3 gone. */
import { readFileSync, statSync } from 'node:fs';
import type { Test } from 'tap';
import type { Cluster } from './cluster.js';
import { adminOn, BASE, DEADLINE_MS, eventually, LOOK_PAUSE_MS, polyarch, read, run } from './harness.js';

const uid = (name: string) => `uid=${name},ou=people,${BASE}`;

async function add(t: Test, cluster: Cluster, number: number, name: string): Promise<void> {
  const ldif = `dn: ${uid(name)}\nobjectClass: inetOrgPerson\nuid: ${name}\ncn: ${name}\nsn: ${name}\n`;
  const done = await run('ldapadd', adminOn(cluster.server(number)), ldif);
  t.equal(done.status, 0, done.stderr);
}

/** Server 2 hears nobody; server 3 writes, and is gone for good: server 1 alone has that write (docs/admin-guide.md, CHANGES_UNSHARED). */
export async function giveUpChanges(t: Test, cluster: Cluster): Promise<void> {
  const { dir } = cluster.server(1);
  const unshared = async (number: number) =>
    (await read(cluster.server(number), uid('unshared'), 'sn'))?.length === 1;
  const initialize = (...more: string[]) =>
    polyarch([
      'replication',
      'initialize',
      '--dir',
      dir,
      '--from',
      'server-2',
      '--replace-all-data',
      ...more,
    ]);
  cluster.dials(2, false);
  await add(t, cluster, 3, 'unshared');
  await eventually('server 1 has it', () => unshared(1), DEADLINE_MS, LOOK_PAUSE_MS);
  await cluster.end(3, 'SIGTERM');
  const evicted = await polyarch(['replication', 'evict', '--dir', dir, '--server', 'server-3']);
  t.equal(evicted.status, 0, evicted.stderr);
  const refused = await initialize();
  t.not(refused.status, 0);
  t.match(refused.stderr, /server-2 lacks changes that no server but server-1 .*1 change of server-3/);
  t.match(refused.stderr, /--give-up-changes/, 'the way out is told');
  t.ok(await unshared(1), 'nothing was dropped');
  const done = await initialize('--give-up-changes', '--json');
  t.equal(done.status, 0, done.stderr);
  const { givenUp } = JSON.parse(done.stdout) as { givenUp: { file: string; changes: number } };
  t.equal(givenUp.changes, 1);
  t.equal(statSync(givenUp.file).mode & 0o777, 0o600);
  t.match(readFileSync(givenUp.file, 'utf8'), new RegExp(`^dn: ${uid('unshared')}$`, 'm'));
  t.notOk(await unshared(1));
  cluster.dials(2, true);
  await add(t, cluster, 1, 'after');
  await eventually(
    'replication goes on',
    async () => (await read(cluster.server(2), uid('after'), 'sn'))?.length === 1,
    DEADLINE_MS,
    LOOK_PAUSE_MS,
  );
}
