/**
 * Claims about joining and leaving with real processes: a third server by one token, writes everywhere, refusals, a clean departure, and a dead server forgotten.
 *
 * Nothing of it edits a file or restarts a server.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { callControl } from '../../lib/app/control/control-client.js';
import type { ControlRequest } from '../../lib/app/control/control-protocol.js';
import { callOverLdap } from '../../lib/app/control/remote-client.js';
import type { UpkeepStatus } from '../../lib/app/monitor/server-status.js';
import type { ReadyServer } from '../../lib/app/process/demo-layout.js';
import { serverFiles } from '../../lib/app/server-files.js';
import { LdapClient } from '../../lib/io/ldap-client.js';
import type { TopologyMember } from '../../lib/topology/member-list.js';
import {
  ADMIN,
  adminOn,
  BASE,
  DEADLINE_MS,
  ENV,
  eventually,
  freePorts,
  LIMIT_MS,
  PASSWORD,
  polyarch,
  run,
  startDemo,
  statusOf,
  temporary,
  untilEqual,
} from './harness.js';

t.setTimeout(LIMIT_MS);
const PAUSE_MS = 100;

/** Adds a person on a server. */
async function addPerson(server: ReadyServer, uid: string): Promise<number | null> {
  const ldif = `dn: uid=${uid},${BASE}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\n`;
  return (await run('ldapadd', adminOn(server), ldif)).status;
}

/** Over the control socket, as commands do, without a process for each. */
async function ask<T>(server: ReadyServer, request: ControlRequest): Promise<T> {
  return (await callControl(serverFiles(server.dir), request)) as T;
}

async function members(server: ReadyServer): Promise<TopologyMember[]> {
  return (await ask<{ members: TopologyMember[] }>(server, { command: 'topology' })).members;
}

async function equalTopology(servers: readonly ReadyServer[], count: number): Promise<TopologyMember[]> {
  return await eventually(
    'one topology on all servers',
    async () => {
      const all = await Promise.all(servers.map(members));
      const [first] = all;
      if (first === undefined || first.length !== count) return undefined;
      return all.every((one) => JSON.stringify(one) === JSON.stringify(first)) && first;
    },
    DEADLINE_MS,
    PAUSE_MS,
  );
}

