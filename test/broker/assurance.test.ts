/** Assured writes among whole servers on a simulated network (docs/assurance.md): what each mode promises holds, and what is slow or dead costs little. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { Assurance } from '../../lib/broker/assurance.js';
import type { Changelog } from '../../lib/changelog/changelog.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import type { AssuredOutcome, AssuredWish } from '../../lib/sync/assured-waits.js';
import type { Hello } from '../../lib/sync/frames.js';
import { expectedMember } from '../../lib/sync/member-row.js';
import { CHAIN_4, HUB, MESH_3, RING_4, type Shape } from '../sim/shapes.js';
import { MachineClock, VirtualTime } from '../sim/virtual-time.js';
import { directoryServer, World } from '../sim/world.js';

const DATA: AssuredWish = { mode: 'safe-data', level: 1 };
const READ: AssuredWish = { mode: 'safe-read', level: 1 };
const TIMEOUT_MS = 2000;

/** A write that waits; the answer's time after it was on the writer's own disk. */
async function assured(world: World, name: string, wish: AssuredWish) {
  const csn = must(await world.write(name), 'the write is taken');
  const began = world.time.nowMs;
  const assurance = must(world.server(name).assurance, 'it runs');
  const outcome = await world.wait(assurance.wait(csn, wish, TIMEOUT_MS));
  return { csn, outcome, tookMs: world.time.nowMs - began };
}

const others = (shape: Shape, name: string) => shape.servers.filter((server) => server.name !== name);

for (const shape of [MESH_3, RING_4, CHAIN_4, HUB]) {
  t.test(
    `${shape.name}: safe-read returns when every directory has applied the change, and soon`,
    async (t) => {
      const world = await World.started(shape);
      world.network.shape.minDelayMs = 5;
      world.network.shape.maxDelayMs = 5;
      const writer = must(
        shape.servers.find(({ replica }) => replica !== undefined),
        'a directory',
      ).name;
      for (let i = 0; i < 5; i++) {
        const { csn, outcome, tookMs } = await assured(world, writer, READ);
        t.equal(outcome.kind, 'reached', JSON.stringify(outcome));
        for (const { name, replica } of others(shape, writer))
          if (replica !== undefined)
            t.ok(world.server(name).directory?.state.covers(csn), `${name} has applied it`);
        // A way of at most three links there and back, and disks; no timer of 100 ms on it.
        t.ok(tookMs < 60, `${tookMs} ms`);
      }
      const level = others(shape, writer).length;
      const { csn, outcome } = await assured(world, writer, { mode: 'safe-data', level });
      t.same([outcome.kind, outcome.have.length], ['reached', level]);
      for (const { name } of others(shape, writer)) t.ok(world.server(name).changelog?.state.covers(csn));
    },
  );
}

t.test('an acknowledged safe-data write survives the loss of the disk of its origin', async (t) => {
  for (let seed = 1; seed <= 15; seed++) {
    const world = new World(MESH_3.servers, seed);
    for (const server of world.servers.values()) void server.start();
    await world.run(1000);
    const acked: Csn[] = [];
    const writer = world.server('s1');
    const assurance = must(writer.assurance, 'it runs');
    for (let i = 0; i < 30; i++) {
      const csn = must(await world.write('s1'), 'taken');
      void assurance.wait(csn, DATA, TIMEOUT_MS).then((outcome) => {
        if (outcome.kind === 'reached') acked.push(csn);
      });
    }
    // At any moment: with writes on their way, the origin is gone for ever, and the others lose what they had not synced.
    await world.run(world.random.below(40));
    const promised = [...acked];
    writer.crash();
    const left = world.random.below(2) === 0 ? 's2' : 's3';
    world.server(left).crash();
    void world.server(left).start();
    await world.run(5000);
    const held = (name: string, csn: Csn) => world.server(name).changelog?.state.covers(csn) === true;
    const lost = promised.filter((csn) => !held('s2', csn) || !held('s3', csn));
    t.same(lost, [], `seed ${seed}: ${promised.length} acknowledged`);
  }
});

