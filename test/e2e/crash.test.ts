/** A server that is killed in the middle of writes comes back with every acknowledged write, and all replicas become equal. */

import { Client } from 'ldapts';
import t from 'tap';
import { callControl } from '../../lib/app/control/control-client.js';
import type { ReadyServer } from '../../lib/app/process/demo-layout.js';
import { isAlive } from '../../lib/app/process/process-end.js';
import { serverFiles } from '../../lib/app/server-files.js';
import {
  ADMIN,
  ANSWER_MS,
  adminOn,
  BASE,
  eventually,
  faultsOf,
  LIMIT_MS,
  launch,
  missing,
  PASSWORD,
  polyarch,
  read,
  run,
  startDemo,
  untilEqual,
} from './harness.js';

t.setTimeout(LIMIT_MS);

const WRITES = 1000;
const WORKERS = 10;
/** The server is killed at this write. */
const KILL_AT = 333;

/** Stops a server over its control socket; answers when its process is gone. */
async function stop({ dir }: ReadyServer): Promise<void> {
  const { pid } = (await callControl(serverFiles(dir), { command: 'stop' })) as { pid: number };
  await eventually('the server has ended', async () => !isAlive(pid));
}

/** Adds people through one server until done or cut off; answers the names that were acknowledged. */
async function write(url: string, tag: string, from: number, onWrite: () => void): Promise<string[]> {
  const acknowledged: string[] = [];
  const client = new Client({ url, timeout: ANSWER_MS });
  try {
    await client.bind(ADMIN, PASSWORD);
    for (let k = from; k < WRITES; k += WORKERS) {
      const name = `${tag}.${k}`;
      await client.add(`uid=${name},ou=people,${BASE}`, { objectClass: 'inetOrgPerson', cn: name, sn: name });
      acknowledged.push(name);
      onWrite();
    }
    await client.unbind();
  } catch {
    // The server was killed: what was not acknowledged may or may not be there.
  }
  return acknowledged;
}

t.test(
  'kill -9 in the middle of 1,000 writes',
  { skip: missing('ldapsearch'), timeout: LIMIT_MS },
  async (t) => {
    const demo = await startDemo(t, 20);
    const [one, two, three] = demo.servers;
    if (one === undefined || two === undefined || three === undefined) throw new Error('three servers');

    let writes = 0;
    const killed = new Promise<void>((resolve) => {
      const onWrite = () => {
        writes += 1;
        if (writes !== KILL_AT) return;
        process.kill(two.pid, 'SIGKILL');
        resolve();
      };
      acknowledged = Promise.all(
        Array.from({ length: WORKERS }, (_, at) =>
          write(at % 2 === 0 ? two.ldap : one.ldap, 'k', at, onWrite),
        ),
      );
    });
    await killed;
    const names = (await acknowledged).flat();
    t.ok(names.length >= KILL_AT, `${names.length} writes were acknowledged`);
    await eventually('the demo tells of the death', async () => demo.notes().includes('server-2 has ended'));
    const refused = await run('ldapsearch', ['-x', '-H', two.ldap, '-b', BASE, '-s', 'base']);
    t.equal(refused.status, 255, 'it is left dead');

    const child = launch(['start', '--dir', two.dir]);
    t.teardown(() => child.kill('SIGTERM'));
    const equal = await untilEqual(demo.servers);
    for (const name of names)
      if (!equal.includes(`dn: uid=${name},`)) t.fail(`${name} was acknowledged and is lost`);
    t.pass('every acknowledged write is on every server');

    await t.test('writes on both sides of a cut meet without loss', async (t) => {
      // Server 3 is stopped: it stands for the cut-off side, then the others for the silent one.
      const stopped = await polyarch(['stop', '--dir', three.dir]);
      t.equal(stopped.status, 0, stopped.stderr);
      const person = `uid=user.1,ou=people,${BASE}`;
      const here = `dn: ${person}\nchangetype: modify\nreplace: title\ntitle: here\n\ndn: uid=both,ou=people,${BASE}\nchangetype: add\nobjectClass: inetOrgPerson\ncn: here\nsn: here\n\ndn: ou=doomed,${BASE}\nchangetype: add\nobjectClass: organizationalUnit\n`;
      t.equal((await run('ldapmodify', adminOn(one), here)).status, 0);
      await run('ldapdelete', [...adminOn(one), `uid=user.2,ou=people,${BASE}`]);
      await Promise.all([one, two].map(stop));
      t.equal((await polyarch(['start', '--detach', '--dir', three.dir])).status, 0);
      const there = `dn: ${person}\nchangetype: modify\nreplace: title\ntitle: there\n\ndn: uid=both,ou=people,${BASE}\nchangetype: add\nobjectClass: inetOrgPerson\ncn: there\nsn: there\n`;
      t.equal((await run('ldapmodify', adminOn(three), there)).status, 0);
      const renamed = await run('ldapmodrdn', [
        '-r',
        ...adminOn(three),
        `uid=user.2,ou=people,${BASE}`,
        'uid=renamed',
      ]);
      t.equal(renamed.status, 0, renamed.stderr);
      await Promise.all(
        [one, two].map(async ({ dir }) =>
          t.equal((await polyarch(['start', '--detach', '--dir', dir])).status, 0),
        ),
      );
      await untilEqual(demo.servers);
      t.same(await read(one, person, 'title'), ['there'], 'the last write');
      const both = await run('ldapsearch', [
        '-LLL',
        ...adminOn(two),
        '-b',
        BASE,
        '(cn=*here)',
        'cn',
        'ds-sync-conflict',
      ]);
      t.match(both.stdout, /cn: here/);
      t.match(both.stdout, /cn: there/, 'the second entry of the name is kept under a name of its own');
      t.match(both.stdout, /ds-sync-conflict: /);
      const gone = await run('ldapsearch', [
        '-LLL',
        ...adminOn(three),
        '-b',
        BASE,
        '(|(uid=renamed)(uid=user.2))',
        '1.1',
      ]);
      t.equal(gone.stdout.trim(), '', 'deleted wins over renamed');
      const lines = await polyarch(['replication', 'conflicts', '--json', '--dir', one.dir]);
      const kinds = new Set(
        (JSON.parse(lines.stdout) as { conflicts: { kind: string }[] }).conflicts.map((line) => line.kind),
      );
      t.ok(kinds.has('change-of-deleted-entry') && kinds.has('name-conflict'), [...kinds].join(' '));
      const shown = await polyarch(['replication', 'show-entry', '--json', '--dir', one.dir, '--dn', person]);
      t.equal(shown.status, 0, shown.stderr);
      t.equal(JSON.parse(shown.stdout).alive, true);
    });

    t.equal(await demo.stop(), 0, 'the demo stops servers that were started again, too');
    const state = await polyarch(['status', '--json', '--dir', one.dir]);
    t.equal(JSON.parse(state.stdout).running, false);
    for (const server of demo.servers) t.same(await faultsOf(server), []);
  },
);

let acknowledged: Promise<string[][]>;
