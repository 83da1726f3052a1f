/**
 * Two histories of one server, each acknowledged and each held by others, between which people decide (replication-model.md section 2; docs/replication.md, A restored server): no copy drops what was made
 * before the restore unnamed, and what is advised ends equal (seeds 2001497 and 2004955 of the swarm show the state).
 */
import t from 'tap';
import { type Csn, csnReplica, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { givenUpChanges } from '../../lib/replica/given-up-changes.js';
import { believed } from '../../lib/replica/sole-holdings.js';
import type { GiveUp } from '../../lib/replica/total-update.js';
import { directoryServer, World } from '../sim/world.js';

const NAMES = ['s1', 's2', 's3'] as const;
const [R1, R2] = [1, 2] as const as readonly number[] as [ReplicaId, ReplicaId];

/** A chain: s3 alone has what s1 made before it was restored, s2 what it made since. `clockMs`: how far the clock of s1 is set after the restore; `ofS2`: changes that s2 made since. */
async function forked(clockMs: number, ofS2: number) {
  const world = await World.started([
    directoryServer(1, [2, 3], { startHoldMs: 500 }),
    directoryServer(2, [1], { startHoldMs: 500 }),
    directoryServer(3, [1], { startHoldMs: 500 }),
  ]);
  const between = (a: string, b: string, how: 'cut' | 'heal'): void => {
    world.network[how](a, b);
    world.network[how](b, a);
  };
  await world.run(1000);
  for (const name of NAMES) await world.writes(name, 5);
  await world.settle();
  await world.run(700);
  const s1 = world.server('s1');
  const backup = s1.disk.snapshot();
  between('s1', 's2', 'cut');
  await world.writes('s1', 5);
  await world.run(1000);
  const before = s1.acked.slice(5);
  between('s1', 's3', 'cut');
  await world.wait(s1.replaceDisk(backup));
  s1.clockOffset.wallMs += clockMs;
  between('s1', 's2', 'heal');
  void s1.start();
  await world.run(5000, () => s1.up && s1.replica?.writesHeld() === undefined);
  for (const [name, count] of [
    ['s1', 4],
    ['s2', ofS2],
    ['s3', 3],
  ] as const)
    await world.writes(name, count);
  await world.run(1000);
  between('s1', 's3', 'heal');
  await world.run(3000);
  return { world, before, made: NAMES.flatMap((name) => world.server(name).acked) };
}

for (const clockMs of [0, -3_600_000]) {
  t.test(
    `what a server made before its restore, and one other holds, is named before it goes (clock at ${clockMs} ms)`,
    async (t) => {
      const { world, before, made } = await forked(clockMs, 3);
      const s3 = world.server('s3');
      const wrongWay = await world.wait(
        (world.server('s1').replica?.initialize('s3') ?? Promise.resolve()).then(String, (error: unknown) =>
          String(error),
        ),
      );
      t.match(
        wrongWay,
        /s2 and s1 hold what s1 made since it was restored.* initialize s3 instead .* --from s1 /,
        's1 would wait',
      );
      await world.run(3000);
      t.match(world.server('s1').replica?.writesHeld(), /different histories of replica 1|was restored/);
      const failure = await world.wait(
        (s3.replica?.initialize('s1') ?? Promise.resolve()).then(String, (error: unknown) => String(error)),
      );
      t.match(failure, /s1 lacks changes that no server but s3 is known to have: 5 changes of s1 /);
      t.ok(before.every((csn) => s3.changelog?.get(csn) !== undefined));
      const saved: Csn[] = [];
      const save: GiveUp = async (holdings, source) => {
        const log = s3.changelog;
        if (log === undefined) throw new Error('s3 is down');
        for await (const { changes } of givenUpChanges(log, holdings, source))
          saved.push(...changes.map(({ csn }) => csn));
      };
      await world.wait(s3.replica?.initialize('s1', 'reissued', save) ?? Promise.resolve());
      t.ok(
        before.every((csn) => saved.includes(csn)),
        'saved first',
      );
      t.ok(saved.every((csn) => csnReplica(csn) === 1));
      await world.run(10_000);
      // What a server reported as held is waited for by its CSN: newer ones of that server end it, so a clock that was set back is set right.
      const s1 = world.server('s1');
      t.equal(s1.replica?.writesHeld(), undefined);
      s1.clockOffset.wallMs -= clockMs;
      await world.writes('s1', 1);
      await world.run(5000);
      await world.settle();
      for (const name of NAMES) {
        const server = world.server(name);
        t.equal(server.replica?.writesHeld(), undefined, name);
        t.ok(made.every((csn) => before.includes(csn) || server.changelog?.holds(csn)));
        t.equal(await server.directory?.contents(), await s3.directory?.contents());
      }
    },
  );
}

t.test(
  'what goes is named and saved also where others hold it too: they have to give it up in their turn, and may not be asked (seed 2006586)',
  async (t) => {
    const held = ServerState.of([makeCsn(5, 0, R1), makeCsn(9, 0, R2)]);
    const source = ServerState.of([makeCsn(7, 0, R1), makeCsn(9, 0, R2)]);
    const counted = (...more: Csn[]) =>
      believed(
        ServerState.of([makeCsn(9, 0, R2), ...more]),
        ServerState.of([makeCsn(5, 0, R1)]),
        held,
      ).csns();
    const both = [makeCsn(9, 0, R2)];
    t.same(counted(makeCsn(5, 0, R1)), both, 'an ally');
    t.same(counted(makeCsn(7, 0, R1)), both, 'the source, or one that holds what it holds');
    t.same(counted(makeCsn(3, 0, R1)), [makeCsn(3, 0, R1), ...both], 'older, as both histories have it');
    t.same(believed(source, undefined, held).csns(), source.csns(), 'one history');
  },
);

t.test(
  'a restored server that took its copy makes anew what it wrote, once who followed it meanwhile has taken one of it',
  async (t) => {
    const { world, made } = await forked(0, 0);
    await world.run(10_000);
    const s2 = world.server('s2');
    const session = s2.broker?.status().find(({ peer }) => peer === 's1');
    t.match(session?.lastError, /s1 was restored .* where it has been, initialize s2 from it/);
    const unasked = await world.wait(
      (s2.replica?.initialize('s1') ?? Promise.resolve()).then(String, (error: unknown) => String(error)),
    );
    t.match(unasked, /known to have: 4 changes of s1 /, 'which s1 has kept');
    await world.wait(s2.replica?.initialize('s1', 'reissued', async () => {}) ?? Promise.resolve());
    await world.run(10_000);
    await world.settle();
    const s1 = world.server('s1');
    t.equal(s1.reissued.length, 4);
    for (const name of NAMES) {
      const server = world.server(name);
      t.equal(server.replica?.writesHeld(), undefined, name);
      t.ok(made.every((csn) => s1.madeAnew.has(csn) || server.changelog?.holds(csn)));
      t.equal(await server.directory?.contents(), await s1.directory?.contents());
    }
  },
);
