/** The life of a domain's servers over time, on simulated ones: reports, eviction and return, a change log that must be trimmed. */
import t from 'tap';
import type { ReplicaId } from '../../lib/csn/csn.js';
import type { Refusal } from '../../lib/sync/hello-check.js';
import { directoryServer, World } from '../sim/world.js';

const mesh = (more = {}) =>
  [1, 2, 3].map((id) =>
    directoryServer(
      id,
      [1, 2, 3].filter((peer) => peer !== id),
      more,
    ),
  );

async function decide(world: World, at: string, name: string, standing: 'evicted' | 'returning') {
  const members = world.server(at).members;
  if (members === undefined) throw new Error(`${at} is down`);
  await world.wait(members.decide(name, standing));
}

const bound = (world: World, at: string) => world.server(at).members?.bound();

t.test('what all have applied is settled everywhere soon after; nothing is while one is away', async (t) => {
  const world = await World.started(mesh());
  await world.writes('s1', 20);
  await world.settle();
  await world.run(2000);
  const { state } = world.server('s1').directory ?? {};
  for (const name of ['s1', 's2', 's3'])
    t.ok(state !== undefined && bound(world, name)?.horizon?.stable.equals(state), name);
  world.server('s3').crash();
  const before = bound(world, 's1')?.horizon?.stable;
  await world.writes('s1', 5);
  await world.run(5000);
  t.ok(before !== undefined && bound(world, 's1')?.horizon?.stable.equals(before), 's3 may need it');
});

t.test('reports are honest: no server ever says more than a power cut leaves it', async (t) => {
  const world = await World.started(mesh(), 7);
  for (let round = 0; round < 12; round++) {
    const name = `s${1 + (round % 3)}`;
    await world.writes('s1', 3);
    await world.run(100 * round);
    const server = world.server(name);
    const said = world
      .server(name === 's1' ? 's2' : 's1')
      .members?.rows()
      .find((row) => row.name === name);
    server.crash();
    await world.wait(server.start());
    await world.run(20_000, () => server.replica?.writesHeld() === undefined);
    const { report } = said ?? {};
    if (report !== undefined) {
      t.ok(server.changelog?.state.coversAll(report.state), `${name} still holds what it said`);
      const csn = await world.write(name);
      t.ok(csn !== undefined && csn > report.clock, 'and goes on behind the clock that it promised');
    }
  }
});

t.test(
  'an evicted server holds nothing back, is refused by name, and returns with what only it had',
  async (t) => {
    const world = await World.started(mesh());
    await world.writes('s3', 10);
    await world.settle();
    for (const other of ['s1', 's2']) {
      world.network.cut('s3', other);
      world.network.cut(other, 's3');
    }
    await world.run(5000);
    await world.writes('s1', 10);
    await world.writes('s3', 4);
    const unseen = world.server('s3').acked.splice(10);
    await decide(world, 's1', 's3', 'evicted');
    await world.run(5000);
    const { state } = world.server('s1').directory ?? {};
    for (const name of ['s1', 's2'])
      t.ok(
        state !== undefined && bound(world, name)?.horizon?.stable.equals(state),
        `${name} forgets without s3`,
      );
    world.network.healAll();
    await world.run(20_000);
    t.match(
      world.server('s3').replica?.writesHeld(),
      /s3 was evicted.*replication restore --dir DIR --server s3/,
    );
    t.notOk(
      world.server('s1').changelog?.state.coversAll(world.server('s3').changelog?.state ?? (state as never)),
    );
    await decide(world, 's2', 's3', 'returning');
    await world.run(60_000, () => world.server('s3').reissued.length >= unseen.length);
    await world.settle();
    t.equal(world.server('s3').reissued.length, unseen.length, 'what only it had is made anew');
    await world.run(3000);
    t.equal(world.server('s3').replica?.writesHeld(), undefined);
    t.equal(
      world
        .server('s1')
        .members?.rows()
        .find(({ name }) => name === 's3')?.standing,
      'member',
    );
    const now = world.server('s1').directory?.state;
    t.ok(now !== undefined && bound(world, 's1')?.horizon?.stable.equals(now), 'and it counts again');
  },
);

t.test(
  'a returning server whose copy was cut is let in only after a whole one: what it made while it was out is no part of its history',
  async (t) => {
    const world = await World.started(mesh());
    await world.writes('s3', 5);
    await world.settle();
    for (const other of ['s1', 's2']) {
      world.network.cut('s3', other);
      world.network.cut(other, 's3');
    }
    await world.run(5000);
    await world.writes('s1', 5);
    await world.writes('s3', 3);
    const unseen = world.server('s3').acked.splice(5);
    await decide(world, 's1', 's3', 'evicted');
    await world.run(5000);
    // Whoever gives it a copy is cut off as the copy begins.
    const off = ['s1', 's2'].map((name) => {
      const members = world.server(name).members as {
        register(peer: { readonly server: string }): Promise<void>;
      };
      const register = members.register.bind(members);
      members.register = async (peer) => {
        await register(peer);
        world.network.breakLinks(name, 's3');
      };
      return () => {
        members.register = register;
      };
    });
    await decide(world, 's1', 's3', 'returning');
    world.network.healAll();
    await world.run(5000);
    for (const name of ['s1', 's2'])
      t.notOk(
        unseen.some((csn) => world.server(name).changelog?.holds(csn)),
        `${name} has taken none of them`,
      );
    t.equal(bound(world, 's1')?.horizon, undefined, 'nothing is forgotten that its copy may need');
    for (const back of off) back();
    await world.run(60_000, () => world.server('s3').reissued.length >= unseen.length);
    await world.settle();
    t.equal(world.server('s3').reissued.length, unseen.length, 'they are made anew');
    await world.run(2000);
    const rows = world.server('s2').members?.rows() ?? [];
    t.equal(rows.find(({ name }) => name === 's3')?.standing, 'member');
    t.ok(bound(world, 's1')?.horizon, 'and history is forgotten again');
  },
);

