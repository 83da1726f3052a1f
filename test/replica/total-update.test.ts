/**
 * Total update over the replication link (replication-model.md section 8; reliability.md F41, F42, F46, F47).
 */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { type Csn, csnTimeMs, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { directoryServer, World } from '../sim/world.js';

/** s1 and s2 with data, s3 without. */
async function withNewcomer(options: { autoInitialize: boolean }, seed = 1): Promise<World> {
  const world = await World.started([directoryServer(1, [2, 3]), directoryServer(2, [1, 3])], seed);
  await world.writes('s1', 60);
  await world.writes('s2', 60);
  world.add(directoryServer(3, [1, 2], { hasData: false, ...options }));
  return world;
}

t.test(
  'an empty replica initializes itself from a peer that has data, and follows from the snapshot on',
  async (t) => {
    const world = await withNewcomer({ autoInitialize: true });
    void world.server('s3').start();
    await world.run(300);
    await world.writes('s1', 5);
    await world.settle();
    t.equal(world.server('s3').directory?.generationId, 'g1');
    t.equal(await world.server('s3').directory?.contents(), await world.server('s1').directory?.contents());
    await world.writes('s3', 5);
    await world.settle();
    t.equal(world.server('s3').changelog?.trimmed.size, 2, 'what the snapshot holds counts as trimmed');
  },
);

t.test('without leave an empty replica stays empty, takes nothing, and begins when told', async (t) => {
  const world = await withNewcomer({ autoInitialize: false });
  void world.server('s3').start();
  await world.run(3000);
  t.equal(world.server('s3').directory?.state.size, 0);
  void world.server('s3').replica?.initialize('s2');
  await world.settle();
  t.equal(world.server('s3').directory?.generationId, 'g1');
});

t.test('writes during a total update arrive after it, from the state of the snapshot', async (t) => {
  const world = await withNewcomer({ autoInitialize: true });
  world.network.shape.minDelayMs = 30;
  world.network.shape.maxDelayMs = 60;
  void world.server('s3').start();
  for (let i = 0; i < 40; i++) {
    await world.writes('s1', 1);
    await world.writes('s2', 1);
  }
  await world.settle();
  t.equal(await world.server('s3').directory?.contents(), await world.server('s1').directory?.contents());
});

t.test('a server whose full disk refuses to begin goes on with what it holds', async (t) => {
  const world = await World.started([directoryServer(1, [2]), directoryServer(2, [1])], 1);
  await world.writes('s1', 5);
  await world.settle();
  const server = world.server('s2');
  const { disk } = server;
  const [replica, directory] = [must(server.replica, 'it runs'), must(server.directory, 'it runs')];
  disk.faults.refuse = 'full';
  const begun = t.rejects(replica.initialize('s1'), /full/);
  await world.run(1000);
  await begun;
  t.equal(replica.readsHeld(), undefined);
  disk.faults.refuse = undefined;
  await world.run(3000);
  t.equal(replica.writesHeld(), undefined);
  await world.writes('s2', 5);
  await world.settle();
  t.equal(await directory.contents(), await world.server('s1').directory?.contents());
});

for (const victim of ['s3', 's1', 'link', 'disk']) {
  t.test(
    `a total update cut at any time (${victim}) is begun again, and its half is never served`,
    async (t) => {
      for (let atMs = 8; atMs < 120; atMs += 25) {
        const world = await withNewcomer({ autoInitialize: true }, atMs);
        world.server('s2').crash();
        const newcomer = world.server('s3');
        void newcomer.start();
        await world.run(atMs);
        if (victim === 'link') world.network.breakLinks('s1', 's3');
        else if (victim === 'disk') newcomer.disk.faults.refuse = 'full';
        else world.server(victim).crash();
        await world.run(200);
        const half = newcomer.directory;
        if (half?.importing === true) {
          t.match(newcomer.replica?.writesHeld(), /is being initialized/);
          t.match(newcomer.replica?.readsHeld(), /is being initialized/);
        }
        newcomer.disk.faults.refuse = undefined;
        for (const server of world.servers.values()) void server.start();
        await world.settle();
        await world.run(300);
        const contents = await newcomer.directory?.contents();
        if (contents !== (await world.server('s1').directory?.contents()))
          t.fail(`cut after ${atMs} ms: contents differ`);
        if (newcomer.replica?.writesHeld() !== undefined)
          t.fail(`cut after ${atMs} ms: ${newcomer.replica?.writesHeld()}`);
      }
      t.pass('all equal');
    },
  );
}

/** s3 with the data of s1 and s2, and a total update from s2 that is cut when the data are dropped. */
async function withCutUpdate(): Promise<World> {
  const world = await World.started([
    directoryServer(1, [2, 3]),
    directoryServer(2, [1, 3]),
    directoryServer(3, [1, 2]),
  ]);
  await world.writes('s1', 60);
  await world.settle();
  world.network.shape.minDelayMs = 20;
  world.network.shape.maxDelayMs = 30;
  const { directory, replica } = world.server('s3');
  void replica?.initialize('s2').catch(() => {});
  await world.run(5000, () => directory?.importing === true);
  if (directory?.importing !== true) throw new Error('the total update did not begin');
  return world;
}

t.test(
  'when the source of a total update dies, another peer with the same data takes its place',
  async (t) => {
    const world = await withCutUpdate();
    const newcomer = world.server('s3');
    world.server('s2').crash();
    await world.run(2000, () => newcomer.replica?.progress()?.failure !== undefined);
    t.match(newcomer.replica?.progress()?.failure, /^s2: /, 'why it waits');
    await world.run(30_000, () => newcomer.directory?.importing === false);
    t.equal(newcomer.directory?.importing, false, 'complete without s2');
    t.match(newcomer.alerts.join('\n'), /update from s2 was cut .* begins again from s1/);
    t.equal(await newcomer.directory?.contents(), await world.server('s1').directory?.contents());
  },
);

t.test(
  'what we made is kept for each source anew: the next one may hold less than the one that was cut',
  async (t) => {
    const world = await World.started([
      directoryServer(1, [2, 3]),
      directoryServer(2, [1, 3]),
      directoryServer(3, [1, 2]),
    ]);
    await world.writes('s3', 5);
    await world.settle();
    const server = world.server('s3');
    // s1 hears nothing of what comes now.
    for (const name of ['s2', 's3']) world.network.cut(name, 's1');
    await world.writes('s3', 4);
    await world.run(500, () => world.server('s2').changelog?.state.covers(server.acked[8] as Csn) === true);
    world.network.shape.minDelayMs = 20;
    world.network.shape.maxDelayMs = 30;
    void server.replica?.initialize('s2').catch(() => {});
    await world.run(5000, () => server.directory?.importing === true);
    t.ok(server.directory?.importing, 'begun');
    world.server('s2').crash();
    world.network.healAll();
    await world.run(60_000, () => server.replica?.writesHeld() === undefined);
    t.ok(
      server.acked.every((csn) => server.changelog?.holds(csn)),
      'what s1 did not hold is back',
    );
    t.same(server.reissued, [], 'as it was: s2 holds it');
    void world.server('s2').start();
    await world.run(5000);
    await world.settle(60_000);
  },
);

t.test(
  'a copy that was begun is gone on with after a crash, whatever its source lacks: what we made is kept',
  async (t) => {
    const world = await World.started([directoryServer(1, [2]), directoryServer(2, [1])]);
    await world.writes('s2', 5);
    await world.settle();
    const server = world.server('s2');
    for (const [from, to] of [['s1', 's2'] as const, ['s2', 's1'] as const]) world.network.cut(from, to);
    await world.writes('s2', 4);
    world.network.breakLinks('s1', 's2');
    void server.replica?.initialize('s1').catch(() => {});
    world.network.healAll();
    world.network.shape.minDelayMs = 20;
    world.network.shape.maxDelayMs = 30;
    await world.run(5000, () => server.directory?.importing === true);
    server.crash();
    void server.start();
    await world.run(60_000, () => server.directory?.importing === false && !server.reissuing);
    await world.settle();
    const there = world.server('s1').changelog;
    t.ok(server.acked.every((csn) => there?.holds(csn) === true || server.madeAnew.has(csn)));
    t.equal(await server.directory?.contents(), await world.server('s1').directory?.contents());
  },
);

t.test('a second total update of one server is refused while one runs', async (t) => {
  const world = await withNewcomer({ autoInitialize: false });
  void world.server('s3').start();
  await world.run(500);
  const replica = world.server('s3').replica;
  const first = replica?.initialize('s1');
  await t.rejects(replica?.initialize('s2') ?? Promise.resolve(), /is being initialized already/);
  await world.settle();
  await first;
});

t.test('an unknown peer is refused, and nothing was dropped', async (t) => {
  const world = await withNewcomer({ autoInitialize: false });
  await world.settle();
  const before = await world.server('s1').directory?.contents();
  const refused = world.server('s1').replica?.initialize('s7') ?? Promise.resolve();
  await t.rejects(world.wait(refused), /s7 is not a configured peer/);
  t.equal(await world.server('s1').directory?.contents(), before);
  await world.writes('s1', 1);
  await world.settle();
});

t.test(
  'a replica that was away until its changes were trimmed is told so and initialized (F42, F43)',
  async (t) => {
    const world = await World.started([
      directoryServer(1, [2, 3]),
      directoryServer(2, [1, 3]),
      directoryServer(3, [1, 2]),
    ]);
    await world.writes('s1', 20);
    await world.writes('s3', 5);
    await world.settle();
    world.server('s3').crash();
    await world.writes('s1', 40);
    await world.settle();
    for (const name of ['s1', 's2']) {
      const log = world.server(name).changelog;
      const newest = log?.state.get(1 as ReplicaId);
      if (log === undefined || newest === undefined) throw new Error('no log');
      await world.wait(log.purge(makeCsn(csnTimeMs(newest), 0, 1 as ReplicaId), log.state));
    }
    void world.server('s3').start();
    await world.run(200);
    await world.settle();
    t.match(world.server('s3').alerts.join('\n'), /lacks changes of replica 1 that no other server keeps/);
    await world.writes('s3', 3);
    await world.settle();
  },
);

t.test('without leave a replica that is too far behind takes no writes', async (t) => {
  const world = await World.started([
    directoryServer(1, [2]),
    directoryServer(2, [1], { autoInitialize: false }),
  ]);
  await world.writes('s1', 10);
  await world.settle();
  world.server('s2').crash();
  await world.writes('s1', 10);
  const log = world.server('s1').changelog;
  if (log === undefined) throw new Error('no log');
  await world.wait(log.purge('f'.repeat(24) as import('../../lib/csn/csn.js').Csn, log.state));
  void world.server('s2').start();
  await world.run(3000);
  t.match(world.server('s2').replica?.writesHeld(), /too far behind/);
  void world.server('s2').replica?.initialize('s1');
  await world.settle();
  await world.run(300);
  t.equal(world.server('s2').replica?.writesHeld(), undefined);
});

t.test(
  'a replica that is too far behind gives nothing of its own up: first a peer takes its changes',
  async (t) => {
    const world = await World.started([directoryServer(1, [2]), directoryServer(2, [1])]);
    await world.writes('s1', 10);
    await world.settle();
    world.network.cut('s1', 's2');
    world.network.cut('s2', 's1');
    await world.run(5000);
    await world.writes('s1', 10);
    await world.writes('s2', 7);
    const mine = world.server('s2').acked.at(-1);
    const log = world.server('s1').changelog;
    if (log === undefined || mine === undefined) throw new Error('no log');
    await world.wait(log.purge('f'.repeat(24) as import('../../lib/csn/csn.js').Csn, log.state));
    // What s2 wrote reaches s1 late.
    world.server('s1').disk.faults.delay = () => world.time.sleep(1500);
    world.network.healAll();
    await world.run(3000);
    t.match(world.server('s2').alerts.join('\n'), /lacks changes of replica 1/);
    t.ok(world.server('s2').changelog?.state.covers(mine), 'not given up meanwhile');
    await world.settle();
    t.ok(world.server('s1').changelog?.holds(mine));
  },
);

t.test(
  'a total update that is cut goes on where it was: nothing is dropped, no image comes twice',
  async (t) => {
    for (const cutAfter of [[1], [2], [3], [5], [1, 2], [1, 2, 3, 4]]) {
      const world = await withNewcomer({ autoInitialize: true });
      world.server('s2').crash();
      const newcomer = world.server('s3');
      void newcomer.start();
      while (newcomer.directory === undefined) await world.run(1);
      const { directory } = newcomer;
      const [begin, take] = [directory.beginImport.bind(directory), directory.importImages.bind(directory)];
      let begun = 0;
      let portions = 0;
      const came: string[] = [];
      directory.beginImport = (first) => {
        begun += 1;
        return begin(first);
      };
      directory.importImages = async (images) => {
        await take(images);
        portions += 1;
        came.push(...images.map((image) => image.join(' ')));
        if (cutAfter.includes(portions)) world.network.breakLinks('s1', 's3');
      };
      await world.run(300);
      await world.writes('s1', 3);
      await world.settle();
      t.equal(await directory.contents(), await world.server('s1').directory?.contents());
      t.equal(begun, 1, `cut after portions ${cutAfter}: begun once`);
      t.equal(new Set(came).size, came.length, 'no image came twice');
      const cuts = newcomer.alerts.filter((alert) => alert.startsWith('update-cut'));
      t.ok(cuts.length > 0);
      t.match(cuts[0], /it goes on after \d+ rows from s1/);
    }
  },
);

t.test('a source that was started anew gives its copy from the beginning', async (t) => {
  const world = await withNewcomer({ autoInitialize: true });
  world.server('s2').crash();
  const newcomer = world.server('s3');
  void newcomer.start();
  while (newcomer.directory === undefined) await world.run(1);
  const { directory } = newcomer;
  const take = directory.importImages.bind(directory);
  let portions = 0;
  directory.importImages = async (images) => {
    await take(images);
    portions += 1;
    if (portions === 2) world.server('s1').crash();
  };
  await world.run(300);
  void world.server('s1').start();
  await world.settle();
  t.equal(await directory.contents(), await world.server('s1').directory?.contents());
});
