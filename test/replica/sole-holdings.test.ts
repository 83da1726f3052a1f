/** What a copy of another server's data would lose for good: changes of others that this server alone is known to hold (replication-model.md section 5). */
import t from 'tap';
import { type Csn, csnTimeMs, makeCsn, type ReplicaId, ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import {
  beyondKeeping,
  type Heard,
  heldByOthers,
  holdingText,
  SoleHoldingsError,
  soleHoldings,
  wayOut,
} from '../../lib/replica/sole-holdings.js';
import { expectedMember, type MemberRow } from '../../lib/sync/member-row.js';
import { directoryServer, World } from '../sim/world.js';

const csn = (at: number, replica: number): Csn => makeCsn(at, 0, replica as ReplicaId);
const state = (...csns: [number, number][]) => ServerState.of(csns.map(([at, of]) => csn(at, of)));
const OWN = 1 as ReplicaId;

function cut(world: World, a: string, b: string): void {
  world.network.cut(a, b);
  world.network.cut(b, a);
}

function heal(world: World, a: string, b: string): void {
  world.network.heal(a, b);
  world.network.heal(b, a);
}

/** A chain s1, s2, s3 in which s3 was cut off before s1 made three more changes. */
async function cutChain() {
  const world = await World.started([
    directoryServer(1, [2]),
    directoryServer(2, [1, 3]),
    directoryServer(3, [2]),
  ]);
  const [s1, s2] = [world.server('s1'), world.server('s2')];
  await world.writes('s1', 2);
  await world.settle();
  cut(world, 's2', 's3');
  await world.writes('s1', 3);
  await world.run(500);
  return { world, s1, s2 };
}

t.test('what somebody else is known to hold is none, nor is what this server made', async (t) => {
  const held = state([50, 1], [20, 2], [30, 3]);
  const of = (...known: ServerState[]) => soleHoldings(held, OWN, known, (at) => at !== csn(15, 3));
  t.same(of(state([20, 2]), state([31, 3])), []);
  t.same(of(state([19, 2], [30, 3])), [{ origin: 2, after: csn(19, 2), newest: csn(20, 2) }]);
  t.same(
    of(state([20, 2], [12, 3]), state([15, 3])),
    [{ origin: 3, after: csn(12, 3), newest: csn(30, 3) }],
    'a place of another history is none of ours',
  );
  t.equal(of().length, 2, 'nobody was heard');
  t.match(
    holdingText({ origin: 3 as ReplicaId, after: undefined, newest: csn(30, 3) }, 2, []),
    /^2 changes of replica 3 up to 1970-/,
  );
});

t.test(
  'who is connected says it, else who reported it, unless evicted; the source is asked itself',
  async (t) => {
    const report = { atMs: 1, state: state([9, 2]), clock: ZERO_CSN, undeleteFromMs: 0, shunned: [] };
    const row = { ...expectedMember('s2'), report };
    const of = (rows: MemberRow[], ...heard: Heard[]) =>
      heldByOthers(rows, heard, 's1', { name: 's4', state: state([5, 2]) }).map(String);
    t.same(of([row, { ...row, name: 's1' }, { ...row, name: 's4' }, expectedMember('s3')]), [
      String(report.state),
    ]);
    t.same(of([{ ...row, standing: 'evicted' }]), []);
    const now = { name: 's2', log: state([8, 2]), trimmed: state([5, 2]) };
    t.same(
      of([row], now, { ...now, name: 's4' }),
      [String(now.log)],
      'a copy took s2 back since it reported',
    );
  },
);

t.test('what this server made and its log cannot give any more must be held by somebody', async (t) => {
  const of = (...known: ServerState[]) => beyondKeeping(OWN, state([7, 1], [9, 2]), known);
  t.equal(of(state([7, 1])), undefined);
  t.equal(of(state([6, 1]), state([9, 2])), csn(7, 1));
  t.equal(beyondKeeping(OWN, ServerState.EMPTY, []), undefined, 'nothing was trimmed');
});

t.test(
  'what another server has in its entries alone, its log trimmed, is not given up (seed 2005215)',
  async (t) => {
    const { world, s1, s2 } = await cutChain();
    const last = s1.acked[4] ?? ZERO_CSN;
    const later = makeCsn(csnTimeMs(last) + 1, 0, OWN);
    await world.wait(s1.changelog?.purge(later, s1.changelog.state) ?? Promise.resolve(0));
    t.notOk(s1.changelog?.get(last), 'its log does not give them any more');
    await world.run(3000);
    heal(world, 's2', 's3');
    // s1 is heard, and has them in its entries alone.
    const copy = s2.replica?.initialize('s3') ?? Promise.resolve();
    const failure = await world.wait(
      copy.then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
    t.match(String(failure), /s3 lacks changes that no server but s2 is known to have: 3 changes of s1 /);
  },
);

t.test('two servers that are copied from each other in turn never lose what one of them made', async (t) => {
  const { world, s1, s2 } = await cutChain();
  await world.wait(s1.replica?.initialize('s2') ?? Promise.resolve());
  await world.run(3000);
  heal(world, 's2', 's3');
  // The log of s1 keeps them, as its copy had them: it gives them to s2, which gives them up.
  await world.wait(s2.replica?.initialize('s3') ?? Promise.resolve());
  await world.settle();
  for (const name of ['s1', 's2', 's3'])
    t.ok(
      s1.acked.every((csn) => world.server(name).changelog?.holds(csn)),
      name,
    );
});

/** s3's last changes came to s2 alone; then s3 is gone. */
async function alone() {
  const world = await World.started([
    directoryServer(1, [2]),
    directoryServer(2, [1, 3]),
    directoryServer(3, [2]),
  ]);
  await world.writes('s3', 3);
  await world.settle();
  await world.run(1000);
  for (const [a, b] of [
    ['s1', 's2'],
    ['s2', 's1'],
  ] as const)
    world.network.cut(a, b);
  // What s3 makes, and does not report any more.
  await world.writes('s3', 2);
  await world.run(60);
  world.server('s3').crash();
  const lost = world.server('s3').acked.slice(3);
  world.network.breakLinks('s1', 's2');
  await world.run(10);
  return { world, s2: world.server('s2'), lost };
}

t.test(
  'a copy that would lose what a lost server made is refused, and says what; or saves it first',
  async (t) => {
    for (const giveUp of [false, true]) {
      const { world, s2, lost } = await alone();
      t.ok(lost.length > 0 && lost.every((at) => s2.changelog?.holds(at)));
      const saved: Csn[] = [];
      const save = async (holdings: ReturnType<typeof soleHoldings>): Promise<void> => {
        for (const { origin, after } of holdings)
          for await (const slice of s2.changelog?.scan(origin, after) ?? [])
            saved.push(...slice.map((change) => change.csn));
      };
      // s1 is reached by the copy before it is given what it lacks.
      for (const [a, b] of [
        ['s1', 's2'],
        ['s2', 's1'],
      ] as const)
        world.network.heal(a, b);
      const copy = s2.replica?.initialize('s1', 'reissued', giveUp ? save : undefined) ?? Promise.resolve();
      const failure = await world.wait(
        copy.then(
          () => undefined,
          (error: unknown) => error,
        ),
      );
      if (giveUp) {
        t.equal(failure, undefined);
        t.same(saved, lost);
        t.notOk(s2.changelog?.get(lost[0] ?? ZERO_CSN));
      } else {
        t.type(failure, SoleHoldingsError);
        t.match(
          String(failure),
          /s1 lacks changes that no server but s2 is known to have: 2 changes of s3 \(replica 3\) up to 20/,
        );
        await world.run(3000);
        t.ok(
          lost.every((at) => world.server('s1').changelog?.holds(at)),
          'nothing was dropped, and s1 has them now',
        );
        await world.wait(s2.replica?.initialize('s1') ?? Promise.resolve());
      }
    }
  },
);

t.test(
  'who reads that a copy was not begun is told the ways out; other failures have none of these',
  async (t) => {
    t.match(
      wayOut(new SoleHoldingsError('s1 lacks', []), 's1'),
      /reached, or with: .* --from s1 .*--give-up-changes/,
    );
    t.equal(wayOut(new Error('no route'), 's1'), '');
  },
);
