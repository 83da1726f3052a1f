/** An hour without a way between two servers, by the clock: both go on, nobody repeats itself, and what is lacking comes in seconds. */
import t from 'tap';
import { directoryServer, World } from './world.js';

const HOUR_MS = 3_600_000;

t.test('two servers are cut off from each other for an hour, and both take writes', async (t) => {
  const world = await World.started([directoryServer(1, [2]), directoryServer(2, [1])]);
  await world.writes('s1', 3);
  await world.settle();
  world.network.cut('s1', 's2');
  world.network.cut('s2', 's1');
  const beganMs = world.time.nowMs;
  for (let k = 0; world.time.nowMs < beganMs + HOUR_MS; k++) {
    await world.writes(k % 2 === 0 ? 's1' : 's2', 2);
    await world.run(HOUR_MS / 20);
  }
  t.notOk(world.equal());
  for (const server of world.servers.values())
    t.ok(server.alerts.length < 10, `${server.name} said ${server.alerts.length} things`);
  world.countCrossings();
  world.network.healAll();
  const tookMs = await world.settle(20_000);
  t.ok(tookMs < 5000, `equal ${Math.round(tookMs)} ms after the mending`);
  t.same([...new Set(world.crossings.values())], [1], 'each change came once');
  t.ok(world.crossings.size >= 40 && world.crossings.size <= 46, 'and only what was lacking');
});
