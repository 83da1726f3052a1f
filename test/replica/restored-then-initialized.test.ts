/**
 * A server that was restored from a backup, wrote on unheard, and is initialized by command before anybody told it that there is another history of it: what it wrote since is made anew; where it wrote
 * nothing since, nothing is (replication-model.md section 2; found by seeds 2003258 and 2004132 of the swarm).
 */
import t from 'tap';
import { MESH_3 } from '../sim/shapes.js';
import { World } from '../sim/world.js';

/** s1, restored from a backup that lacks ten of its changes, all of which the others hold, and cut off from them. */
async function restored(clockMs = 0) {
  const world = await World.started(MESH_3.servers.map((server) => ({ ...server, startHoldMs: 500 })));
  await world.run(1000);
  await world.writes('s1', 10);
  await world.settle();
  await world.run(700);
  const s1 = world.server('s1');
  const backup = s1.disk.snapshot();
  await world.writes('s1', 10);
  await world.settle();
  for (const other of ['s2', 's3']) {
    world.network.cut(other, 's1');
    world.network.cut('s1', other);
  }
  await world.wait(s1.replaceDisk(backup));
  s1.clockOffset.wallMs += clockMs;
  void s1.start();
  await world.run(4000, () => s1.up && s1.replica?.writesHeld() === undefined);
  const initialize = async (): Promise<void> => {
    world.network.healAll();
    await world.wait(s1.replica?.initialize('s2') ?? Promise.resolve());
    await world.run(5000);
    await world.settle();
  };
  return { world, s1, known: [...s1.acked], initialize };
}

for (const clockMs of [0, -3_600_000]) {
  t.test(`what it wrote since is made anew, with its clock at ${clockMs} ms`, async (t) => {
    const { world, s1, known, initialize } = await restored(clockMs);
    await world.writes('s1', 5);
    const since = s1.acked.slice(known.length);
    await initialize();
    t.same([...s1.madeAnew], since);
    t.equal(s1.reissued.length, 5);
    for (const name of ['s1', 's2', 's3'])
      t.ok(
        known.every((csn) => world.server(name).changelog?.holds(csn)),
        name,
      );
    t.equal(await s1.directory?.contents(), await world.server('s3').directory?.contents());
  });
}

t.test('where it wrote nothing since, nothing is made anew', async (t) => {
  const { world, s1, initialize } = await restored();
  await initialize();
  t.same([...s1.madeAnew], []);
  t.equal(s1.reissued.length, 0);
  t.equal(await s1.directory?.contents(), await world.server('s3').directory?.contents());
});

t.test('nor what came back from one of the others, which is ours, though it lacks the newest', async (t) => {
  const { world, s1, known } = await restored();
  // s3 brings back some: it is cut again before it has brought all.
  s1.disk.faults.delay = () => world.time.sleep(40);
  for (const [a, b] of [
    ['s1', 's3'],
    ['s3', 's1'],
  ] as const)
    world.network.heal(a, b);
  const back = (): number => known.slice(10).filter((csn) => s1.changelog?.get(csn) !== undefined).length;
  await world.run(10_000, () => back() > 0);
  world.network.cut('s1', 's3');
  world.network.cut('s3', 's1');
  t.ok(back() > 0);
  s1.disk.faults.delay = undefined;
  world.network.healAll();
  await world.wait(s1.replica?.initialize('s2') ?? Promise.resolve());
  await world.run(5000);
  await world.settle();
  t.same([...s1.madeAnew], []);
});