t.test('join by token, leave, forget', { timeout: LIMIT_MS }, async (t) => {
  const demo = await startDemo(t, 40, 2);
  const [one, two] = demo.servers;
  if (one === undefined || two === undefined) throw new Error('two servers');
  const dir = temporary(t);
  const port = await freePorts(10);
  const three: ReadyServer = {
    name: 'server-3',
    id: 3,
    pid: 0,
    ldap: `ldap://127.0.0.1:${port}`,
    ldaps: '',
    replication: `127.0.0.1:${port + 2}`,
    http: '',
    dir: join(dir, 'three'),
  };
  t.teardown(() => polyarch(['stop', '--dir', three.dir]));
  const joinAs = (token: string, place: string, ...more: string[]) =>
    polyarch([
      'join',
      '--token',
      token,
      '--dir',
      place,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      ...more,
    ]);

  await equalTopology([one, two], 2);
  const created = await polyarch(['token', 'create', '--json', '--dir', two.dir]);
  t.equal(created.status, 0, created.stderr);
  const { token, id } = JSON.parse(created.stdout) as { token: string; id: string };

  await t.test('refusals make nothing and do not use the token up', async (t) => {
    const place = join(dir, 'refused');
    const refused = await joinAs(token, place, '--name', 'server-1');
    t.equal(refused.status, 80);
    t.match(refused.stderr, /a server called server-1 already/);
    const damaged = await joinAs(token.slice(0, -3), place);
    t.match(damaged.stderr, /copy all of it/);
    t.notOk(existsSync(place));
  });

  t.equal(await addPerson(one, 'before'), 0);
  const own = join(dir, 'own.ldif');
  const device = (cn: string) => `dn: cn=${cn},${BASE}\nobjectClass: device\ncn: ${cn}\n\n`;
  writeFileSync(own, `dn: ${BASE}\nobjectClass: domain\ndc: example\n\n${device('brought')}`);
  const joined = await joinAs(token, three.dir, '--json', '--merge', own);
  t.equal(joined.status, 0, joined.stderr);
  t.match(JSON.parse(joined.stdout), { merged: { added: 1, refused: 0 } });
  t.ok(
    (await untilEqual([one, two, three])).includes(`cn=brought,${BASE}`),
    'what it brings is on all servers',
  );
  t.match(JSON.parse(joined.stdout), { name: 'server-3', id: 3, domains: [BASE] });
  const topology = await equalTopology([one, two, three], 3);
  t.match(topology[2], { name: 'server-3', id: 3, standing: 'member', joined: true });
  for (const file of ['tls/ca.key', 'tls/server.key', 'polyarch.yaml'])
    t.ok(existsSync(join(three.dir, file)));

  await t.test('a token is good once', async (t) => {
    const again = await joinAs(token, join(dir, 'four'), '--port', String(port + 5));
    t.equal(again.status, 80);
    t.match(again.stderr, /was used by server-3 \(id 3\)/);
    t.match(await ask(two, { command: 'token-list' }), [{ id, usedBy: 'server-3 (id 3)' }]);
    const secret = token.slice(20, 60);
    t.notOk(readFileSync(join(two.dir, 'polyarch.log'), 'utf8').includes(secret), 'logged nowhere');
  });

  await t.test('commands over LDAP say the same as in the directory', async (t) => {
    const client = await LdapClient.connect({ host: '127.0.0.1', port: Number(one.ldap.split(':')[2]) });
    await client.bind(ADMIN, PASSWORD);
    const settled = (data: unknown) =>
      JSON.stringify(data).replace(/"(silentSeconds|reportedAt)":("[^"]*"|[0-9.]+)/g, '');
    const asked: ControlRequest[] = [
      { command: 'upkeep-members' },
      { command: 'topology' },
      { command: 'show-entry', dn: BASE },
      { command: 'conflicts' },
    ];
    // What they tell of goes on changing: the same in two answers, one right after the other, sooner or later.
    for (const request of asked) {
      let last = ['', ''];
      await eventually(`${request.command} alike`, async () => {
        last = [settled(await callOverLdap(client, request)), settled(await ask(one, request))];
        return last[0] === last[1];
      }).catch(() => t.equal(last[0], last[1], request.command));
    }
    const peers = /this server has no peer nobody; it has server-[23], server-[23]$/;
    await t.rejects(callOverLdap(client, { command: 'initialize', from: 'nobody' }), peers);
    client.unbind();
    const secret = { ...ENV, POLYARCH_PASSWORD: PASSWORD };
    const both = await polyarch(['replication', 'status', '--json', '--url', one.ldap, two.ldap], '', secret);
    t.match(JSON.parse(both.stdout), { servers: [{ name: one.name }, { name: two.name }] });
    const read = await run('ldapsearch', [...adminOn(one), '-b', 'cn=topology', '-LLL', 'server-id']);
    t.match(read.stdout, /dn: cn=server-3,cn=topology\nserver-id: 3/);
  });

  await t.test('all servers take writes and become equal', async (t) => {
    for (const server of [one, two, three]) t.equal(await addPerson(server, `at-${server.name}`), 0);
    const all = await untilEqual([one, two, three]);
    for (const { name } of [one, two, three]) t.ok(all.includes(`uid=at-${name},${BASE}`));
  });

  await t.test('the number of a change is the same on the server that joined', async (t) => {
    const numbered = async (server: ReadyServer) => {
      const more = ['-LLL', '-b', 'cn=changelog', '-s', 'one', 'changeNumber', 'replicationCSN'];
      const { stdout } = await run('ldapsearch', [...adminOn(server), ...more]);
      return stdout.trim().split('\n\n');
    };
    const [there, here] = await eventually(
      'numbers for all changes',
      async () => {
        const both = await Promise.all([one, three].map(numbered));
        return both.every((list) => list.length >= 3 && list.at(-1) === both[0]?.at(-1)) && both;
      },
      DEADLINE_MS,
      PAUSE_MS,
    );
    t.same(here, there?.slice(-(here?.length ?? 0)));
    t.ok((there?.length ?? 0) > (here?.length ?? 0), 'what was before the copy is not there');
  });

  await t.test(
    'the server that joined leaves: its last write stays, and it is started no more',
    async (t) => {
      t.equal(await addPerson(three, 'last'), 0);
      const left = await polyarch(['leave', '--json', '--dir', three.dir]);
      t.equal(left.status, 0, left.stderr);
      t.ok((await untilEqual([one, two])).includes(`uid=last,${BASE}`));
      const after = await equalTopology([one, two], 3);
      t.equal(after[2]?.standing, 'left');
      const started = await polyarch(['start', '--dir', three.dir]);
      t.equal(started.status, 80);
      t.match(started.stderr, /server-3 left its topology/);
      await eventually(
        'server-3 counts no more',
        async () => {
          const tables = await ask<readonly UpkeepStatus[]>(one, { command: 'upkeep-members' });
          return tables.every((table) =>
            table.members.some(({ name, standing }) => name === 'server-3' && standing === 'evicted'),
          );
        },
        DEADLINE_MS,
        PAUSE_MS,
      );
    },
  );

  await t.test('a broker joins by one token too, says when it holds all, and leaves', async (t) => {
    const place = join(dir, 'broker');
    t.teardown(() => polyarch(['stop', '--dir', place]));
    const made = await ask<{ token: string }>(one, {
      ...{ command: 'token-create', lifeMs: 600_000, withAuthorityKey: false, addresses: [] },
    });
    const broker = await joinAs(made.token, place, '--json', '--runs', 'broker', '--port', String(port + 5));
    t.equal(broker.status, 0, broker.stderr);
    const files = serverFiles(place);
    t.match(await callControl(files, { command: 'status' }), {
      domains: [
        { baseDn: BASE, phase: 'relay', behind: false },
        { baseDn: 'cn=schema', behind: false },
      ],
    });
    const named = (await equalTopology([one, two], 4)).find(({ runs }) => runs === 'broker');
    t.match(named, { name: 'server-4', ldap: undefined }, 'nobody is referred to it');
    t.equal((await polyarch(['leave', '--dir', place])).status, 0);
  });

  await t.test('a live server is not forgotten by mistake; a dead one is', async (t) => {
    const forget: ControlRequest = { command: 'forget', server: 'server-2', force: false };
    const peersOfOne = async () => (await statusOf(one)).peers;
    await eventually('server-2 is connected', async () =>
      (await peersOfOne()).some(({ name, connected }) => name === 'server-2' && connected),
    );
    await t.rejects(ask(one, forget), /server-2 is connected/);
    await ask(two, { command: 'stop' });
    await eventually(
      'server-2 is gone',
      async () => (await peersOfOne()).every((peer) => !peer.connected),
      DEADLINE_MS,
      PAUSE_MS,
    );
    const dead = await polyarch(['leave', '--forget', 'server-2', '--dir', one.dir]);
    t.match(dead.stdout, /server-2 is out of the topology/);
    t.equal(await addPerson(one, 'alone'), 0);
  });
});