t.test(
  'a dead server costs one timeout, is left out and named, and counts again when it is back',
  async (t) => {
    const world = await World.started(MESH_3);
    await assured(world, 's1', READ);
    world.server('s3').crash();
    const first = await assured(world, 's1', READ);
    t.same(first.outcome, { kind: 'timeout', have: ['s2'], missing: ['s3'], leftOut: [] });
    t.ok(first.tookMs >= TIMEOUT_MS && first.tookMs < TIMEOUT_MS + 200);
    const assurance = must(world.server('s1').assurance, 'it runs');
    t.same(assurance.leftOut, ['s3']);
    const next = await assured(world, 's1', READ);
    t.same(next.outcome, { kind: 'reduced', have: ['s2'], missing: [], leftOut: ['s3'] });
    t.ok(next.tookMs < 200, `${next.tookMs} ms`);
    void world.server('s3').start();
    await world.settle();
    await world.run(500);
    t.same(assurance.leftOut, [], 'the wish that it missed is passed to it by its other peer');
    const back = await assured(world, 's1', READ);
    t.equal(back.outcome.kind, 'reached');
    t.same({ ...assurance.counts['safe-read'] }, { sent: 4, acknowledged: 2, reduced: 1, timeout: 1 });
    t.same([...assurance.missed], [['s3', 1]]);
  },
);

t.test('a slow server holds up those that wait for it, and no others', async (t) => {
  const world = await World.started(MESH_3);
  world.server('s3').disk.faults.delay = () => world.time.sleep(700);
  const data = await assured(world, 's1', DATA);
  t.equal(data.outcome.kind, 'reached');
  t.ok(data.tookMs < 100, `safe-data of one: ${data.tookMs} ms`);
  const csn = must(await world.write('s1'), 'taken');
  const assurance = must(world.server('s1').assurance, 'it runs');
  let read: AssuredOutcome | undefined;
  void assurance.wait(csn, READ, TIMEOUT_MS).then((outcome) => {
    read = outcome;
  });
  await world.run(300);
  t.equal(read, undefined);
  await world.run(3000);
  t.ok(read !== undefined);
});

t.test('a link that is lost while a write waits: the acknowledgement comes another way', async (t) => {
  const world = await World.started(MESH_3);
  world.network.shape.minDelayMs = 50;
  world.network.shape.maxDelayMs = 50;
  const csn = must(await world.write('s1'), 'taken');
  const assurance = must(world.server('s1').assurance, 'it runs');
  let outcome: AssuredOutcome | undefined;
  void assurance.wait(csn, READ, 20_000).then((given) => {
    outcome = given;
  });
  world.network.cut('s1', 's3');
  world.network.cut('s3', 's1');
  await world.run(10_000, () => outcome !== undefined);
  t.equal(outcome?.kind, 'reached', JSON.stringify(outcome));
});

t.test('alone: safe-read has nobody to ask, safe-data is reduced at once', async (t) => {
  const world = await World.started([directoryServer(1, [])]);
  t.equal((await assured(world, 's1', READ)).outcome.kind, 'reached');
  const data = await assured(world, 's1', DATA);
  t.same(data.outcome, { kind: 'reduced', have: [], missing: [], leftOut: [] });
});

t.test('a server of the list that never ran is waited for once', async (t) => {
  const world = new World([directoryServer(1, [2]), directoryServer(2, [1])]);
  void world.server('s1').start();
  await world.run(1000);
  const first = await assured(world, 's1', DATA);
  t.same(first.outcome, { kind: 'timeout', have: [], missing: ['s2'], leftOut: [] });
  const next = await assured(world, 's1', DATA);
  t.same([next.outcome.kind, next.tookMs < 5], ['reduced', true]);
});

t.test('of two servers the one that was left out counts again as soon as it is back', async (t) => {
  const world = await World.started([directoryServer(1, [2]), directoryServer(2, [1])]);
  await assured(world, 's1', READ);
  world.server('s2').crash();
  t.equal((await assured(world, 's1', READ)).outcome.kind, 'timeout');
  void world.server('s2').start();
  await world.settle();
  await world.run(500);
  t.same(world.server('s1').assurance?.leftOut, []);
  t.equal((await assured(world, 's1', READ)).outcome.kind, 'reached');
});

const CHAIN_3 = [directoryServer(1, [2]), directoryServer(2, [1, 3]), directoryServer(3, [2])];