t.test('a server that nobody registered and that lacks what may be forgotten must take a copy', async (t) => {
  const world = await World.started([directoryServer(1, [2]), directoryServer(2, [1])]);
  await world.writes('s1', 10);
  await world.settle();
  await world.run(3000);
  const stranger = world.add(
    directoryServer(
      3,
      ['s1'].map(() => 1),
    ),
  );
  await world.wait(stranger.start());
  await world.settle(60_000);
  t.match(
    stranger.alerts.join('\n'),
    /s3 lacks changes whose history may be forgotten and must be initialized/,
  );
  await world.run(2000);
  t.equal(world.server('s2').members?.rows().length, 3);
});

t.test(
  'a full change log is trimmed beyond what an absent server needs, which is named and takes a copy when it returns',
  async (t) => {
    const world = await World.started(mesh({ limits: { logMaxBytes: 4000 } }));
    await world.writes('s1', 5);
    await world.settle();
    await world.run(3000);
    world.server('s3').crash();
    await world.writes('s1', 60);
    await world.run(5000);
    const { size } = world.server('s1').changelog ?? {};
    t.ok(size !== undefined && size.bytes <= 4000, `${size?.bytes} octets`);
    t.match(world.server('s1').alerts.join('\n'), /trimmed because it takes more than .* s3 still needed/);
    void world.server('s3').start();
    await world.settle(60_000);
    t.match(world.server('s3').alerts.join('\n'), /lacks changes of replica 1 .* must be initialized/);
  },
);

t.test('by age a change log keeps what a member still needs', async (t) => {
  const world = await World.started(mesh({ limits: { logMaxAgeMs: 2000 } }));
  await world.writes('s1', 10);
  await world.settle();
  await world.run(2000);
  world.server('s3').crash();
  await world.writes('s1', 10);
  await world.run(20_000);
  t.equal(world.server('s1').changelog?.size.rows, 10, 'those that s3 has not');
  void world.server('s3').start();
  await world.settle();
  await world.run(10_000);
  t.equal(world.server('s1').changelog?.size.rows, 0);
  await world.writes('s1', 1);
  await world.settle();
});

t.test(
  'who was told of an eviction while its disk was full, and has said so since, knows of it after a power cut (seed mixed 20000499)',
  async (t) => {
    const world = await World.started(mesh());
    await world.writes('s3', 3);
    await world.settle();
    for (const other of ['s1', 's2']) {
      world.network.cut('s3', other);
      world.network.cut(other, 's3');
    }
    const s1 = world.server('s1');
    s1.disk.faults.refuse = 'full';
    await decide(world, 's2', 's3', 'evicted');
    await world.run(1000);
    const ofS3 = (at: string) =>
      world
        .server(at)
        .members?.rows()
        .find(({ name }) => name === 's3')?.standing;
    t.equal(ofS3('s1'), 'evicted');
    s1.disk.faults.refuse = undefined;
    await world.run(
      20_000,
      () =>
        world
          .server('s2')
          .members?.rows()[0]
          ?.report?.shunned.some(({ replica }) => replica === 3) === true,
    );
    t.match(world.server('s2').members?.rows()[0]?.report?.shunned, [{ replica: 3 }], 's1 has said so');
    s1.crash();
    world.server('s2').crash();
    await world.wait(s1.start());
    t.equal(ofS3('s1'), 'evicted');
  },
);

t.test('two live servers of one replica id both hear of it', async (t) => {
  const world = await World.started([directoryServer(1, []), directoryServer(2, [1])]);
  const notices: string[] = [];
  const clone = world.add({ ...directoryServer(2, [1]), name: 's9', replica: 2 as ReplicaId });
  void clone.start();
  await world.run(5000);
  notices.push(...world.server('s2').alerts);
  t.match(clone.alerts.join('\n'), /replica id 2 is used by two live servers, s2 .* and s9/);
  t.match(notices.join('\n'), /another live server, s9 .* stop the one that is the copy/);
  t.ok(clone.alerts.length < 10, `${clone.alerts.length} attempts in 5 s`);
  const refusal: Refusal = { code: 'evicted', sentence: 'x' };
  world.server('s1').broker?.dismiss('nobody', refusal, undefined);
});
