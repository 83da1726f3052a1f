/**
 * A broker whose disk was lost, filled first by a server that was restored and wrote on unheard: it meets those that hold what that server had made before, and gives way to them, since the server itself
 * holds what it wrote since, and makes it anew (replication-model.md sections 2 and 7).
 */
import t, { type Test } from 'tap';
import { type ReplicaId, ZERO_CSN } from '../../lib/csn/csn.js';
import { HUB } from '../sim/shapes.js';
import { World } from '../sim/world.js';

function apart(world: World, names: readonly string[], from: string): void {
  for (const name of names) {
    world.network.cut(name, from);
    world.network.cut(from, name);
  }
}

function together(world: World, name: string, other: string): void {
  world.network.heal(name, other);
  world.network.heal(other, name);
  world.network.breakLinks(name, other);
}

/** s1 has made ten changes that all hold, then ten more that a backup lacks, was restored from it, and has made five that s4, which lost its disk, has of it. */
async function filledByFork(clockMs = 0) {
  const world = await World.started(HUB);
  await world.writes('s1', 10);
  await world.settle();
  await world.run(700);
  const [s1, s4] = [world.server('s1'), world.server('s4')];
  const backup = s1.disk.snapshot();
  await world.writes('s1', 10);
  await world.writes('s2', 5);
  await world.settle();
  apart(world, ['s1', 's2', 's3'], 's4');
  await world.wait(s1.replaceDisk(backup));
  s1.clockOffset.wallMs += clockMs;
  void s1.start();
  await world.run(5000, () => s1.up && s1.replica?.writesHeld() === undefined);
  await world.writes('s1', 5);
  await world.wait(s4.replaceDisk(undefined));
  void s4.start();
  together(world, 's1', 's4');
  await world.run(3000);
  return { world, s1, s4, known: s1.acked.slice(0, 20), anew: s1.acked.slice(20) };
}

for (const clockMs of [0, -3_600_000]) {
  t.test(
    `those that the broker's disk is filled anew from may be wrong: nothing is lost (clock ${clockMs} ms)`,
    async (t) => {
      const { world, s1, s4, known, anew } = await filledByFork(clockMs);
      t.ok(
        anew.every((csn) => s4.changelog?.holds(csn)),
        'the broker has what was made since',
      );
      together(world, 's2', 's4');
      together(world, 's3', 's4');
      await world.run(8000);
      await world.settle();
      t.same([...s1.madeAnew], anew);
      for (const name of ['s1', 's2', 's3', 's4'])
        t.ok(
          known.every((csn) => world.server(name).changelog?.holds(csn)),
          name,
        );
      await world.writes('s1', 2);
      await world.settle();
      t.equal(await s1.directory?.contents(), await world.server('s2').directory?.contents());
    },
  );
}

/** Those that hold what was made before the restore show how it ends, and it does (seed resolve 20002107). */
async function endsByHand(t: Test, world: World): Promise<void> {
  together(world, 's3', 's4');
  await world.run(10_000);
  const remedy =
    /s1 was restored .* which s4 has from it: initialize (s[23]) from s4 .* which names first what \1 alone holds/;
  for (const name of ['s2', 's3']) {
    const { broker, replica } = world.server(name);
    t.match(broker?.status().find(({ peer }) => peer === 's4')?.lastError, remedy, name);
    await world.wait(replica?.initialize('s4', 'reissued', async () => {}) ?? Promise.resolve());
  }
  await world.run(10_000);
  await world.settle();
  for (const name of ['s2', 's3', 's5'])
    t.equal(await world.server(name).directory?.contents(), await world.server('s1').directory?.contents());
}

