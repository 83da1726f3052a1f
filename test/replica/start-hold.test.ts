/**
 * What a server waits for at its start before it takes writes: those that know what it made, also where it dials nobody and they dial it (reliability.md F29).
 */
import t from 'tap';
import type { ReplicaId } from '../../lib/csn/csn.js';
import { callersOf } from '../../lib/replica/member-facts.js';
import { expectedMember, type MemberRow } from '../../lib/sync/member-row.js';
import { LEAVES_OF_MASTER } from '../sim/shapes.js';
import { directoryServer, World } from '../sim/world.js';

function member(name: string, more: Partial<MemberRow> = {}): MemberRow {
  return { ...expectedMember(name), kind: 'directory', replica: 1 as ReplicaId, ...more };
}

t.test(
  'who dials nobody waits for all that belong and were ever heard of; who dials, for those',
  async (t) => {
    const rows = [
      member('s1'),
      member('s2'),
      member('b1', { kind: 'broker', replica: undefined }),
      member('s3', { standing: 'evicted' }),
      member('s4', { standing: 'returning' }),
      expectedMember('s5'),
    ];
    t.same(callersOf(rows, 's1', []), ['s2', 'b1']);
    t.same(callersOf(rows, 's1', ['b1']), []);
    t.same(callersOf([member('s1')], 's1', []), [], 'alone');
  },
);

/** A server that dials nobody, written to, restored to what it was before, and started again. */
async function restoredMaster() {
  const world = await World.started(
    LEAVES_OF_MASTER.servers.map((server) => ({ ...server, startHoldMs: 3000 })),
  );
  const server = world.server('s1');
  await world.writes('s1', 5);
  await world.settle();
  await world.run(1000);
  const backup = server.disk.snapshot();
  await world.writes('s1', 5);
  await world.settle();
  await world.wait(server.replaceDisk(backup));
  return { world, server };
}

t.test(
  'a restored server that dials nobody takes no writes before those who dial it have told it what they know',
  async (t) => {
    const { world, server } = await restoredMaster();
    world.network.shape.minDelayMs = 40;
    world.network.shape.maxDelayMs = 50;
    void server.start();
    await world.run(60);
    t.match(server.replica?.writesHeld(), /has just started/);
    await world.run(3000, () => server.replica?.writesHeld() === undefined);
    await world.writes('s1', 3);
    await world.settle();
    t.equal(server.acked.filter((csn) => world.server('s3').changelog?.holds(csn) !== true).length, 0);
    t.notMatch(server.alerts.join('\n'), /forked|different histories/);
  },
);

t.test('it waits no longer than others do where one that it knows does not come', async (t) => {
  const { world, server } = await restoredMaster();
  world.server('s3').crash();
  void server.start();
  await world.run(2900);
  t.match(server.replica?.writesHeld(), /has just started/);
  await world.run(200);
  t.equal(server.replica?.writesHeld(), undefined);
});

t.test('a server that knows nobody takes writes at once', async () => {
  const world = await World.started([directoryServer(1, [], { startHoldMs: 60_000 })]);
  await world.writes('s1', 1);
});
