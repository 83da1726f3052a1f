/** What may be forgotten, and when. That forgetting changes no later outcome is shown by random-histories.test.ts. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import {
  causalHorizon,
  forgettableRows,
  type Horizon,
  isForgettableEntry,
  isForgettableMove,
  isSettled,
  type ReplicaReport,
} from '../../lib/conflict/forget.js';
import type { ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { add, BASE, change, csn, id, modify, move, remove, TOP } from './story.js';
import { tell } from './tell.js';

function reports(...said: [number, [number, number][], number][]): Map<ReplicaId, ReplicaReport> {
  return new Map(
    said.map(([replica, held, clock]) => [
      replica as ReplicaId,
      { state: ServerState.of(held.map(([at, r]) => csn(at, r))), clock: csn(clock, replica) },
    ]),
  );
}
const held = (...csns: [number, number][]) => ServerState.of(csns.map(([at, r]) => csn(at, r)));

t.test('settled: applied everywhere, nothing older on its way, no clock behind', async (t) => {
  const both = reports(
    [
      1,
      [
        [10, 1],
        [20, 2],
      ],
      30,
    ],
    [
      2,
      [
        [9, 1],
        [20, 2],
      ],
      25,
    ],
  );
  const horizon = must(causalHorizon(both, held([10, 1], [20, 2])), 'horizon');
  t.equal(isSettled(csn(9, 1), horizon), true);
  t.equal(isSettled(csn(10, 1), horizon), false, 'replica 2 lacks it');
  t.equal(isSettled(csn(20, 2), horizon), true);
  const slow = reports(
    [
      1,
      [
        [10, 1],
        [20, 2],
      ],
      30,
    ],
    [
      2,
      [
        [10, 1],
        [20, 2],
      ],
      15,
    ],
  );
  const behind = must(causalHorizon(slow, held([10, 1], [20, 2])), 'horizon');
  t.equal(isSettled(csn(20, 2), behind), false, 'a clock may still issue an older CSN');
});

t.test('a report that speaks of changes on their way is no ground to forget', async (t) => {
  const both = reports(
    [
      1,
      [
        [10, 1],
        [20, 2],
      ],
      30,
    ],
    [
      2,
      [
        [10, 1],
        [22, 2],
      ],
      25,
    ],
  );
  t.equal(causalHorizon(both, held([10, 1], [20, 2])), undefined);
  t.equal(causalHorizon(new Map(), held([10, 1])), undefined, 'nobody is registered');
  const quiet = reports([1, [[10, 1]], 30], [2, [], 25]);
  const horizon = must(causalHorizon(quiet, held([10, 1])), 'horizon');
  t.equal(isSettled(csn(10, 1), horizon), false);
});

const X = id(2);
const SETUP = [change(1, 9, BASE, add(TOP, 'base')), change(2, 9, X, add(BASE, 'x'))];
const SEEN = [csn(1, 9), csn(2, 9)];

t.test('rows go oldest first, and stay while an open row did not know them', async (t) => {
  const domain = tell(SETUP, [
    change(10, 1, X, modify({ add: ['a'] }), SEEN),
    change(11, 2, X, modify({ add: ['b'] }), SEEN),
    change(12, 3, X, modify({ add: ['c'] }), [...SEEN, csn(10, 1)]),
  ]);
  const rows = must(domain.rows.get(X), 'rows');
  const horizon = (...stable: [number, number][]): Horizon => ({
    stable: held(...stable),
    before: csn(50, 1),
  });
  t.equal(forgettableRows(rows, horizon()), 0);
  t.equal(forgettableRows(rows, horizon([11, 2])), 0, 'an older row stays');
  t.equal(forgettableRows(rows, horizon([10, 1])), 0, 'the open row of replica 2 did not know it');
  t.equal(
    forgettableRows(rows, horizon([10, 1], [11, 2])),
    0,
    'the row of replica 2 stays for that of 3, and did not know that of 1',
  );
  t.equal(forgettableRows(rows, horizon([10, 1], [11, 2], [12, 3])), 3);
});

t.test('a settled row that an open one did not know is still needed: the journal names it', async (t) => {
  const added = change(10, 3, X, modify({ add: ['a'] }), SEEN);
  const cleared = change(100, 2, X, modify({ clear: true }), SEEN);
  const late = change(50, 1, X, modify({ clear: true }), [...SEEN, added.csn]);
  const said = reports(
    [1, [[10, 3]], 20],
    [
      2,
      [
        [10, 3],
        [100, 2],
      ],
      101,
    ],
    [3, [[10, 3]], 20],
  );
  const before = tell(SETUP, [added, cleared]);
  const horizon = must(causalHorizon(said, before.state), 'horizon');
  const rows = must(before.rows.get(X), 'rows');
  t.equal(isSettled(added.csn, horizon), true);
  t.equal(forgettableRows(rows, horizon), 0);
  const truth = tell(SETUP, [added, cleared, late]).facts();
  const kept = before.clone();
  kept.apply(late);
  t.equal(kept.facts(), truth);
  before.rows.set(X, rows.slice(1));
  before.apply(late);
  t.not(before.facts(), truth, 'without the row, a line stays that is no longer true');
});

t.test('moves go when they are settled', async (t) => {
  const domain = tell(SETUP, [change(10, 1, X, move(BASE), SEEN)]);
  const row = must(domain.moveLog[0], 'move');
  t.equal(isForgettableMove(row, { stable: held([10, 1]), before: csn(50, 1) }), true);
  t.equal(isForgettableMove(row, { stable: held([10, 1]), before: csn(9, 1) }), false);
});

t.test('a tombstone goes when no undelete can come and no way leads through it', async (t) => {
  const domain = tell(SETUP, [change(10, 1, X, remove, SEEN)]);
  const state = must(domain.entry(X), 'X');
  const horizon: Horizon = { stable: held([10, 1]), before: csn(111, 1) };
  t.equal(isForgettableEntry(state, horizon, 100, 0, false), true);
  t.equal(isForgettableEntry(state, horizon, 101, 0, false), false, 'within its lifetime');
  t.equal(isForgettableEntry(state, horizon, 100, 1, false), false, 'rows left');
  t.equal(isForgettableEntry(state, horizon, 100, 0, true), false, 'referenced');
  t.equal(isForgettableEntry(state, { ...horizon, stable: held() }, 100, 0, false), false, 'not settled');
  t.equal(isForgettableEntry(must(domain.entry(BASE), 'base'), horizon, 0, 0, false), false, 'alive');
});
