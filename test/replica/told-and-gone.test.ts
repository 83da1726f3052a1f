/** What a server told of, lacks, and may never get (lib/replica/lost-changes.ts, membership.ts, replica.ts). */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { Awaited, mayBeHeld, type Witness, withoutLost } from '../../lib/replica/lost-changes.js';
import type { GiveUp } from '../../lib/replica/total-update.js';
import { expectedMember, type MemberRow } from '../../lib/sync/member-row.js';
import { MESH_3 } from '../sim/shapes.js';
import { directoryServer, World } from '../sim/world.js';

const [R1, R2, R3] = [1, 2, 3] as readonly number[] as [ReplicaId, ReplicaId, ReplicaId];
const csn = (at: number, replica: ReplicaId): Csn => makeCsn(at, 0, replica);
const says = (name: string, ...csns: Csn[]) => ({ name, log: ServerState.of(csns) });

/** A server that reported to hold these, or nothing yet. */
function row(name: string, standing: MemberRow['standing'] = 'member', ...reported: Csn[]): MemberRow {
  const state = ServerState.of(reported);
  const report = { atMs: 1, state, clock: csn(99, R1), undeleteFromMs: 0, shunned: [] };
  return { ...expectedMember(name), standing, report: reported.length === 0 ? undefined : report };
}

/** s1, which knows all this. */
const knowing = (rows: readonly MemberRow[], ...connected: ReturnType<typeof says>[]): Witness => ({
  ...{ server: 's1', replica: R1, connected, nowMs: 0 },
  rows: [row('s1', 'member', csn(99, R1), csn(99, R2)), ...rows],
});

t.test('who may have a change that we lack: the table of lost-changes.ts', async (t) => {
  const rows = [row('s2'), row('s3')];
  const change = csn(9, R2);
  const held = (witness: Witness, unsaid = false) => mayBeHeld(change, witness, () => unsaid);
  const [without, older] = [says('s2'), says('s3', csn(5, R2), csn(99, R3))];
  t.equal(held(knowing(rows, without, older), true), false, 'all are connected and lack it');
  t.equal(held(knowing(rows, without, says('s3', change))), true, 'one has it');
  t.equal(held(knowing(rows, without, older, says('s2', change))), true, 'by one of two links');
  for (const unsaid of [true, false])
    t.equal(held(knowing(rows, without), unsaid), unsaid, 's3 is away, and has not reported it');
  const reported = [row('s2'), row('s3', 'member', change)];
  t.equal(held(knowing(reported, without)), true, 's3 is away, and reported it');
  t.equal(held(knowing(reported, without, older)), false, 'and lacks it as it says now');
  t.equal(held(knowing([row('s2'), row('s3', 'returning', change)], without)), true, 's3 may return');
  const evicted = [row('s2'), row('s3', 'evicted', change)];
  t.equal(held(knowing(evicted, without), true), false, 'what an evicted one holds does not count');
});

t.test('one that is away has what it has not reported, until it reports anew without it', async (t) => {
  const change = csn(9, R2);
  const reporting = (atMs: number, ...state: Csn[]): MemberRow => {
    const s3 = row('s3', 'member', csn(1, R3), ...state);
    return { ...s3, report: { ...must(s3.report, 'it has reported'), atMs } };
  };
  const s4 = { ...reporting(9), name: 's4' };
  const awaited = new Awaited();
  let nowMs = 5;
  const waits = (...rows: MemberRow[]): number =>
    awaited.of([change], { ...knowing([row('s2'), ...rows], says('s2')), nowMs: nowMs++ }).length;
  t.equal(waits(reporting(3)), 1);
  t.equal(waits(reporting(3)), 1);
  t.equal(waits(reporting(5)), 1, 'a report of before comes late: it may have taken the change since');
  t.equal(waits(reporting(6), row('s4')), 1, 's4 has not reported anything');
  t.equal(waits(reporting(7, change), s4), 1, 's3 has it');
  t.equal(waits(reporting(6), s4), 0, 'both have said what they hold');
  t.equal(waits(reporting(7, change)), 0, 'found once');
  awaited.clear();
  t.equal(waits(reporting(7)), 1, 'with other data it is asked anew');
});

