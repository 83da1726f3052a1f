/**
 * What a server made and the copy that replaces its data lacks: put back as it is where the server belonged when it made it, so that it is one history whoever has how much of it; made
 * anew where others have decided meanwhile that it does not belong (replication-model.md section 2).
 */
import t from 'tap';
import { ZERO_CSN } from '../../lib/csn/csn.js';
import { MESH_3 } from '../sim/shapes.js';
import type { SimServer } from '../sim/sim-server.js';
import { directoryServer, World } from '../sim/world.js';

const CHAIN_3 = [directoryServer(1, [2]), directoryServer(2, [1, 3]), directoryServer(3, [2])];

function between(world: World, a: string, b: string, passes: boolean): void {
  for (const [from, to] of [[a, b] as const, [b, a] as const])
    if (passes) world.network.heal(from, to);
    else world.network.cut(from, to);
}

/** s3 has made five changes that s2 holds and s1 does not; then it reaches s1 alone. */
async function copying(known: readonly string[] = ['s2']) {
  const world = await World.started(MESH_3);
  await world.writes('s3', 5);
  await world.writes('s2', 5);
  await world.settle();
  await world.run(1000);
  const server = world.server('s3');
  between(world, 's1', 's2', false);
  between(world, 's1', 's3', false);
  if (!known.includes('s2')) between(world, 's2', 's3', false);
  await world.writes('s3', 5);
  await world.run(500);
  between(world, 's2', 's3', false);
  await world.writes('s3', 2);
  await world.run(100);
  world.network.breakLinks('s1', 's3');
  await world.run(10);
  between(world, 's1', 's3', true);
  return { world, server };
}

for (const known of [['s2'], []]) {
  t.test(
    `a member that is initialized while ${known.length === 0 ? 'nobody else holds' : 'one who holds some of'} its changes cannot be heard has them back under their own CSNs`,
    async (t) => {
      const { world, server } = await copying(known);
      const before = [...server.acked];
      t.notOk(world.server('s1').changelog?.holds(before[5] ?? ZERO_CSN), 's1 lacks them');
      await world.wait(server.replica?.initialize('s1') ?? Promise.resolve());
      await world.run(5000, () => server.replica?.writesHeld() === undefined);
      await world.writes('s3', 2);
      await world.run(200);
      world.network.healAll();
      await world.settle();
      t.same(server.reissued, []);
      t.ok(before.every((csn) => world.server('s2').changelog?.holds(csn)));
      t.notMatch(
        [...world.servers.values()].flatMap(({ alerts }) => alerts).join('\n'),
        /forked|different histories/,
      );
    },
  );
}

t.test('a crash anywhere between the copy and the end of it changes nothing', async (t) => {
  for (let afterMs = 0; afterMs < 2600; afterMs += 200) {
    const { world, server } = await copying();
    const before = [...server.acked];
    void server.replica?.initialize('s1').catch(() => {});
    await world.run(afterMs);
    server.crash();
    void server.start();
    await world.run(4000);
    world.network.healAll();
    await world.settle();
    await world.run(2000);
    await world.writes('s3', 1);
    await world.settle();
    t.same(server.reissued, [], `${afterMs} ms`);
    t.ok(
      before.every((csn) => world.server('s1').changelog?.holds(csn)),
      `${afterMs} ms`,
    );
  }
});

t.test('what a server made while it was evicted is made anew, not put back', async (t) => {
  const { world, server } = await copying([]);
  between(world, 's1', 's3', false);
  between(world, 's1', 's2', true);
  await world.wait(world.server('s1').members?.decide('s3', 'evicted') ?? Promise.resolve());
  await world.run(1000);
  await world.wait(world.server('s1').members?.decide('s3', 'returning') ?? Promise.resolve());
  await world.run(1000);
  world.network.healAll();
  void server.replica?.initialize('s1').catch(() => {});
  await world.run(60_000, () => server.reissued.length === 7);
  t.equal(server.reissued.length, 7);
  await world.settle();
  await world.writes('s3', 1);
  await world.settle();
});

t.test(
  'the only way between two others is let in though its copy lacks what it had told one of them: it knows that, and has it back',
  async (t) => {
    const world = await World.started(CHAIN_3);
    await world.writes('s2', 3);
    await world.settle();
    await world.run(1000);
    const [s1, s2, s3] = ['s1', 's2', 's3'].map((name) => world.server(name)) as [
      SimServer,
      SimServer,
      SimServer,
    ];
    // What s2 makes and says goes to s3, but not to its disk.
    s3.disk.faults.refuse = 'full';
    await world.writes('s2', 3);
    await world.run(500);
    between(world, 's1', 's2', false);
    await world.writes('s2', 2);
    await world.run(1000);
    between(world, 's2', 's3', false);
    s3.disk.faults.refuse = undefined;
    await world.run(5000);
    await world.writes('s1', 2);
    between(world, 's1', 's2', true);
    await world.wait(s2.replica?.initialize('s1') ?? Promise.resolve());
    const before = [...s2.acked];
    t.notOk(s2.changelog?.holds(before[7] ?? ZERO_CSN), 'the copy lacks its newest, which s3 knows of');
    await world.writes('s1', 2);
    await world.run(500);
    world.network.healAll();
    await world.settle();
    await world.writes('s2', 1);
    await world.settle();
    t.same(s2.reissued, []);
    for (const { changelog } of [s1, s3]) t.ok(before.every((csn) => changelog?.holds(csn)));
  },
);

t.test(
  'a server that waits for what it had told of, which a server that is gone for good alone has, takes writes once that one is evicted',
  async (t) => {
    const world = await World.started(CHAIN_3);
    await world.writes('s3', 2);
    await world.settle();
    await world.run(1000);
    const s2 = world.server('s2');
    between(world, 's1', 's2', false);
    await world.writes('s3', 2);
    await world.run(1500);
    between(world, 's2', 's3', false);
    world.server('s3').crash();
    await world.run(4000);
    world.network.breakLinks('s1', 's2');
    await world.run(10);
    between(world, 's1', 's2', true);
    await world.wait(s2.replica?.initialize('s1') ?? Promise.resolve());
    await world.run(20_000);
    t.match(s2.replica?.writesHeld(), /holds an older copy of its data than it once told/);
    await world.wait(s2.members?.decide('s3', 'evicted') ?? Promise.resolve());
    await world.run(5000);
    t.equal(s2.replica?.writesHeld(), undefined);
    t.ok(await world.write('s2'));
  },
);
