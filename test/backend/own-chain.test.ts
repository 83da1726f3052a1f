/** Claims about the chain of our own changes: each follows the newest that the entries hold, and none is made past one that only the log holds. */
import t from 'tap';
import { OwnChain } from '../../lib/backend/own-chain.js';
import { ROOT_UUID } from '../../lib/change/change.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';

const OWN = 1 as ReplicaId;
const csn = (timeMs: number, replica = 1): Csn => makeCsn(timeMs, 0, replica as ReplicaId);

function world() {
  let timeMs = 100;
  const commit = { state: ServerState.EMPTY };
  const log: { own: Csn | undefined } = { own: undefined };
  const chain = new OwnChain({
    commit,
    replica: OWN,
    clock: { wallMs: () => timeMs },
    generator: { next: () => csn(++timeMs) },
    sink: { lastOwn: () => log.own },
  });
  const make = () => chain.stamp('cn=client', ROOT_UUID, { kind: 'delete' });
  return { commit, log, chain, make };
}

t.test('a change names the one before it of the entries, and has seen the others', async (t) => {
  const { commit, make, chain } = world();
  t.equal(make().previous, undefined);
  commit.state = ServerState.of([csn(5), csn(7, 2)]);
  const first = make();
  t.equal(first.previous, csn(5));
  t.equal(first.seen.toString(), csn(7, 2));
  commit.state = commit.state.with(first.csn);
  chain.went(commit.state);
  const second = make();
  t.equal(second.previous, first.csn);
  t.equal(second.seen, first.seen, 'the same object: nothing of others came between');
});

t.test('while the log holds a change of ours that the entries lack, none is made', async (t) => {
  const { commit, log, chain } = world();
  t.equal(chain.overtaken, undefined);
  log.own = csn(9);
  t.match(chain.overtaken, { result: 'unavailable', message: /changes of its own back/ });
  commit.state = ServerState.of([csn(8)]);
  t.ok(chain.overtaken);
  commit.state = ServerState.of([csn(9)]);
  t.equal(chain.overtaken, undefined);
  commit.state = ServerState.of([csn(12)]);
  t.equal(chain.overtaken, undefined, 'loaded from a file, not through the log');
});
