/** Claims of lib/app/domain/changelog-completeness.ts: what of a log can be numbered for cn=changelog (docs/changes.md, the rule of the numbers). */
import t from 'tap';
import { completeness } from '../../lib/app/domain/changelog-completeness.js';
import { makeCsn, type ReplicaId, ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import type { MemberRow } from '../../lib/sync/member-row.js';

const csn = (ms: number, replica: number) => makeCsn(ms, 0, replica as ReplicaId);
const state = (...of: [number, number][]) => ServerState.of(of.map(([ms, replica]) => csn(ms, replica)));

function row(replica: number, clockMs: number, held: ServerState, more: Partial<MemberRow> = {}): MemberRow {
  const report = { atMs: 1, state: held, clock: csn(clockMs, replica), undeleteFromMs: 0, shunned: [] };
  return {
    name: `s${replica}`,
    kind: 'directory',
    replica: replica as ReplicaId,
    standing: 'member',
    standingAtMs: 0,
    report,
    ...more,
  };
}

const held = state([10, 1], [20, 2], [30, 3]);
const own = { replica: 1 as ReplicaId, issued: csn(10, 1), applied: held, unsettled: false, wallMs: 500 };
const all = [row(1, 5, held), row(2, 25, held), row(3, 28, held)];
const heard = () => false;

t.test('the least of what the others promise, or of what came from them, decides', async (t) => {
  t.equal(completeness(held, all, own, heard), csn(25, 2));
  t.equal(
    completeness(held, [row(2, 15, held), row(3, 40, held)], own, heard),
    csn(20, 2),
    'its newest is newer',
  );
  const ahead = state([20, 2], [31, 3]);
  t.equal(completeness(held, [row(3, 40, ahead)], own, heard), csn(30, 3), 'it has made what is not here');
});

t.test('who does not count holds nothing up', async (t) => {
  const others = [
    row(2, 15, state(), { standing: 'evicted' }),
    row(3, 29, held),
    row(4, 1, state(), { report: undefined }),
  ];
  t.equal(completeness(held, others, own, heard), csn(30, 3));
  t.equal(
    completeness(held, all, own, (name) => name === 's2'),
    csn(30, 3),
  );
  t.equal(completeness(held, [], own, heard), csn(500, 1), 'alone, all is complete');
});

t.test(
  'our own changes have their CSNs before they are on disk: nothing newer is numbered meanwhile',
  async (t) => {
    const inFlight = { ...own, issued: csn(22, 1) };
    t.equal(completeness(held, all, inFlight, heard), csn(10, 1));
    t.equal(completeness(held, [], inFlight, heard), csn(10, 1));
  },
);

t.test(
  'what others made under a clock that is ahead waits until it is applied, or our clock is there',
  async (t) => {
    const early = { ...own, wallMs: 12 };
    t.equal(
      completeness(held, [], early, heard),
      csn(30, 3),
      'our next change is newer than what is applied',
    );
    const lags = { ...early, applied: state([10, 1], [20, 2]) };
    t.equal(completeness(held, [], lags, heard), csn(12, 1));
    const far = state([10, 1], [400_000, 3]);
    t.equal(
      completeness(far, [], { ...early, applied: far }, heard),
      csn(12, 1),
      'our clock does not follow so far',
    );
  },
);

t.test('while older changes of our own may come back, our last report counts', async (t) => {
  const unsettled = { ...own, unsettled: true };
  t.equal(completeness(held, [row(1, 16, held)], unsettled, heard), csn(16, 1));
  t.equal(completeness(held, [row(1, 16, state([17, 1]))], unsettled, heard), csn(10, 1));
  t.equal(completeness(state([20, 2]), [], unsettled, heard), ZERO_CSN);
});
