/** What follows from the members' reports, and who holds it back (replication-model.md section 4). */
import t from 'tap';
import { isSettled } from '../../lib/conflict/forget.js';
import { type Csn, makeCsn, type ReplicaId, ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { Silences } from '../../lib/replica/silences.js';
import { Stability } from '../../lib/replica/stability.js';
import { expectedMember, type MemberReport, type MemberRow } from '../../lib/sync/member-row.js';

const csn = (at: number, replica: number): Csn => makeCsn(at, 0, replica as ReplicaId);
const state = (...csns: [number, number][]) => ServerState.of(csns.map(([at, of]) => csn(at, of)));
const said = (atMs: number, held: ServerState, more: Partial<MemberReport> = {}): MemberReport => ({
  atMs,
  state: held,
  clock: csn(atMs, 9),
  undeleteFromMs: atMs - 50,
  shunned: [],
  ...more,
});
const member = (id: number, report: MemberReport | undefined, more: Partial<MemberRow> = {}): MemberRow => ({
  ...expectedMember(`s${id}`),
  kind: 'directory',
  replica: id as ReplicaId,
  report,
  ...more,
});

function boundOf(rows: readonly MemberRow[], held: ServerState, stability = new Stability()) {
  stability.observe(rows, held);
  return stability.bound(rows, held);
}

t.test('settled is what all have, and no member can make an older one', async (t) => {
  const held = state([10, 1], [20, 2]);
  const { horizon, undeleteFromMs } = boundOf(
    [member(1, said(30, held)), member(2, said(25, state([9, 1], [20, 2])))],
    held,
  );
  t.ok(horizon);
  if (horizon === undefined) return;
  t.same(
    [csn(9, 1), csn(10, 1), csn(20, 2)].map((one) => isSettled(one, horizon)),
    [true, false, true],
  );
  t.equal(undeleteFromMs, -25, 'the member that keeps longest decides');
});

t.test(
  'a server that was expected and never heard, or has not reported, or is unknown, holds all back',
  async (t) => {
    const held = state([10, 1], [20, 7]);
    const rows = [member(1, said(30, held)), expectedMember('s2'), member(3, undefined)];
    const { horizon, heldBackBy } = boundOf(rows, held);
    t.equal(horizon, undefined);
    t.same(
      heldBackBy.map(({ name }) => name),
      ['s2', 's3', 'replica 7'],
    );
  },
);

t.test('a server that has made changes and no report yet holds all back under its own name', async (t) => {
  const self = { server: 's1', replica: 1 as ReplicaId };
  const { horizon, heldBackBy } = new Stability().bound([], state([10, 1], [20, 7]), self);
  t.equal(horizon, undefined);
  t.same(
    heldBackBy.map(({ name }) => name),
    ['s1', 'replica 7'],
  );
});

t.test(
  'a report that speaks of changes on their way counts when they are here; until then the older one',
  async (t) => {
    const stability = new Stability();
    const mine = said(100, state([10, 1], [20, 2]));
    const rows = (theirs: MemberReport) => [member(1, mine), member(2, theirs)];
    const first = said(50, state([10, 1], [20, 2]));
    const held = state([10, 1], [20, 2]);
    t.equal(boundOf(rows(first), held, stability).horizon?.before, first.clock);
    const next = said(60, state([10, 1], [30, 2]));
    t.equal(boundOf(rows(next), held, stability).horizon?.before, first.clock);
    t.equal(
      boundOf(rows(said(70, state([10, 1], [40, 2]))), held, stability).horizon?.before,
      first.clock,
      'nor one still later',
    );
    t.equal(
      boundOf(rows(said(80, state([10, 1], [50, 2]))), state([10, 1], [30, 2]), stability).horizon?.before,
      next.clock,
      'under steady load the first one that waits is not forgotten for newer ones',
    );
  },
);

t.test(
  'an evicted server counts no more when every member says that it shuns it, and its changes are here',
  async (t) => {
    const held = state([10, 1], [20, 2], [5, 3]);
    const out = member(3, said(6, state([5, 3])), { standing: 'evicted' });
    const shunned = (through: Csn) => ({ shunned: [{ replica: 3 as ReplicaId, through }] });
    const rows = (a: Partial<MemberReport>, b: Partial<MemberReport>) => [
      member(1, said(30, held, a)),
      member(2, said(25, held, b)),
      out,
    ];
    const none = shunned(ZERO_CSN);
    t.ok(boundOf(rows(none, none), held).horizon);
    t.equal(boundOf(rows(none, {}), held).horizon, undefined, 's2 may still take changes of it');
    t.ok(boundOf(rows(none, shunned(csn(5, 3))), held).horizon);
    t.equal(
      boundOf(rows(none, shunned(csn(6, 3))), held).horizon,
      undefined,
      's2 holds one that is still to come',
    );
  },
);

t.test('silence counts only while most of the others are heard', async (t) => {
  let nowMs = 0;
  const clock = { wallMs: () => 0, monotonicMs: () => nowMs, after: () => () => {} };
  const day = 86_400_000;
  const rows = [1, 2, 3].map((id) => member(id, undefined));
  const cutOff = new Silences(clock, 30 * day);
  const served = new Silences(clock, 30 * day);
  for (let d = 0; d < 40; d++) {
    nowMs += day;
    served.heard('s2');
    t.same(cutOff.tick(rows, 's1'), [], 'who hears nobody evicts nobody');
    t.same(served.tick(rows, 's1'), d < 29 ? [] : ['s3']);
  }
  t.equal(cutOff.of('s3'), 0);
  served.heard('s3');
  t.equal(served.of('s3'), 0);
});
