/**
 * A server that comes back older than it was, writes on before it meets a peer, and knows brokers alone: it takes a copy that a broker fetches for it, and makes its own
 * changes anew (replication-model.md section 2; reliability.md F29-F32).
 */
import t from 'tap';
import { ROOT_UUID } from '../../lib/change/change.js';
import type { Csn } from '../../lib/csn/csn.js';
import { entryUuid } from '../sim/entry-uuid.js';
import { HUB, LEAVES_1, type Shape, SITES, TWO_BROKERS } from '../sim/shapes.js';
import type { SimServer } from '../sim/sim-server.js';
import { RDN, World } from '../sim/world.js';

/** Takes a server back to a backup while its changes after that are known by others, and lets it write while nobody hears it. */
async function restoredAndForked(
  shape: Shape,
  more: {
    readonly alone?: boolean;
    readonly clockMs?: number;
    readonly crashes?: number;
    readonly mended?: boolean;
  } = {},
) {
  const servers = shape.servers.filter(
    ({ name, replica }) => more.alone !== true || replica === undefined || name === 's1' || name === 's2',
  );
  const world = await World.started(servers);
  await world.writes('s1', 10);
  await world.settle();
  // All have reported what they have of it.
  await world.run(700);
  const server = world.server('s1');
  const backup = server.disk.snapshot();
  await world.writes('s1', 10);
  await world.writes('s2', 5);
  await world.settle();
  const known = server.acked.length;
  const brokers = [...world.servers.values()].filter(({ options }) => options.replica === undefined);
  for (const { name } of brokers)
    for (const [a, b] of [
      [name, 's1'],
      ['s1', name],
    ] as const)
      world.network.cut(a, b);
  await world.wait(server.replaceDisk(backup));
  server.clockOffset.wallMs += more.clockMs ?? 0;
  void server.start();
  await world.run(5000, () => server.up && server.replica?.writesHeld() === undefined);
  await world.writes('s1', 5);
  for (let i = 0; i < (more.crashes ?? 0); i++) {
    server.crash();
    if (more.mended === true) server.clockOffset.wallMs = 0;
    void server.start();
    await world.run(5000, () => server.up && server.replica?.writesHeld() === undefined);
    await world.writes('s1', 5);
  }
  return { world, server, known };
}

function acknowledged(server: SimServer, known: number): readonly Csn[] {
  return server.acked.slice(0, known);
}

for (const shape of [SITES, LEAVES_1]) {
  t.test(
    `${shape.name}: it is initialized by itself, and nothing that was acknowledged is lost`,
    async (t) => {
      const { world, server, known } = await restoredAndForked(shape);
      world.network.healAll();
      await world.run(6000);
      await world.settle();
      const log = world.server('s2').changelog;
      t.ok(
        acknowledged(server, known).every((csn) => log?.holds(csn)),
        'what others held is there',
      );
      t.equal(server.reissued.length, 5, 'what only it had was made anew');
      await world.writes('s1', 3);
      await world.settle();
      t.equal(await server.directory?.contents(), await world.server('s2').directory?.contents());
    },
  );
}

t.test(
  'brokers that hold no entries and know nobody who does say so, and the server goes on asking',
  async (t) => {
    const { world, server } = await restoredAndForked(HUB, { alone: true });
    const other = world.server('s2');
    other.crash();
    await world.run(4000);
    world.network.healAll();
    await world.run(5000);
    t.match(server.alerts.join('\n'), /follows no other server that does/);
    t.not(server.replica?.writesHeld(), undefined, 'it takes no writes meanwhile');
    void other.start();
    await world.run(15_000);
    await world.settle();
    t.equal(server.reissued.length, 5);
  },
);

t.test(
  'a copy that comes through a broker goes on after the server that gives it, or the broker, was lost',
  async (t) => {
    for (const lost of ['s2', 's4']) {
      const { world, server } = await restoredAndForked(TWO_BROKERS);
      world.network.healAll();
      await world.run(30_000, () => server.directory?.importing === true);
      world.server(lost).crash();
      await world.run(6000);
      void world.server(lost).start();
      await world.run(6000);
      await world.settle();
      t.equal(server.reissued.length, 5, `${lost} was lost in the middle`);
    }
  },
);

