/**
 * Which broker a server takes changes from, and how soon from another one (replication-model.md section 7; issue: failover in under 2 s).
 */
import t from 'tap';
import type { Csn } from '../../lib/csn/csn.js';
import { siteOf, siteShape, TWO_BROKERS } from '../sim/shapes.js';
import { World } from '../sim/world.js';

/** Writes on s1 every 50 ms for `forMs`, and the longest time that one took to be applied on each of the others. */
async function longestWay(world: World, others: readonly string[], forMs: number, strike: () => void) {
  const ways: { csn: Csn; atMs: number }[] = [];
  const open = new Map<string, Set<Csn>>(others.map((name) => [name, new Set()]));
  let longest = 0;
  const look = (): void => {
    for (const [name, waiting] of open) {
      for (const csn of waiting) {
        if (world.server(name).directory?.state.covers(csn) !== true) continue;
        waiting.delete(csn);
        longest = Math.max(longest, world.time.nowMs - (ways.find((way) => way.csn === csn)?.atMs ?? 0));
      }
    }
  };
  const endMs = world.time.nowMs + forMs;
  const strikeMs = world.time.nowMs + forMs / 4;
  let struck = false;
  while (world.time.nowMs < endMs) {
    const csn = await world.write('s1');
    if (csn === undefined) throw new Error('a write was refused');
    ways.push({ csn, atMs: world.time.nowMs });
    for (const waiting of open.values()) waiting.add(csn);
    if (!struck && world.time.nowMs >= strikeMs) {
      struck = true;
      strike();
    }
    for (let i = 0; i < 5; i++) {
      await world.run(10);
      look();
    }
  }
  await world.run(2000, () => {
    look();
    return [...open.values()].every((waiting) => waiting.size === 0);
  });
  look();
  return { longest, lost: [...open.values()].reduce((sum, waiting) => sum + waiting.size, 0) };
}

/** The broker that a server takes the changes of s1 from. */
function sourceOf(world: World, name: string): string | undefined {
  return world
    .server(name)
    .broker?.status()
    .find((session) => session.direction === 'from' && session.origins.includes(1 as never))?.peer;
}

for (const how of ['crashes', 'falls silent', 'hears and does not forward'] as const) {
  t.test(`the broker in use ${how}: changes come by the other one in under 2 s`, async (t) => {
    const world = await World.started(TWO_BROKERS);
    await world.writes('s1', 3);
    await world.settle();
    const broker = sourceOf(world, 's2') ?? '';
    t.match(broker, /^s[45]$/);
    const { longest, lost } = await longestWay(world, ['s2', 's3'], 4000, () => {
      if (how === 'crashes') world.server(broker).crash();
      else {
        for (const name of world.servers.keys()) {
          world.network.cut(broker, name);
          if (how === 'falls silent') world.network.cut(name, broker);
        }
      }
    });
    t.equal(lost, 0);
    t.ok(longest < 2000, `the longest way took ${Math.round(longest)} ms`);
    t.comment(`${how}: ${Math.round(longest)} ms`);
    t.not(sourceOf(world, 's2'), broker);
  });
}

t.test(
  'a broker whose disk hangs is left within the grace time, and used again when it keeps up',
  async (t) => {
    const world = await World.started(TWO_BROKERS);
    await world.writes('s1', 3);
    await world.settle();
    const broker = sourceOf(world, 's2') ?? '';
    const { longest, lost } = await longestWay(world, ['s2', 's3'], 4000, () => {
      world.server(broker).disk.faults.delay = () => world.time.sleep(3000);
    });
    t.equal(lost, 0);
    t.ok(longest < 1000, `${Math.round(longest)} ms`);
  },
);

t.test('sites: each change crosses the link between two sites once, from broker to broker', async (t) => {
  const world = await World.started(siteShape(100));
  world.countCrossings();
  await world.writes('s1', 2);
  await world.writes('s3', 2);
  await world.settle();
  await world.run(500);
  world.crossings.clear();
  await world.writes('s1', 20);
  await world.writes('s3', 20);
  await world.settle();
  const far = [...world.crossings].filter(([key]) => {
    const [from = '', to = ''] = key.split(' ')[0]?.split('>') ?? [];
    return siteOf(from) !== siteOf(to);
  });
  t.equal(
    far.reduce((sum, [, times]) => sum + times, 0),
    40,
  );
  t.same(new Set(far.map(([key]) => key.split(' ')[0]?.split('>')[1])), new Set(['s5', 's6']));
  t.equal(world.crossings.size, 40 * 5);
});

t.test(
  'sites: when the broker that fetches for its site falls silent, another server of the site takes over',
  async (t) => {
    const world = await World.started(siteShape(100));
    await world.writes('s1', 3);
    await world.settle();
    await world.run(500);
    t.equal(sourceOf(world, 's3'), 's6');
    const { longest, lost } = await longestWay(world, ['s2', 's3', 's4'], 4000, () => {
      for (const name of world.servers.keys()) {
        world.network.cut('s6', name);
        world.network.cut(name, 's6');
      }
    });
    t.equal(lost, 0);
    t.ok(longest < 2000, `${Math.round(longest)} ms`);
    t.equal(sourceOf(world, 's4'), 's3', 'one of the site still fetches for the other');
    world.network.healAll();
    await world.run(12_000);
    await world.writes('s1', 1);
    await world.settle();
    t.equal(sourceOf(world, 's3'), 's6', 'and the broker is used again');
  },
);
