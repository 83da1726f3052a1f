/** A change that another server made, a second ahead of this one's clock, for tests that replay it. */
import type { Change, ChangeBody, EntryUuid } from '../../lib/change/change.js';
import { makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import type { ServerState } from '../../lib/csn/server-state.js';
import type { TestServer } from './test-server.js';

/** `seen`: what that server knew; absent: all that this one holds. */
export function elsewhere(
  server: TestServer,
  entry: EntryUuid,
  body: ChangeBody,
  seen: ServerState = server.backend.state,
): Change {
  return {
    csn: makeCsn(server.clock.wallMs() + 1000, 0, 2 as ReplicaId),
    previous: undefined,
    seen,
    entry,
    initiator: 'cn=elsewhere',
    body,
  };
}
