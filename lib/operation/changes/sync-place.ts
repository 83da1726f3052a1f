/**
 * From what a client holds to a place in this server's applied log: everything that the client may lack was applied here after it.
 *
 * On the server that made the cookie the place is in it, proved by the CSN that stands there. On another one it is found from the client's state: before the first
 * change that the state does not cover, each origin's chain of `previous` telling which change that is.
 */
import type { ChangeSource } from '../../backend/change-feed.js';
import { csnReplica } from '../../csn/csn.js';
import type { ServerState } from '../../csn/server-state.js';
import type { SyncCookie } from './sync-cookie.js';

/** `since`: what was applied after it is to be told, deletions included; `present`: the same, deletions unknown; undefined: everything is to be told. */
export type SyncPlace = { readonly kind: 'since' | 'present'; readonly usn: number };

/** Where the client stands. `state`: of this server, at `log.durable`. */
export async function placeOf(
  log: ChangeSource['log'],
  state: ServerState,
  incarnation: string,
  cookie: SyncCookie,
): Promise<SyncPlace | undefined> {
  const { own } = cookie;
  if (own !== undefined && own.usn <= log.durable && own.usn >= log.floor) {
    if (log.reaches(own.usn) && log.at(own.usn)?.csn === own.csn && own.csn !== undefined)
      return { kind: 'since', usn: own.usn };
    if (own.incarnation === incarnation && own.csn === undefined && log.reaches(own.usn))
      return { kind: 'since', usn: own.usn };
    if (own.incarnation === incarnation && !log.reaches(own.usn)) return { kind: 'present', usn: own.usn };
  }
  const usn = await findPlace(log, state, cookie.state);
  return usn === undefined ? undefined : { kind: 'since', usn };
}

/** The USN after which all stands that `held` does not cover; undefined when the log does not reach so far. */
async function findPlace(
  log: ChangeSource['log'],
  state: ServerState,
  held: ServerState,
): Promise<number | undefined> {
  const wanted = new Set(
    state
      .csns()
      .filter((csn) => !held.covers(csn))
      .map(csnReplica),
  );
  let place = log.durable;
  if (wanted.size === 0) return place;
  const { trimmed } = log;
  for await (const changes of log.between(trimmed, place, true)) {
    for (const { usn, csn, previous } of changes) {
      if (held.covers(csn)) continue;
      place = usn - 1;
      if (previous === undefined || held.covers(previous)) wanted.delete(csnReplica(csn));
      if (wanted.size === 0) return log.reaches(place) ? place : undefined;
    }
  }
  return undefined;
}
