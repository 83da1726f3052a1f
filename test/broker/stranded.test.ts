/**
 * A disk guard that trims what a broker had not fetched yet (replication-model.md section 2): the broker begins that origin anew where its source can still serve it, and those behind it take copies.
 */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { HUB } from '../sim/shapes.js';
import { World } from '../sim/world.js';

/** s2 writes, and the broker s4 has it; s2 is cut off, writes on, and its disk guard trims its log up to its last change. */
async function stranded() {
  const world = await World.started(HUB);
  await world.writes('s2', 5);
  await world.writes('s1', 3);
  await world.settle();
  world.network.cut('s2', 's4');
  world.network.cut('s4', 's2');
  await world.run(4000);
  await world.writes('s2', 10);
  await world.writes('s1', 3);
  const s2 = world.server('s2');
  const made = s2.acked.slice(-10);
  const log = must(s2.changelog, 's2 runs');
  await world.wait(log.purge(must(made[9], 'ten writes'), log.state));
  world.network.heal('s2', 's4');
  world.network.heal('s4', 's2');
  return { world, made };
}

t.test('behind a broker that lacks what its source trimmed, all end equal, by copies', async (t) => {
  const { world, made } = await stranded();
  await world.settle(60_000);
  for (const name of ['s1', 's3']) {
    const state = world.server(name).directory?.state;
    t.ok(
      made.every((csn) => state?.covers(csn)),
      `${name} has what s2 wrote`,
    );
  }
  t.match(world.server('s4').alerts.join('\n'), /of replica 2 .* begins anew/, 'and it is told');
  await world.run(5000);
  await world.writes('s2', 2);
  await world.writes('s1', 2);
  await world.settle();
});
