/**
 * A server that nobody can dial: changes go both ways on the link that it dialed (replication-model.md section 7; issue: push and pull on one link).
 */
import t from 'tap';
import { LEAVES_1, LEAVES_2, LEAVES_OF_MASTER } from '../sim/shapes.js';
import { directoryServer, World } from '../sim/world.js';

/** Changes that crossed one way more than once. */
function twice(world: World): string[] {
  return [...world.crossings].filter(([, count]) => count > 1).map(([key]) => key);
}

t.test(
  'what it writes goes up the link that it dialed, what it receives comes down the same one',
  async (t) => {
    const world = await World.started(LEAVES_1);
    world.countCrossings();
    for (const name of ['s1', 's2', 's3']) await world.writes(name, 20);
    await world.settle();
    t.equal(world.server('s4').changelog?.state.size, 3, 'the broker has all of it on its disk');
    t.equal(world.network.links.size, 6, 'three links, two ends each');
    const lanes = world
      .server('s4')
      .broker?.status()
      .filter(({ direction }) => direction === 'from');
    t.same(lanes?.map(({ peer, state }) => `${peer} ${state}`).sort(), [
      's1 following',
      's2 following',
      's3 following',
    ]);
    t.same(twice(world), []);
  },
);

t.test('the broker in use is lost: another one is sent what it lacks, and nothing else', async (t) => {
  const world = await World.started(LEAVES_2);
  await world.writes('s1', 10);
  await world.settle();
  world.server('s4').crash();
  world.countCrossings();
  await world.writes('s1', 10);
  await world.writes('s2', 10);
  await world.settle();
  t.same(twice(world), []);
  world.server('s5').crash();
  await world.writes('s3', 5);
  void world.server('s4').start();
  await world.run(3000);
  t.ok(world.equal(), 'the first broker, back from its crash, has what it lacked');
});

t.test(
  'a write that was acknowledged and not yet sent survives a crash of its server, and goes up then',
  async (t) => {
    const world = await World.started(LEAVES_1);
    world.server('s4').crash();
    await world.writes('s1', 10);
    world.server('s1').crash();
    void world.server('s4').start();
    void world.server('s1').start();
    await world.settle();
    t.equal(world.server('s2').directory?.state.get(1 as never), world.server('s1').acked.at(-1));
  },
);

t.test('assured writes are acknowledged over that link', async (t) => {
  const world = await World.started(LEAVES_2);
  const writer = world.server('s1');
  const csn = await world.write('s1');
  if (csn === undefined || writer.assurance === undefined) throw new Error('no write');
  const wish = { mode: 'safe-data', level: 2 } as never;
  const outcome = await world.wait(writer.assurance.wait(csn, wish, 2000));
  t.equal(outcome.kind, 'reached');
});

t.test(
  'an empty server takes a copy of one that nobody can dial, from the broker that both dial or on that link itself',
  async (t) => {
    for (const [shape, empty] of [
      [LEAVES_1, 's3'],
      [LEAVES_2, 's2'],
      [LEAVES_OF_MASTER, 's1'],
      [LEAVES_OF_MASTER, 's2'],
    ] as const) {
      const servers = shape.servers.map((server) =>
        server.name === empty ? { ...server, hasData: false } : server,
      );
      const world = new World(servers);
      const others = servers.filter(({ name, replica }) => name !== empty && replica !== undefined);
      for (const { name } of servers) if (name !== empty) void world.server(name).start();
      await world.run(500);
      for (const { name } of others) await world.writes(name, 30);
      if (empty !== 's1') await world.settle();
      void world.server(empty).start();
      await world.settle(40_000);
      t.equal(
        await world.server(empty).directory?.contents(),
        await world.server(others[0]?.name ?? '').directory?.contents(),
        `${shape.name}, ${empty} empty`,
      );
      await world.run(1000);
      await world.writes(empty, 3);
      await world.settle();
    }
  },
);

t.test('data of another generation are replaced over that link by command, in both directions', async (t) => {
  for (const [target, source] of [
    ['s1', 's2'],
    ['s2', 's1'],
  ] as const) {
    const world = new World([
      directoryServer(1, []),
      directoryServer(2, [1], { listens: false, hasData: false, autoInitialize: false }),
    ]);
    void world.server('s1').start();
    void world.server('s2').start();
    await world.run(200);
    await world.wait(world.server('s2').directory?.startGeneration('g2') ?? Promise.resolve());
    await world.writes('s1', 5);
    world.server('s2').broker?.reintroduce('new data');
    await world.writes('s2', 7);
    await world.run(3000);
    t.notOk(world.equal());
    await world.wait(world.server(target).replica?.initialize(source, 'reissued') ?? Promise.resolve());
    // What it had is of the other data set, and meant to go.
    world.server(target).forgive(() => true);
    await world.settle();
    t.equal(
      world.server(target).directory?.generationId,
      source === 's2' ? 'g2' : 'g1',
      `${source} to ${target}`,
    );
    await world.run(1000);
    await world.writes(target, 3);
    await world.settle();
  }
});
