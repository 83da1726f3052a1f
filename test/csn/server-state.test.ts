/** Server states: what they cover, and how they merge. */
import t from 'tap';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';

const csn = (time: number, replica: number): Csn => makeCsn(time, 0, replica as ReplicaId);

t.test('covers exactly what lies at or below the newest CSN of its origin', async (t) => {
  const state = ServerState.of([csn(10, 1), csn(20, 2)]);
  t.ok(state.covers(csn(10, 1)));
  t.ok(state.covers(csn(9, 1)));
  t.notOk(state.covers(csn(11, 1)));
  t.ok(state.covers(csn(20, 2)));
  t.notOk(state.covers(csn(1, 3)), 'an origin never heard of');
});

t.test('with() never moves back and leaves the old state as it was', async (t) => {
  const old = ServerState.of([csn(10, 1)]);
  t.equal(old.with(csn(5, 1)), old);
  const next = old.with(csn(12, 1)).with(csn(1, 2));
  t.equal(old.get(1 as ReplicaId), csn(10, 1));
  t.same(next.csns(), [csn(12, 1), csn(1, 2)]);
});

t.test('merge is the least state that covers both: all small states', async (t) => {
  const states = [0, 1, 2].flatMap((a) =>
    [0, 1, 2].flatMap((b) => [ServerState.of([...(a ? [csn(a, 1)] : []), ...(b ? [csn(b, 2)] : [])])]),
  );
  for (const a of states) {
    for (const b of states) {
      const merged = a.merge(b);
      t.ok(merged.coversAll(a) && merged.coversAll(b));
      for (const c of states) if (c.coversAll(a) && c.coversAll(b)) t.ok(c.coversAll(merged));
      t.equal(a.equals(b), a.toString() === b.toString());
    }
  }
});

t.test('text and bytes give the state back, replicas in rising order', async (t) => {
  const state = ServerState.of([csn(20, 300), csn(10, 2), csn(15, 2)]);
  t.same(state.replicas(), [2, 300]);
  t.ok(ServerState.parse(state.toString())?.equals(state));
  t.ok(ServerState.fromBytes(state.toBytes()).equals(state));
  t.equal(state.newest(), csn(20, 300));
  t.equal(ServerState.parse('nonsense'), undefined);
  t.ok(ServerState.parse('')?.equals(ServerState.EMPTY));
});
