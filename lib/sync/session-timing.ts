/**
 * Times of a replication session that both ends share. All of them are measured on monotonic clocks.
 */

import type { Hello } from './frames.js';

/** Something is sent at least this often. */
export const HEARTBEAT_MS = 1000;
/** A peer that was silent for this many heartbeats is gone. */
const DEAD_AFTER_HEARTBEATS = 3;
/** A peer that did not introduce itself by then is sent away. */
export const HELLO_TIMEOUT_MS = 5000;
/** How often a session looks at its clock: the longest that an advert or an acknowledgement waits. */
export const TICK_MS = 100;

/** Why the peer counts as gone, as a clause; undefined while it is not. `nowMs` is monotonic. `heardMs`: when octets came last, of a frame that is not whole yet. */
export function silence(
  session: { readonly own: Hello; readonly peer: Hello; readonly lastHeardMs: number },
  nowMs: number,
  heardMs = 0,
): string | undefined {
  const patienceMs = DEAD_AFTER_HEARTBEATS * Math.max(session.own.heartbeatMs, session.peer.heartbeatMs);
  const silentMs = nowMs - Math.max(session.lastHeardMs, heardMs);
  if (silentMs < patienceMs) return undefined;
  return `nothing heard from ${session.peer.server} for ${Math.round(silentMs / 100) / 10} s`;
}
