/** What a server told of, lacks, and may never get (lib/replica/member-facts.ts, membership.ts). */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { stillAwaited } from '../../lib/replica/member-facts.js';
import { expectedMember } from '../../lib/sync/member-row.js';
import { MESH_3 } from '../sim/shapes.js';
import { World } from '../sim/world.js';

t.test('a change is gone only where all that belong or may return are connected and lack it', async (t) => {
  const [r1, r2] = [1, 2] as readonly number[] as [ReplicaId, ReplicaId];
  const change = makeCsn(9, 0, r2);
  const rows = ['s1', 's2', 's3'].map(expectedMember);
  const says = (name: string, ...csns: Csn[]) => ({
    name,
    log: ServerState.of(csns),
  });
  const awaited = (known: typeof rows, ...connected: ReturnType<typeof says>[]): number =>
    stillAwaited([change], known, 's1', connected).length;
  const [without, older] = [says('s2'), says('s3', makeCsn(5, 0, r2), makeCsn(9, 0, r1))];
  t.equal(awaited(rows, without, older), 0);
  t.equal(awaited(rows, without, says('s3', change)), 1, 'one has it');
  t.equal(awaited(rows, without, older, says('s2', change)), 1, 'by one of two links');
  t.equal(awaited(rows, without), 1, 's3 cannot be heard');
  const out = (standing: 'evicted' | 'returning') =>
    rows.map((row, at) => (at === 2 ? { ...row, standing } : row));
  t.equal(awaited(out('returning'), without), 1, 'and may return');
  t.equal(awaited(out('evicted'), without), 0, 'a copy takes the place of what an evicted one holds');
});

t.test(
  'what a server told of and no other one has any more is awaited until all of them have said so, and no longer (seed resolve 51001149)',
  async (t) => {
    const world = await World.started(MESH_3.servers);
    const s1 = world.server('s1');
    await world.writes('s1', 3);
    await world.writes('s2', 3);
    await world.settle();
    await world.run(6000);
    const members = must(s1.members, 'a server that is up');
    const own = must(members.own, 'its row');
    const report = must(own.report, 'its report');
    const gone = makeCsn(2_000_000_000_000, 0, 2 as ReplicaId);
    for (const other of ['s1', 's2']) {
      world.network.cut('s3', other);
      world.network.cut(other, 's3');
    }
    await world.run(20_000, () => s1.broker?.heard().every(({ name }) => name !== 's3') === true);
    const state = report.state.merge(ServerState.of([gone]));
    members.take(must(s1.replica?.generation(), 'its data set'), [
      { ...own, report: { ...report, atMs: report.atMs + 1, state } },
    ]);
    t.match(s1.replica?.writesHeld(), /an older copy of its data than it once told/);
    await world.run(4000);
    t.match(s1.replica?.writesHeld(), /an older copy/, 's3 cannot be heard, and may have it');
    world.network.healAll();
    await world.run(30_000, () => s1.replica?.writesHeld() === undefined);
    t.equal(s1.replica?.writesHeld(), undefined);
    world.server('s3').crash();
    await world.run(4000);
    t.equal(s1.replica?.writesHeld(), undefined, 'found once');
    t.ok(await world.write('s1'));
  },
);
