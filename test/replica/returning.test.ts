/** Servers that were evicted and may return: what they need before they are let in, and what is no way in (lib/replica/returning.ts, member-facts.ts, lib/sync/admission.ts). */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { csnReplica, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { coversForgotten, saysMore, strayMaker, vouchedFor } from '../../lib/replica/member-facts.js';
import { Returning } from '../../lib/replica/returning.js';
import { encodeFrame, HELLO_FRAME_BYTES } from '../../lib/sync/frame-octets.js';
import type { Vouched } from '../../lib/sync/frames.js';
import { expectedMember, type MemberRow } from '../../lib/sync/member-row.js';
import { LEAVES_OF_MASTER, MESH_3, type Shape } from '../sim/shapes.js';
import { directoryServer, World } from '../sim/world.js';
import { hello } from '../sync/session-fixtures.js';

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
    const prepare = () => Promise.reject(new Error('asked, and not taken'));
    const unused = () => Promise.resolve();
    await t.rejects(
      world.wait(s1.broker?.initializeFrom('s3', { prepare, store: unused, finish: unused }) ?? unused()),
      /asked, and not taken/,
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

t.test(
  'one that returned and is restored from a backup of the time before is held to what it had to hold',
  async (t) => {
    const { world, s1, s3, unseen } = await returned(MESH_3);
    const backup = s3.disk.snapshot();
    await world.wait(s3.replica?.initialize('s1') ?? Promise.resolve());
    const standing = () => s1.members?.rows().find(({ name }) => name === 's3')?.standing;
    await world.run(1000, () => standing() === 'member');
    await world.wait(s3.replaceDisk(backup));
    void s3.start();
    await world.run(5000);
    t.equal(standing(), 'member');
    t.notOk(
      unseen.some((csn) => s1.changelog?.holds(csn)),
      'what it made while it was out is not taken as it is',
    );
    await world.wait(s3.replica?.initialize('s1') ?? Promise.resolve());
    await world.run(20_000, () => s3.reissued.length >= unseen.length);
    await world.settle();
    t.same([...s3.madeAnew], unseen, 'it is made anew');
  },
);

t.test('no copy is taken of one that is out while another one that belongs is connected', async (t) => {
  const { world, s1, s2, unseen } = await returned(MESH_3);
  const copy = () => world.wait(s1.replica?.initialize('s3') ?? Promise.resolve());
  await t.rejects(copy(), /s3 was evicted, and may lack .* initialize s1 from s2, and s3 too/);
  t.equal(s1.replica?.writesHeld(), undefined, 'nothing was begun');
  s2.crash();
  await world.run(5000);
  await copy();
  t.ok(
    unseen.every((csn) => s1.changelog?.holds(csn)),
    'it may be the other one that is out, and this one that knows an old table',
  );
});

t.test(
  'a new server whose first copy is of one that is out takes another before it is let in (seeds 20000034, 9500268)',
  async (t) => {
    const { world, s1, s2, s3, unseen } = await returned(MESH_3);
    for (const member of ['s1', 's2'])
      for (const [from, to] of [
        ['s4', member],
        [member, 's4'],
      ] as const)
        world.network.cut(from, to);
    await world.wait(s1.members?.admit('s4', 4 as ReplicaId) ?? Promise.resolve());
    const s4 = world.add(directoryServer(4, [1, 2, 3], { autoInitialize: true, hasData: false }));
    void s4.start();
    await world.run(5000, () => s4.directory?.generationId !== undefined);
    const holds = ({ changelog }: typeof s1) => unseen.some((csn) => changelog?.holds(csn));
    t.ok(holds(s4), 'nobody else is there to give one');
    world.network.healAll();
    await world.run(
      10_000,
      () => s1.directory?.state.equals(s4.directory?.state ?? ServerState.EMPTY) === true,
    );
    for (const server of [s1, s2, s4])
      t.notOk(holds(server), `${server.name} holds nothing that s3 made while it was out`);
    const standing = (name: string) => s1.members?.rows().find((row) => row.name === name)?.standing;
    t.same(
      [standing('s3'), standing('s4')],
      ['returning', 'member'],
      'nor does s4 let it in by what it took',
    );
    await world.wait(s3.replica?.initialize('s1') ?? Promise.resolve());
    await world.run(20_000, () => s3.reissued.length >= unseen.length);
    await world.settle();
    t.same([...s3.madeAnew], unseen, 'it makes that anew');
  },
);

const csn = (at: number, replica: number) => makeCsn(at, 0, replica as ReplicaId);
const state = (...csns: [number, number][]) => ServerState.of(csns.map(([at, of]) => csn(at, of)));

/** s1, which holds this, hears nobody, and knows of the others by their rows. */
const knows = (rows: () => readonly MemberRow[], held: () => ServerState): Returning =>
  new Returning({
    ...{ server: 's1', held, log: held },
    witness: () => ({ server: 's1', replica: 1 as ReplicaId, rows: rows(), connected: [], nowMs: 0 }),
  });

/** A server that belongs, and said that it holds this. */
function row(name: string, said?: ServerState, more: Partial<MemberRow> = {}): MemberRow {
  const replica = Number(name.slice(1)) as ReplicaId;
  const clock = csn(100, replica);
  const report = said && { atMs: 1, state: said, clock, undeleteFromMs: 0, shunned: [] };
  return { ...expectedMember(name), kind: 'directory', replica, report, ...more };
}

t.test('what covers all that was forgotten', async (t) => {
  const [said, held, theirs] = [state([10, 1]), state([15, 1], [5, 2]), state([8, 1], [20, 2])];
  const others = [row('s2', theirs), row('s4', state([30, 3]), { kind: 'broker', replica: undefined })];
  const covers = (own: ServerState | undefined, rows: readonly MemberRow[], reported: boolean) =>
    `${coversForgotten('s1', [row('s1', own), ...rows], held, reported)}`;
  t.equal(covers(said, others, true), `${said}`, 'a directory: its own report, by which all go');
  t.equal(covers(undefined, others, false), `${held}`, 'it has just joined: what it holds');
  const more = state([16, 1]);
  t.equal(
    covers(more, others, false),
    `${held.merge(more)}`,
    'it has just returned: an older report is not all',
  );
  t.equal(covers(more, [], true), `${held}`, 'there is no other: nobody has gone by what it said');
  const evicted = row('s2', theirs, { standing: 'evicted' });
  t.equal(
    covers(more, [evicted, ...others.slice(1)], true),
    `${held}`,
    'nor has one that is evicted, or a broker',
  );
  const broker = row('s1', state([1, 1]), { kind: 'broker', replica: undefined });
  const byBroker = (...rows: MemberRow[]) => coversForgotten('s1', [broker, ...rows], undefined, true);
  t.equal(
    `${byBroker(...others, row('s3', state([9, 1])))}`,
    `${state([9, 1], [20, 2])}`,
    'a broker: what the directories said, for nobody goes by its own',
  );
  t.equal(
    byBroker(row('s2'), row('s5', theirs, { standing: 'evicted' })),
    undefined,
    'one whose disk was lost, and that heard of nothing said: that it holds nothing keeps nobody out',
  );
});

t.test('a stray is what one made that is out, and no member is known to hold', async (t) => {
  const out = row('s3', undefined, { standing: 'evicted' });
  const maker = (log: ServerState, rows: readonly MemberRow[], peer = 's2', vouched?: readonly Vouched[]) => {
    const states = { log, applied: log, trimmed: ServerState.EMPTY, clockMs: 0 };
    return strayMaker({ server: peer, states, vouched }, [...rows, out], state([9, 3]));
  };
  t.equal(maker(state([10, 3]), []), 's3', 'one that nobody knows');
  t.equal(maker(state([9, 3], [99, 2]), []), undefined, 'we hold it');
  t.equal(maker(state([10, 3]), [row('s4', state([10, 3]))]), undefined, 'a member held it as it reported');
  t.equal(maker(state([10, 3]), [], 's3'), undefined, 'its own are another matter');
  const reported = row('s2', state([8, 3]));
  t.equal(maker(state([10, 3]), [reported]), undefined, 'taken before it heard of the eviction');
  const shuns = (through: number) => {
    const shunned = [{ replica: 3 as ReplicaId, through: csn(through, 3) }];
    return row('s2', undefined, { report: { ...must(reported.report, 'it has said so'), shunned } });
  };
  t.equal(maker(state([10, 3]), [shuns(8)]), 's3', 'taken after that: it was restored, or took a copy');
  t.equal(maker(state([10, 3]), [shuns(10)]), undefined, 'taken before that, and applied later');
  t.equal(
    maker(state([10, 3]), [row('s2')]),
    's3',
    'a new member has shunned nobody, and others forgot before it came',
  );
  const word = (server: string, at: number) => [{ server, state: state([at, 3]) }];
  const vouched = (said: readonly Vouched[], ...rows: MemberRow[]) =>
    maker(state([10, 3]), [shuns(8), ...rows], 's2', said);
  t.equal(vouched(word('s4', 10)), undefined, 'a member holds it of which the peer alone has heard');
  t.equal(vouched(word('s4', 10), row('s4')), undefined, 'or of which nothing was heard here');
  t.equal(vouched(word('s4', 9)), 's3', 'that one holds less');
  t.equal(vouched(word('s2', 10)), 's3', 'its own word is none');
  const gone = row('s4', undefined, { standing: 'evicted' });
  t.equal(vouched(word('s4', 10), gone), 's3', 'that one does not belong, as is known here');
});

t.test('who vouches for what a server holds of those that are out', async (t) => {
  const out = (name: string) => row(name, undefined, { standing: 'evicted' });
  const rows = [row('s1', state([9, 3])), row('s2', state([8, 3], [7, 1])), out('s3'), out('s5')];
  const vouched = (log: ServerState, ...more: MemberRow[]) =>
    vouchedFor('s1', [...rows, ...more], log)?.map(({ server, state: held }) => `${server}: ${held}`);
  t.equal(vouched(state([9, 1], [9, 2])), undefined, 'there is nothing of theirs');
  t.equal(vouched(state([9, 3])), undefined, 'nobody has reported as much');
  const [three, both] = [state([9, 3]), state([9, 3], [6, 5])];
  t.same(vouched(three, row('s4', state([9, 1], [9, 3], [9, 5]))), [`s4: ${three}`]);
  t.same(vouched(both, row('s4', both), row('s6', both)), [`s4: ${both}`], 'one is enough for all of it');
  t.same(vouched(both, row('s4', state([9, 3])), row('s6', state([6, 5]))), [
    `s4: ${state([9, 3])}`,
    `s6: ${state([6, 5])}`,
  ]);
  t.same(
    vouched(both, row('s4', three), row('s6', both)),
    [`s4: ${three}`, `s6: ${state([6, 5])}`],
    'each once',
  );
});

t.test('a hello has room for those who vouch, however many servers are out', async (t) => {
  const made = (count: number) => Array.from({ length: count }, (_, i) => csn(9, (i + 100) as ReplicaId));
  const rows = made(250).flatMap((newest, i) => [
    row(`out-${i}`, undefined, { standing: 'evicted', replica: (i + 100) as ReplicaId }),
    // Each holds the newest of one alone, and something of all.
    row(
      `dir-${i}.example.com`,
      ServerState.of(made(250).map((one) => (one === newest ? one : csn(8, csnReplica(one))))),
    ),
  ]);
  const log = ServerState.of(made(250));
  const vouched = must(vouchedFor('s1', rows, log), 'there are many');
  t.ok(vouched.length > 100);
  t.equal(new Set(vouched.map(({ state: held }) => `${held}`)).size, vouched.length);
  const states = { log, applied: log, trimmed: log, clockMs: 0 };
  const told = encodeFrame({ kind: 'hello', hello: { ...hello('s1', 1, {}), states, vouched } });
  t.ok(told.length <= HELLO_FRAME_BYTES, `${told.length} octets`);
});

t.test('what one that returns needs stays as it was when that was heard of', async (t) => {
  let own = state([10, 1]);
  const rows = () => [row('s1', own), row('s2', state([9, 1]))];
  const returning = knows(rows, () => own);
  returning.reported();
  const back = row('s3', undefined, { standing: 'returning' });
  returning.note(back, row('s3', undefined, { standing: 'evicted' }));
  own = state([20, 1]);
  t.equal(`${returning.needed('s3', back)}`, `${state([10, 1])}`);
  returning.note(row('s3'), back);
  t.equal(`${returning.needed('s9', undefined)}`, `${own}`, 'a stranger: what was said by now');
  returning.note(back, row('s3'));
  t.equal(`${returning.needed('s3', back)}`, `${own}`, 'evicted once more, unheard');
  own = state([30, 1]);
  returning.note(row('s2', undefined, { standing: 'evicted' }), row('s2'));
  t.equal(
    `${returning.needed('s3', back)}`,
    `${own}`,
    'what the one said that is evicted now does not count',
  );
});

t.test('who gave a copy needs no more than that, whatever its target had told before', async (t) => {
  const rows = () => [row('s1', state([10, 1])), row('s2', state([9, 1]))];
  const returning = knows(rows, () => state([5, 1]));
  returning.reported();
  const [out, back] = [
    row('s3', undefined, { standing: 'evicted' }),
    row('s3', undefined, { standing: 'returning' }),
  ];
  returning.note(out, row('s3'));
  returning.copied('s3', state([5, 1]));
  returning.note(back, out);
  t.equal(`${returning.needed('s3', back)}`, `${state([5, 1])}`);
  t.equal(`${returning.needed('s4', undefined)}`, `${state([10, 1])}`, 'but any other');
  returning.note(row('s3'), back);
  returning.note(out, row('s3'));
  returning.note(back, out);
  t.equal(`${returning.needed('s3', back)}`, `${state([10, 1])}`, 'until it is evicted once more');
});

t.test(
  'one that may return need not hold changes of its own that were given up here since they were told of: no copy of ours has them (seed mixed 51000131)',
  async (t) => {
    const [r1, r3] = [1, 3] as readonly number[] as [ReplicaId, ReplicaId];
    const ours = makeCsn(9, 0, r1);
    const needs = (held: ServerState): boolean => {
      const report = { atMs: 5, state: ServerState.of([ours, makeCsn(7, 0, r3)]), clock: ours };
      const s3 = {
        ...expectedMember('s3'),
        kind: 'directory',
        replica: r3,
        standing: 'returning',
      } as MemberRow;
      const own = { ...expectedMember('s1'), kind: 'directory', replica: r1, report } as unknown as MemberRow;
      const s2 = { ...own, name: 's2', replica: 2 } as MemberRow;
      const returning = knows(
        () => [own, s2, s3],
        () => held,
      );
      const needed = returning.needed('s3', s3);
      t.ok(needed?.covers(ours));
      return needed?.get(r3) !== undefined;
    };
    t.equal(needs(ServerState.of([ours, makeCsn(7, 0, r3)])), true);
    t.equal(needs(ServerState.of([ours, makeCsn(4, 0, r3)])), false);
  },
);

t.test(
  'a server whose newest own change cannot be made any more reports so at once (seed members 52000059)',
  async (t) => {
    const [r1, r2] = [1, 2] as readonly number[] as [ReplicaId, ReplicaId];
    const reported = ServerState.of([makeCsn(9, 0, r1), makeCsn(5, 0, r2)]);
    const report = { atMs: 5, state: reported, clock: makeCsn(9, 0, r1), undeleteFromMs: 0, shunned: [] };
    const now = ServerState.of([makeCsn(7, 0, r1), makeCsn(5, 0, r2)]);
    t.equal(saysMore(report, reported, r1, []), false);
    t.equal(saysMore(report, now, r1, []), true);
    t.equal(saysMore(report, now, r2, []), false, 'of others it takes nothing back');
  },
);
