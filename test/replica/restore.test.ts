/**
 * A server that comes back older than its peers know it, or beside itself (replication-model.md section 2; reliability.md F29-F32).
 */
import t from 'tap';
import type { StoreOp } from '../../lib/port/ordered-store.js';
import type { SimServer } from '../sim/sim-server.js';
import { directoryServer, World } from '../sim/world.js';

const ALL = { gte: new Uint8Array(0), lt: new Uint8Array([255]) };

async function rows(server: SimServer): Promise<StoreOp[]> {
  const copy: StoreOp[] = [];
  for await (const slice of server.disk.scan(ALL))
    for (const { key, value } of slice) copy.push({ type: 'put', key, value });
  return copy;
}

async function restore(world: World, server: SimServer, copy: readonly StoreOp[]): Promise<void> {
  server.crash();
  const now = await rows(server);
  const done = server.disk.batch([...now.map(({ key }): StoreOp => ({ type: 'del', key })), ...copy], {
    sync: true,
  });
  await world.run(10);
  await done;
}

t.test(
  'a server restored from a backup pulls its own later changes back before it takes writes, and goes on under a new incarnation',
  async (t) => {
    const world = await World.started(
      [1, 2, 3].map((id) =>
        directoryServer(
          id,
          [1, 2, 3].filter((peer) => peer !== id),
          { startHoldMs: 1000 },
        ),
      ),
    );
    await world.writes('s1', 20);
    await world.settle();
    const backup = await rows(world.server('s1'));
    await world.writes('s1', 30);
    await world.writes('s2', 5);
    await world.settle();
    const before = await world.server('s2').directory?.contents();
    const server = world.server('s1');
    await restore(world, server, backup);
    world.network.shape.minDelayMs = 40;
    world.network.shape.maxDelayMs = 50;
    void server.start();
    await world.run(60);
    t.match(server.replica?.writesHeld(), /has just started/, 'first it asks');
    await world.run(5000, () => /restored/.test(server.replica?.writesHeld() ?? ''));
    t.match(server.replica?.writesHeld(), /restored from an older copy/);
    await world.settle();
    await world.run(1000);
    t.equal(await server.directory?.contents(), before);
    t.equal(server.replica?.writesHeld(), undefined);
    t.equal(server.incarnation, 's1-1+');
    await world.writes('s1', 10);
    await world.settle();
  },
);

t.test('a server that lost its whole disk and is empty is initialized, and never reuses a CSN', async (t) => {
  const world = await World.started([directoryServer(1, [2]), directoryServer(2, [1])]);
  await world.writes('s1', 20);
  await world.writes('s2', 20);
  await world.settle();
  await restore(world, world.server('s1'), []);
  void world.server('s1').start();
  await world.settle();
  await world.run(500);
  await world.writes('s1', 20);
  await world.settle();
  const acked = world.server('s1').acked;
  t.equal(new Set(acked).size, acked.length);
});

t.test(
  'a server that wrote on after a restore, cut off from all, is never merged in silence: it takes a copy, and makes what only it had anew',
  async (t) => {
    for (const autoInitialize of [true, false]) {
      const world = await World.started([
        directoryServer(1, [2], { autoInitialize }),
        directoryServer(2, [1]),
      ]);
      await world.writes('s1', 10);
      await world.settle();
      const backup = await rows(world.server('s1'));
      await world.writes('s1', 10);
      await world.settle();
      const server = world.server('s1');
      await restore(world, server, backup);
      world.network.cut('s1', 's2');
      world.network.cut('s2', 's1');
      void server.start();
      await world.run(3000);
      await world.writes('s1', 10);
      const forked = server.acked.splice(20);
      world.network.healAll();
      if (!autoInitialize) {
        await world.run(5000);
        const sentence = /different histories of replica 1; s1 was restored .* made anew/;
        t.match(server.alerts.join('\n'), sentence);
        t.match(world.server('s2').alerts.join('\n'), sentence);
        t.match(server.replica?.writesHeld(), sentence, 'no more is acknowledged that may be lost');
        void server.replica?.initialize('s2');
      }
      await world.run(60_000, () => server.reissued.length >= 10);
      await world.settle();
      t.equal(server.reissued.length, forked.length, 'each of the acknowledged changes once');
      t.match(server.alerts.join('\n'), /10 changes that only this server had were made anew/);
      const contents = (await world.server('s2').directory?.contents())?.split('\n') ?? [];
      t.equal(contents.length, 30, 'nothing is lost on either side');
      await world.writes('s1', 5);
      await world.settle();
    }
  },
);

t.test(
  'a change of its own that comes from another server unannounced is applied, and no write is taken before it is',
  async (t) => {
    const world = await World.started([directoryServer(1, [2]), directoryServer(2, [1])]);
    await world.writes('s1', 5);
    await world.settle();
    const server = world.server('s1');
    const backup = await rows(server);
    await world.writes('s1', 2);
    await world.settle();
    const late = server.acked.slice(5).map((csn) => world.server('s2').changelog?.get(csn));
    await restore(world, server, backup);
    world.network.cut('s1', 's2');
    world.network.cut('s2', 's1');
    void server.start();
    await world.run(500);
    for (const change of late) {
      server.changelog?.append(change === undefined ? [] : [change]);
      await world.run(1, () => change !== undefined && server.changelog?.state.covers(change.csn) === true);
      t.match(server.replica?.writesHeld(), /fetching its own later changes/);
      await world.run(500);
      t.ok(change !== undefined && server.directory?.state.covers(change.csn), 'applied');
      t.equal(server.replica?.writesHeld(), undefined);
    }
    world.network.healAll();
    await world.writes('s1', 1);
    await world.settle();
  },
);
