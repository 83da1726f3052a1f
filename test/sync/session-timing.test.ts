/**
 * When a peer counts as gone.
 */
import t from 'tap';
import { silence } from '../../lib/sync/session-timing.js';
import { hello } from './session-fixtures.js';

t.test('a peer is gone after three of the longer heartbeat of both', (t) => {
  const session = (ownMs: number, peerMs: number) => ({
    own: hello('s1', 1, { heartbeatMs: ownMs }),
    peer: hello('s2', 2, { heartbeatMs: peerMs }),
    lastHeardMs: 1000,
  });
  t.equal(silence(session(1000, 1000), 3999), undefined);
  t.equal(silence(session(1000, 1000), 4000), 'nothing heard from s2 for 3 s');
  t.equal(silence(session(1000, 5000), 15_999), undefined);
  t.equal(silence(session(1000, 5000), 16_000), 'nothing heard from s2 for 15 s');
  t.end();
});