t.test('a link far from the writer is lost while it waits: the answer is asked for anew', async (t) => {
  const world = await World.started(CHAIN_3);
  world.server('s3').disk.faults.delay = () => world.time.sleep(2000);
  const csn = must(await world.write('s1'), 'taken');
  const assurance = must(world.server('s1').assurance, 'it runs');
  const began = world.time.nowMs;
  const waits = assurance.wait(csn, READ, 20_000);
  await world.run(500);
  world.network.breakLinks('s2', 's3');
  const outcome = await world.wait(waits);
  t.equal(outcome.kind, 'reached', JSON.stringify(outcome));
  t.ok(world.time.nowMs - began < 15_000, `${world.time.nowMs - began} ms`);
});

t.test('a link far from the writer is lost: who is left out behind it comes back by itself', async (t) => {
  const world = await World.started(CHAIN_3);
  world.server('s3').disk.faults.delay = () => world.time.sleep(3000);
  t.equal((await assured(world, 's1', READ)).outcome.kind, 'timeout');
  const assurance = must(world.server('s1').assurance, 'it runs');
  t.same(assurance.leftOut, ['s3']);
  world.network.breakLinks('s2', 's3');
  world.server('s3').disk.faults.delay = () => world.time.sleep(0.2);
  await world.settle();
  await world.run(6000);
  t.same(assurance.leftOut, []);
});

t.test('a server that was left out and is forgotten for good is named no more', async (t) => {
  const world = await World.started(MESH_3);
  await world.writes('s1', 1);
  await world.settle();
  await world.run(1000);
  world.server('s3').crash();
  const { outcome } = await assured(world, 's1', READ);
  t.equal(outcome.kind, 'timeout');
  const { assurance, members } = world.server('s1');
  t.same(assurance?.leftOut, ['s3']);
  await world.wait(members?.decide('s3', 'evicted') ?? Promise.resolve());
  t.same(assurance?.leftOut, []);
});

t.test('of a change that is made anew under another CSN nobody is told that others hold it', async (t) => {
  const world = await World.started(
    MESH_3.servers.map((server) => ({ ...server, autoInitialize: server.name !== 's3' })),
  );
  const [s1, s3] = [world.server('s1'), world.server('s3')];
  await world.writes('s3', 1);
  await world.settle();
  for (const other of ['s1', 's2']) {
    world.network.cut('s3', other);
    world.network.cut(other, 's3');
  }
  await world.run(5000);
  await world.wait(s1.members?.decide('s3', 'evicted') ?? Promise.resolve());
  const csn = must(await world.write('s3'), 'cut off, it takes writes');
  const assurance = must(s3.assurance, 'it runs');
  let outcome: AssuredOutcome | undefined;
  void assurance.wait(csn, DATA, 20_000).then((given) => {
    outcome = given;
  });
  await world.wait(s1.members?.decide('s3', 'returning') ?? Promise.resolve());
  world.network.healAll();
  await world.run(3000);
  await world.wait(s3.replica?.initialize('s1') ?? Promise.resolve());
  await world.run(10_000, () => s3.madeAnew.has(csn));
  await world.settle();
  t.ok(s3.madeAnew.has(csn));
  t.equal(outcome, undefined, 'what others hold has another CSN');
  await world.run(20_000, () => outcome !== undefined);
  t.same(outcome, { kind: 'timeout', have: [], missing: [], leftOut: [] });
});

t.test(
  'who was left out counts again without a change that the writer itself gave up for a copy',
  async (t) => {
    const time = new VirtualTime();
    const [kept, given] = [1000, 2000].map((ms) => makeCsn(ms, 0, 1 as ReplicaId)) as [Csn, Csn];
    let newest = given;
    const log = { newest: () => newest, holds: (csn: Csn) => csn <= newest, onAdvance: () => () => {} };
    const s2 = { ...expectedMember('s2'), kind: 'directory', replica: 2 as ReplicaId } as const;
    const assurance = new Assurance({
      server: 's1',
      replica: 1 as ReplicaId,
      changelog: log as unknown as Changelog,
      applied: () => undefined,
      members: () => [s2],
      clock: new MachineClock(time, { wallMs: 0 }, () => true),
    });
    const link = assurance.enter({ server: 's2' } as Hello, () => {});
    const waits = assurance.wait(given, READ, 100);
    await time.run(200);
    t.equal((await waits).kind, 'timeout');
    const held = { server: 's2', origin: 1 as ReplicaId, log: kept, applied: kept };
    const says = { kind: 'assurance', saying: { kind: 'held', rows: [held] } } as const;
    link.take(says);
    t.same(assurance.leftOut, ['s2']);
    newest = kept;
    link.take(says);
    t.same(assurance.leftOut, []);
  },
);