t.test(
  'a broker gives up nothing that another server agrees about, nor what its maker cannot be asked for',
  async (t) => {
    for (const story of ['another agrees', 'its maker is away', 'its disk was not lost'] as const) {
      const { world, s1, s4, anew } = await filledByFork();
      if (story === 'another agrees') {
        world.add({ ...s1.options, name: 's5', replica: 5 as ReplicaId, hasData: false, peers: ['s4'] });
        void world.server('s5').start();
        await world.run(8000);
        t.ok(world.server('s5').changelog?.state.covers(anew[4] ?? ZERO_CSN), story);
      } else if (story === 'its maker is away') s1.crash();
      else {
        s4.crash();
        await world.wait(s4.disk.batch([{ type: 'del', key: new Uint8Array([0x63, 5]) }], { sync: true }));
        void s4.start();
        await world.run(3000);
      }
      together(world, 's2', 's4');
      await world.run(20_000);
      t.ok(
        anew.every((csn) => s4.changelog?.holds(csn)),
        story,
      );
      t.match(
        world.server('s2').alerts.join('\n') + s4.alerts.join('\n'),
        /different histories of replica 1/,
        story,
      );
      t.notMatch(s4.alerts.join('\n'), /are forgotten here/, story);
      if (story === 'another agrees') await endsByHand(t, world);
      if (story !== 'its maker is away') continue;
      void s1.start();
      together(world, 's3', 's4');
      await world.run(30_000);
      await world.settle();
      t.same([...s1.madeAnew], anew, 'and goes on once it is back');
    }
  },
);

t.test('a broker forgets nothing on the word of a server that it does not let in', async (t) => {
  const { world, s4, anew } = await filledByFork();
  await world.wait(s4.members?.decide('s2', 'evicted') ?? Promise.resolve());
  together(world, 's2', 's4');
  await world.run(10_000);
  t.notMatch(s4.alerts.join('\n'), /are forgotten here/);
  t.ok(anew.every((csn) => s4.changelog?.holds(csn)));
});

for (const returns of [false, true])
  t.test(
    `a broker that forgot with its disk who was evicted${returns ? ', and hears when it may return already,' : ''} serves nothing of what that one gave it since`,
    async (t) => {
      const world = await World.started(HUB);
      await world.writes('s3', 3);
      await world.writes('s1', 2);
      await world.settle();
      const [s3, s4] = [world.server('s3'), world.server('s4')];
      apart(world, ['s3'], 's4');
      await world.wait(world.server('s1').members?.decide('s3', 'evicted') ?? Promise.resolve());
      await world.run(1000);
      await world.writes('s3', 4);
      const evicted = s3.acked.slice(3);
      const restore = (): Promise<void> =>
        world.wait(world.server('s1').members?.decide('s3', 'returning') ?? Promise.resolve());
      apart(world, ['s1', 's2'], 's4');
      if (returns) await restore();
      await world.wait(s4.replaceDisk(undefined));
      void s4.start();
      together(world, 's3', 's4');
      await world.run(3000);
      t.ok(
        evicted.every((csn) => s4.changelog?.holds(csn)),
        'it knows nothing of the eviction',
      );
      together(world, 's1', 's4');
      together(world, 's2', 's4');
      await world.run(5000);
      t.match(s4.alerts.join('\n'), /s3 is evicted: 7 changes of it up to .* are forgotten here/);
      for (const name of ['s1', 's2', 's4']) {
        const log = world.server(name).changelog;
        t.notOk(
          evicted.some((csn) => log?.holds(csn)),
          name,
        );
        t.ok(
          s3.acked.slice(0, 3).every((csn) => log?.holds(csn)),
          `${name} has what was made before`,
        );
      }
      if (!returns) await restore();
      await world.run(10_000);
      await world.settle();
      t.same([...s3.madeAnew], evicted);
    },
  );

t.test('a broker that lost its disk hears at once who belongs, however slow the new disk is', async (t) => {
  const world = await World.started(HUB);
  await world.writes('s3', 3);
  await world.settle();
  await world.run(1000);
  const s4 = world.server('s4');
  apart(world, ['s3'], 's4');
  await world.wait(world.server('s1').members?.decide('s3', 'evicted') ?? Promise.resolve());
  await world.run(1000);
  await world.wait(s4.replaceDisk(undefined));
  s4.disk.faults.delay = () => world.time.sleep(150);
  void s4.start();
  // Nobody reports anything new meanwhile.
  await world.run(4000);
  const rows = s4.members
    ?.rows()
    .map(({ name, kind, standing, report }) => [name, kind, standing, report !== undefined]);
  t.same(rows, [
    ['s1', 'directory', 'member', true],
    ['s2', 'directory', 'member', true],
    ['s3', 'directory', 'evicted', true],
    ['s4', 'broker', 'member', true],
  ]);
});