t.test('clients that write as soon as they may do not hide what must be made anew', async (t) => {
  const { world, server } = await restoredAndForked(TWO_BROKERS);
  world.network.healAll();
  await world.run(20_000, () => server.directory?.importing === true);
  let taken = 0;
  for (let i = 0; i < 1000 && taken < 20; i++) {
    await world.run(5);
    if ((await world.write('s1')) !== undefined) taken += 1;
  }
  t.equal(taken, 20);
  await world.run(3000);
  await world.settle();
  t.equal(server.reissued.length, 5);
});

t.test(
  'a clock that was set back with the restore hides nothing: other CSNs than before, and all made anew',
  async (t) => {
    const { world, server, known } = await restoredAndForked(TWO_BROKERS, { clockMs: -3_600_000 });
    world.network.healAll();
    await world.run(6000);
    await world.settle();
    t.equal(server.reissued.length, 5);
    t.ok(acknowledged(server, known).every((csn) => world.server('s2').changelog?.holds(csn)));
    t.equal(await server.directory?.contents(), await world.server('s2').directory?.contents());
  },
);

t.test(
  'a restored server that crashed before it met a peer makes anew what it wrote before the crash, too',
  async (t) => {
    for (const more of [
      { crashes: 1 },
      { crashes: 1, clockMs: -3_600_000 },
      { crashes: 2, clockMs: -3_600_000 },
      { crashes: 1, clockMs: -3_600_000, mended: true },
    ]) {
      const { world, server, known } = await restoredAndForked(TWO_BROKERS, more);
      world.network.healAll();
      await world.run(6000);
      await world.settle();
      const story = JSON.stringify(more);
      t.same([...server.madeAnew], server.acked.slice(known), story);
      t.ok(acknowledged(server, known).every((csn) => world.server('s2').changelog?.holds(csn)));
      t.equal(await server.directory?.contents(), await world.server('s2').directory?.contents());
    }
  },
);

t.test(
  'a broker tells a restored server of its own changes that are on their way to a slow disk too: none is forked off',
  async (t) => {
    const { servers } = HUB;
    const world = await World.started(servers.map((server) => ({ ...server, startHoldMs: 3000 })));
    await world.run(3000);
    await world.writes('s1', 5);
    await world.settle();
    const server = world.server('s1');
    const backup = server.disk.snapshot();
    const broker = world.server('s4');
    broker.disk.faults.delay = () => world.time.sleep(400);
    await world.writes('s1', 5);
    // They have reached the broker, and not its disk.
    await world.run(100);
    await world.wait(server.replaceDisk(backup));
    void server.start();
    await world.run(6000, () => server.up && server.replica?.writesHeld() === undefined);
    t.ok(
      server.acked.every((csn) => server.changelog?.holds(csn)),
      'all are back before it takes writes',
    );
    broker.disk.faults.delay = undefined;
    await world.writes('s1', 2);
    await world.settle();
    t.notMatch([...server.alerts, ...broker.alerts].join(), /forked|different histories/);
  },
);

t.test('a write that is on its way to the disk when the copy begins is kept too', async (t) => {
  const { world, server } = await restoredAndForked(HUB);
  server.disk.faults.delay = () => world.time.sleep(300);
  world.network.healAll();
  for (let i = 0; i < 400 && server.replica?.progress() === undefined; i++) {
    void server.write({
      entry: entryUuid(5000 + i),
      body: { kind: 'add', parent: ROOT_UUID, rdn: RDN, attributes: [] },
    });
    await world.run(10);
  }
  await world.run(10_000);
  server.disk.faults.delay = undefined;
  await world.run(6000);
  await world.settle();
  const lost = server.acked.filter(
    (csn) => !server.madeAnew.has(csn) && server.changelog?.holds(csn) !== true,
  );
  t.same(lost, []);
  t.ok(server.reissued.length > 5, 'some of them were made anew');
});
