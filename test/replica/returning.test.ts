/** Servers that were evicted and may return, on simulated ones: what they need before they are let in, and what is no way in (lib/replica/returning.ts, lib/sync/admission.ts). */
import t from 'tap';
import { LEAVES_OF_MASTER, MESH_3, type Shape } from '../sim/shapes.js';
import { World } from '../sim/world.js';

/** s3 was cut off, wrote on, was evicted, and may return: others can hear it, and it takes no copy by itself. */
async function returned(shape: Shape) {
  const world = await World.started(
    shape.servers.map((server) => ({ ...server, autoInitialize: server.name !== 's3' })),
  );
  const [s1, s2, s3] = [world.server('s1'), world.server('s2'), world.server('s3')];
  await world.writes('s3', 3);
  await world.settle();
  for (const other of ['s1', 's2']) {
    world.network.cut('s3', other);
    world.network.cut(other, 's3');
  }
  await world.run(5000);
  for (const name of ['s1', 's2']) await world.writes(name, 3);
  await world.writes('s3', 2);
  await world.wait(s1.members?.decide('s3', 'evicted') ?? Promise.resolve());
  await world.run(1000);
  await world.wait(s1.members?.decide('s3', 'returning') ?? Promise.resolve());
  await world.run(1000);
  world.network.healAll();
  await world.run(3000);
  return { world, s1, s2, s3, unseen: s3.acked.slice(3) };
}

for (const shape of [MESH_3, LEAVES_OF_MASTER])
  t.test(`${shape.name}: one that may return is not let in by being asked for a copy`, async (t) => {
    const { world, s1, s2, unseen } = await returned(shape);
    await t.rejects(
      world.wait(s1.replica?.initialize('s3', 'others') ?? Promise.resolve()),
      /does not hold yet/,
    );
    await world.run(5000);
    for (const { name, members, changelog } of [s1, s2]) {
      t.equal(members?.rows().find((row) => row.name === 's3')?.standing, 'returning', `as ${name} knows it`);
      t.notOk(
        unseen.some((csn) => changelog?.holds(csn)),
        `${name} has taken nothing of what it made`,
      );
    }
  });
