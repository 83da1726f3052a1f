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

t.test(
  'a restored server gives no first copy before it holds again what it had reported: others have forgotten by that (seed 52200202)',
  async (t) => {
    const world = await World.started(
      [1, 2].map((id) => directoryServer(id, [3 - id], { startHoldMs: 1000 })),
    );
    const [s1, s2] = [world.server('s1'), world.server('s2')];
    await world.writes('s1', 5);
    await world.settle();
    const backup = await rows(s1);
    await world.writes('s1', 5);
    await world.settle();
    await world.run(15_000);
    const forgotten = s2.members?.bound().horizon?.stable;
    await restore(world, s1, backup);
    world.network.shape.minDelayMs = 40;
    world.network.shape.maxDelayMs = 50;
    void s1.start();
    await world.run(5000, () => /restored from an older copy/.test(s1.replica?.writesHeld() ?? ''));
    for (const [from, to] of [
      ['s1', 's2'],
      ['s2', 's1'],
    ] as const)
      world.network.cut(from, to);
    t.notOk(
      forgotten === undefined || s1.directory?.state.coversAll(forgotten),
      'it lacks what is forgotten',
    );
    const s4 = world.add(directoryServer(4, [1], { hasData: false }));
    void s4.start();
    await world.run(10_000, () => s4.directory?.generationId !== undefined);
    t.equal(s4.directory?.generationId, undefined);
    t.match(s4.alerts.join(), /s1 cannot export .*lacks changes that it had reported/);
    world.network.healAll();
    await world.run(20_000, () => s4.directory?.generationId !== undefined);
    t.ok(forgotten !== undefined && s4.directory?.state.coversAll(forgotten), 'its copy has that');
  },
);