t.test(
  'who returns need not hold what nobody has any more, but what somebody has of that server',
  async (t) => {
    const told = ServerState.of([csn(9, R1), csn(9, R2), csn(9, R3)]);
    const held = ServerState.of([csn(4, R1), csn(4, R2), csn(9, R3)]);
    const needs = (witness: Witness): string => `${withoutLost(told, held, witness)}`;
    const rows = [row('s2'), row('s3', 'member', csn(6, R1))];
    const all = [says('s2', csn(5, R2)), says('s3', csn(4, R1))];
    t.equal(needs(knowing(rows, ...all)), `${ServerState.of([csn(4, R1), csn(5, R2), csn(9, R3)])}`);
    t.equal(
      needs(knowing(rows, says('s2', csn(5, R2)))),
      `${ServerState.of([csn(6, R1), csn(9, R2), csn(9, R3)])}`,
      's3 is away: it reported as much of ours, and may have anything of others',
    );
    t.equal(needs(knowing(rows, says('s3', csn(9, R1), csn(9, R2)))), `${told}`, 'nothing is lost');
  },
);

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

/** A chain s1, s2, s3. s2 was restored, and waits for changes that s1 alone has; s1, which has made one itself, was evicted meanwhile, and may return. */
async function restored() {
  const world = await World.started([
    directoryServer(1, [2], { startHoldMs: 500, autoInitialize: false }),
    directoryServer(2, [1, 3], { startHoldMs: 500 }),
    directoryServer(3, [2], { startHoldMs: 500 }),
  ]);
  const [s1, s2, s3] = [world.server('s1'), world.server('s2'), world.server('s3')];
  for (const name of ['s1', 's2', 's3']) await world.writes(name, 2);
  await world.settle();
  await world.run(1000);
  const backup = s2.disk.snapshot();
  s3.crash();
  await world.writes('s2', 3);
  await world.run(1000);
  for (const [from, to] of [
    ['s1', 's2'],
    ['s2', 's1'],
  ] as const)
    world.network.cut(from, to);
  await world.writes('s1', 1);
  await world.wait(s2.replaceDisk(backup));
  // It hears of its changes, and cannot store them.
  await world.wait(s2.start());
  s2.disk.faults.refuse = 'full';
  world.network.healAll();
  await world.run(3000, () => /is fetching its own later/.test(s2.replica?.writesHeld() ?? ''));
  for (const [from, to] of [
    ['s1', 's2'],
    ['s2', 's1'],
  ] as const)
    world.network.cut(from, to);
  s2.disk.faults.refuse = undefined;
  await world.run(1000);
  for (const standing of ['evicted', 'returning'] as const)
    await world.wait(s2.members?.decide('s1', standing) ?? Promise.resolve());
  world.network.healAll();
  await world.run(3000);
  return { world, s1, s2, s3, lost: s2.acked.slice(2) };
}

t.test(
  'a restored server waits for its own later changes until who has them gives them up, and lets that one in without them (seed members 52000023)',
  async (t) => {
    const { world, s1, s2, s3, lost } = await restored();
    t.match(s2.replica?.writesHeld(), /is fetching its own later changes/);
    t.ok(lost.every((change) => s1.changelog?.holds(change)));
    const saved: Csn[] = [];
    const save: GiveUp = async (holdings) => {
      for (const { newest } of holdings) saved.push(newest);
    };
    await world.wait(s1.replica?.initialize('s2', 'reissued', save) ?? Promise.resolve());
    t.same(saved, lost.slice(-1), 'a person took them away');
    await world.run(10_000, () => s2.replica?.writesHeld() === undefined);
    t.equal(s2.replica?.writesHeld(), undefined);
    t.equal(s2.members?.rows().find(({ name }) => name === 's1')?.standing, 'member');
    t.ok(await world.write('s2'));
    void s3.start();
    await world.run(10_000, () => s1.reissued.length > 0);
    await world.settle();
    t.equal(s1.reissued.length, 1, 'what it made itself is not lost');
  },
);
