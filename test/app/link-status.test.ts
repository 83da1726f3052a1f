/** What a session's row says that the peer lacks: counted for its own states, and never an old figure. */
import t from 'tap';
import { linkStatus, MissingChanges } from '../../lib/app/monitor/link-status.js';
import type { SessionStatus } from '../../lib/broker/broker-seams.js';
import type { Changelog } from '../../lib/changelog/changelog.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';

const csn = (at: number) => makeCsn(at, 0, 1 as ReplicaId);

/** A log that holds the changes 1 to `newest`. */
function logUpTo(newest: number) {
  const log = {
    newest,
    get state() {
      return ServerState.of([csn(log.newest)]);
    },
    async *scan(_origin: ReplicaId, after: Csn | undefined) {
      const all = Array.from({ length: log.newest }, (_, i) => ({ csn: csn(i + 1) }));
      yield all.filter((change) => after === undefined || change.csn > after);
    },
  };
  return log;
}

function session(direction: 'from' | 'to', held: number): SessionStatus {
  const states = { applied: ServerState.of([csn(held)]), log: ServerState.of([csn(held)]) };
  return { direction, peer: 's2', lastError: '', origins: [], states } as unknown as SessionStatus;
}

t.test(
  'both sessions of a peer have counts of their own, and none is told that is more than a minute old',
  async (t) => {
    let nowMs = 0;
    const counts = new MissingChanges({ monotonicMs: () => nowMs });
    const log = logUpTo(9);
    const missing = () =>
      linkStatus('dc=x', [session('to', 7), session('to', 4)], log as unknown as Changelog, counts).map(
        (link) => link.missing,
      );
    t.same(missing(), [undefined, undefined], 'not counted yet');
    t.same(await counts.fresh(missing), [2, 5]);
    log.newest = 10;
    nowMs += 500;
    t.same(missing(), [2, 5], 'as counted a moment ago');
    nowMs += 3_600_000;
    t.same(missing(), [undefined, undefined], 'an hour later');
    t.same(await counts.fresh(missing), [3, 6]);
  },
);