t.test(
  'a restored server that one peer gave its changes back goes on waiting for the word of the others',
  async (t) => {
    const world = await World.started([
      directoryServer(1, [2], { startHoldMs: 3000 }),
      directoryServer(2, [1, 3], { startHoldMs: 3000 }),
      directoryServer(3, [2], { startHoldMs: 3000 }),
    ]);
    await world.run(3000);
    await world.writes('s2', 5);
    await world.settle();
    const server = world.server('s2');
    const backup = await rows(server);
    await world.writes('s2', 5);
    await world.settle();
    world.network.cut('s2', 's1');
    world.network.cut('s1', 's2');
    await world.writes('s2', 5);
    await world.run(500);
    await restore(world, server, backup);
    world.network.healAll();
    Object.assign(world.network.shape, { minDelayMs: 20, maxDelayMs: 20 });
    void server.start();
    // The hello of s3 is on its way and does not come.
    await world.run(50);
    world.network.cut('s3', 's2');
    await world.run(5000, () => /s2 has its own changes up to .* back/.test(server.alerts.join()));
    t.equal(server.incarnation, 's2-1+', 'what s1 knows is back');
    world.network.healAll();
    await world.run(10);
    t.match(server.replica?.writesHeld(), /is asking the other servers what they know of it/);
    await world.run(5000, () => server.replica?.writesHeld() === undefined);
    t.ok(
      server.acked.every((csn) => server.changelog?.holds(csn)),
      'what s3 alone knew is back too',
    );
    await world.writes('s2', 3);
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
      await world.run(700);
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
  'a server restored while it was cut off, and that wrote nothing, takes no writes before it holds again what it once reported',
  async (t) => {
    const world = await World.started([
      directoryServer(1, [2], { startHoldMs: 500 }),
      directoryServer(2, [1], { startHoldMs: 500 }),
    ]);
    await world.writes('s2', 5);
    await world.settle();
    const server = world.server('s1');
    const backup = await rows(server);
    await world.writes('s2', 20);
    await world.run(1000);
    await restore(world, server, backup);
    world.network.cut('s1', 's2');
    world.network.cut('s2', 's1');
    void server.start();
    // It reports what it holds, which is less than it said: its row is the later one.
    await world.run(3000);
    t.equal(server.replica?.writesHeld(), undefined);
    Object.assign(world.network.shape, { minDelayMs: 50, maxDelayMs: 50 });
    world.network.healAll();
    await world.run(10_000, () => server.broker?.following().includes('s2') === true);
    await world.run(20);
    t.match(server.replica?.writesHeld(), /holds an older copy of its data than it once told/);
    await world.settle();
    await world.run(500);
    await world.writes('s1', 1);
  },
);

t.test(
  'a copy that begins while changes are made anew waits for that, and keeps what was made',
  async (t) => {
    const world = await World.started([directoryServer(1, [2]), directoryServer(2, [1])]);
    await world.writes('s1', 10);
    await world.settle();
    const server = world.server('s1');
    await world.run(700);
    const backup = await rows(server);
    await world.writes('s1', 10);
    await world.settle();
    await restore(world, server, backup);
    world.network.cut('s1', 's2');
    world.network.cut('s2', 's1');
    void server.start();
    await world.run(3000);
    await world.writes('s1', 10);
    world.network.healAll();
    await world.run(30_000, () => server.reissued.length > 0);
    server.disk.faults.delay = () => world.time.sleep(100);
    // Nobody hears of what is made from here on, until the copy is asked for.
    world.network.cut('s1', 's2');
    world.network.breakLinks('s1', 's2');
    await world.run(10_000, () => server.reissued.length > 3);
    void server.replica?.initialize('s2').catch(() => {});
    world.network.healAll();
    await world.run(30_000, () => server.directory?.importing === true);
    t.ok(server.directory?.importing, 'begun');
    await world.run(30_000, () => !server.reissuing);
    await world.settle();
    const contents = (await world.server('s2').directory?.contents())?.split('\n') ?? [];
    t.equal(contents.length, 30, 'nothing is lost');
  },
);

t.test(
  'while others hold another history of it, it takes no writes, whoever else lets it in, and says what to do',
  async (t) => {
    const world = await World.started([
      directoryServer(1, [2]),
      directoryServer(2, [1, 3]),
      directoryServer(3, [2]),
    ]);
    const between = (a: string, b: string, passes: boolean): void => {
      for (const [from, to] of [[a, b] as const, [b, a] as const])
        if (passes) world.network.heal(from, to);
        else world.network.cut(from, to);
    };
    await world.writes('s2', 5);
    await world.settle();
    const server = world.server('s2');
    const backup = await rows(server);
    between('s1', 's2', false);
    await world.writes('s2', 5);
    await world.run(500);
    between('s2', 's3', false);
    await restore(world, server, backup);
    // s1 knows nothing of what s3 holds: what s2 makes now goes on to s1, and s3 lacks what s1 makes.
    between('s1', 's2', true);
    void server.start();
    await world.run(5000, () => server.broker?.following().includes('s1') === true);
    await world.writes('s1', 2);
    await world.writes('s2', 3);
    await world.run(500);
    between('s2', 's3', true);
    const sentence = /s2 and s3 hold different histories of replica 2; s2 was restored .* initialize it/;
    await world.run(10_000, () => server.alerts.some((alert) => sentence.test(alert)));
    let taken = 0;
    for (let i = 0; i < 100; i++) {
      await world.run(50);
      if (server.replica?.writesHeld() === undefined) taken += 1;
    }
    t.equal(taken, 0, 'no more of it is acknowledged that must be made anew');
    await world.run(1000, () => server.replica?.progress() === undefined);
    t.match(server.replica?.writesHeld(), sentence);
    await world.wait(server.replica?.initialize('s1') ?? Promise.resolve());
    await world.run(5000);
    t.same(server.reissued, [], 'what the source holds of it is not made a second time');
    // By hand, as the documentation says: one side is given up.
    await world.writes('s3', 2);
    const other = world.server('s3');
    const refused = await world.wait(
      (other.replica?.initialize('s2') ?? Promise.resolve()).then(String, (error: unknown) => String(error)),
    );
    t.match(refused, /s2 lacks changes that no server but s3 is known to have: .* of s2 /);
    await world.wait(other.replica?.initialize('s2', 'reissued', async () => {}) ?? Promise.resolve());
    const held = () => [server, other].some(({ replica }) => replica?.writesHeld() !== undefined);
    await world.run(60_000, () => world.equal() && !held());
    t.ok(other.acked.every((csn) => server.changelog?.holds(csn) === true || other.madeAnew.has(csn)));
    t.ok(server.acked.slice(10).every((csn) => other.changelog?.holds(csn)));
    await world.writes('s2', 1);
    await world.settle();
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
