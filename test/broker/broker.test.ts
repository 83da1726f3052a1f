/**
 * Brokers together, on a simulated network (replication-model.md section 7).
 */
import t from 'tap';
import { CHAIN_4, HUB, MESH_3, MESH_4, RING_4, SITES } from '../sim/shapes.js';
import { directoryServer, World } from '../sim/world.js';

for (const shape of [MESH_3, MESH_4, RING_4, CHAIN_4, HUB, SITES]) {
  t.test(
    `${shape.name}: without faults a change crosses each link at most once, and reaches every server over one link`,
    async (t) => {
      const world = await World.started(shape);
      world.countCrossings();
      const writers = shape.servers.filter((server) => server.replica !== undefined);
      for (let i = 0; i < 60; i++) {
        for (const writer of writers)
          void world.server(writer.name).write(add(i * 100 + (writer.replica ?? 0)));
        await world.run(20);
      }
      await world.settle();
      t.ok(world.crossings.size > 0);
      t.same(
        [...world.crossings].filter(([, times]) => times > 1),
        [],
      );
      const changes = writers.length * 60;
      t.equal(world.crossings.size, changes * (shape.servers.length - 1));
    },
  );
}

t.test('in a mesh every change comes straight from its origin', async (t) => {
  const world = await World.started(MESH_4);
  world.countCrossings();
  await world.writes('s1', 20);
  await world.settle();
  t.same(new Set([...world.crossings.keys()].map((key) => key.split('>')[0])), new Set(['s1']));
});

t.test('a change is on its way in the turn in which it became durable: no timer delays it', async (t) => {
  const world = await World.started(MESH_3);
  world.network.shape.minDelayMs = 10;
  world.network.shape.maxDelayMs = 10;
  const csn = await world.write('s1');
  const ackedMs = world.time.nowMs;
  const other = world.server('s2');
  await world.run(1000, () => csn !== undefined && other.directory?.state.covers(csn) === true);
  // One way of 10 ms and one disk write of at most 1.2 ms.
  t.ok(world.time.nowMs - ackedMs < 12, `${world.time.nowMs - ackedMs} ms`);
});

t.test(
  'a server that is cut off catches up from its place when the link heals, within seconds',
  async (t) => {
    const world = await World.started(MESH_3);
    for (const other of ['s1', 's2']) {
      world.network.cut('s3', other);
      world.network.cut(other, 's3');
    }
    await world.run(10_000);
    await world.writes('s1', 50);
    await world.writes('s3', 50);
    world.network.healAll();
    const tookMs = await world.settle(5000);
    t.ok(tookMs < 3000, `${tookMs} ms`);
  },
);

t.test(
  'a link that is deaf in one direction is noticed within three heartbeats, and its changes come another way',
  async (t) => {
    const world = await World.started(MESH_3);
    await world.writes('s1', 1);
    await world.settle();
    world.network.cut('s1', 's3');
    const csn = await world.write('s1');
    const began = world.time.nowMs;
    await world.run(
      10_000,
      () => csn !== undefined && world.server('s3').changelog?.state.covers(csn) === true,
    );
    t.ok(world.time.nowMs - began < 1000, `${world.time.nowMs - began} ms until it came by s2`);
    await world.run(4000);
    const status = world
      .server('s3')
      .broker?.status()
      .find((s) => s.direction === 'from' && s.peer === 's1');
    t.not(status?.state, 'following');
  },
);

t.test('one slow subscriber costs the others nothing, and the sender bounded memory', async (t) => {
  const world = await World.started(MESH_3);
  world.server('s3').disk.faults.delay = () => world.time.sleep(5000);
  const began = world.time.nowMs;
  await world.writes('s1', 300);
  await world.run(
    20_000,
    () => world.server('s2').changelog?.state.equals(world.server('s1').changelog?.state ?? never()) === true,
  );
  t.ok(world.time.nowMs - began < 3000, 's2 is up to date at once');
  t.ok(world.network.maxQueued < 5_000_000);
  world.server('s3').disk.faults.delay = undefined;
  await world.settle();
});

t.test('a broker alone carries changes between servers that know only it', async (t) => {
  const world = await World.started(HUB);
  await world.writes('s1', 10);
  await world.writes('s2', 10);
  await world.settle();
  t.equal(world.server('s4').changelog?.recordedGeneration, 'g1');
  world.server('s4').crash();
  await world.writes('s1', 10);
  void world.server('s4').start();
  await world.settle();
});

t.test('servers with different generations exchange nothing and say so', async (t) => {
  const world = new World([
    directoryServer(1, [2]),
    directoryServer(2, [1], { hasData: false, autoInitialize: false }),
  ]);
  for (const server of world.servers.values()) void server.start();
  await world.run(100);
  void world.server('s2').directory?.startGeneration('g2');
  await world.run(100);
  world.server('s2').broker?.reintroduce('data were loaded');
  await world.run(1000);
  await world.writes('s1', 3);
  await world.run(5000);
  t.equal(world.server('s2').changelog?.state.size, 0);
  t.match(world.server('s2').alerts.join('\n'), /different data sets of dc=example,dc=com \(generations g/);
});

t.test(
  'two live servers with one replica id: the second is refused by a sentence that names both',
  async (t) => {
    const world = await World.started(MESH_3);
    world.add({ ...directoryServer(1, [2, 3]), name: 's9' });
    void world.server('s9').start();
    await world.run(3000);
    t.match(
      world.server('s2').alerts.join('\n'),
      /replica id 1 is used by two live servers, s1 \(.*\) and s9 \(/,
    );
    t.match(world.server('s9').alerts.join('\n'), /replica id 1 is used by two live servers/);
    await world.writes('s1', 3);
    await world.run(1000);
    t.equal(world.server('s2').changelog?.state.size, 1);
    const rivalOf = (name: string) => world.server(name).broker?.rival;
    t.match(rivalOf('s9'), /used by two live servers/, 'who is refused knows, and takes no writes');
    t.equal(rivalOf('s1'), undefined, 'who was there goes on');
    world.network.cut('s9', 's2');
    world.network.cut('s9', 's3');
    await world.run(20_000);
    t.equal(
      rivalOf('s9'),
      undefined,
      'whom nobody refuses any more, as nobody is reached, is alone as any other',
    );
  },
);

t.test('a restarted server is not taken for its own rival', async (t) => {
  const world = await World.started(MESH_3);
  await world.writes('s1', 3);
  world.network.cut('s1', 's2');
  world.server('s1').crash();
  world.network.heal('s1', 's2');
  void world.server('s1').start();
  await world.run(100);
  await world.writes('s1', 3);
  await world.settle(3000);
  t.notMatch(world.server('s2').alerts.join('\n'), /two live servers/);
});

function add(number: number): import('../sim/sim-directory.js').WriteRequest {
  return {
    entry:
      `00000000-0000-4000-9000-${number.toString(16).padStart(12, '0')}` as import('../../lib/change/change.js').EntryUuid,
    body: {
      kind: 'add',
      parent: '00000000-0000-0000-0000-000000000000' as import('../../lib/change/change.js').EntryUuid,
      rdn: {
        avas: [{ key: 'cn', name: 'cn', value: new Uint8Array([0x78]), equality: 'caseIgnoreMatch' }],
      } as unknown as import('../../lib/change/change.js').NamedRdn,
      attributes: [],
    },
  };
}

function never(): never {
  throw new Error('server is down');
}
