/** When a server says that it is too far behind, and from whom it takes a copy then. */
import t from 'tap';
import { ABSENT_MS, Shortage, type ShortageSession } from '../../lib/broker/shortage.js';
import { makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { replica } from '../sync/session-fixtures.js';

const ONE = replica(1);
const TWO = replica(2);
const at = (origin: ReplicaId, time: number) => makeCsn(time, 0, origin);
const session = (peerName: string, ...held: readonly (readonly [ReplicaId, number])[]): ShortageSession => ({
  peerName,
  upstream: { log: ServerState.of(held.map(([origin, time]) => at(origin, time))) },
});
/** We made a change at 5, and hold those of ONE up to 3. */
const held = { own: at(TWO, 5), newest: (origin: ReplicaId) => at(origin, origin === TWO ? 5 : 3) };

t.test(
  'nobody is given up while one whom we follow has not been heard: its log may reach further back',
  (t) => {
    const shortage = new Shortage();
    const other = session('three', [ONE, 9], [TWO, 5]);
    t.equal(shortage.look([ONE], [other], 2, held, 0), undefined);
    t.equal(shortage.look([ONE], [other], 2, held, ABSENT_MS - 1), undefined);
    t.same(
      shortage.look([ONE], [other], 2, held, ABSENT_MS),
      { origins: [ONE], peer: 'three' },
      'but not for ever',
    );
    t.end();
  },
);

t.test('the time begins anew when the lack was over for a moment', (t) => {
  const shortage = new Shortage();
  const other = session('three', [ONE, 9], [TWO, 5]);
  shortage.look([ONE], [other], 2, held, 0);
  t.equal(
    shortage.look([], [other], 2, held, ABSENT_MS - 1),
    undefined,
    'nothing was told, so nothing is taken back',
  );
  t.equal(shortage.look([ONE], [other], 2, held, ABSENT_MS), undefined);
  t.end();
});

t.test(
  'told at once where all are heard, once, again when another source turns up, and when it is over',
  (t) => {
    const shortage = new Shortage();
    const lacking = session('three', [ONE, 9]);
    t.same(
      shortage.look([ONE], [lacking], 1, held, 0),
      { origins: [ONE], peer: undefined },
      'no copy without our own changes',
    );
    t.equal(shortage.look([ONE], [lacking], 1, held, 1), undefined);
    const whole = session('four', [ONE, 9], [TWO, 5]);
    t.same(shortage.look([ONE], [lacking, whole], 2, held, 2), { origins: [ONE], peer: 'four' });
    t.same(shortage.look([], [lacking, whole], 2, held, 3), { origins: [], peer: undefined });
    t.equal(shortage.look([], [lacking, whole], 2, held, 4), undefined);
    t.end();
  },
);
