/** What a domain's sessions say of its standing: how far it is behind, and whether anybody is there at all. */
import type { Broker } from '../../broker/broker.js';
import type { SessionStatus } from '../../broker/broker-seams.js';
import { type Csn, csnReplica, csnTimeMs } from '../../csn/csn.js';
import type { ServerState } from '../../csn/server-state.js';
import type { BlockedOrigin } from '../../replica/replay.js';
import { heldBy } from '../../sync/member-promises.js';
import type { MemberRow } from '../../sync/member-row.js';
import type { ServerConfig } from '../config/read-config.js';
import type { Guard } from '../domain/guarded-backend.js';
import type { DomainStatus } from './server-status.js';

/**
 * What connected peers hold and `state` lacks, those too that only take changes from here; and of which other `members` more is known than that. `holds`: whether our log holds or held that very change; a
 * newer one of another history of its server covers it by its CSN and is not it.
 */
export function replicationLag(
  sessions: readonly SessionStatus[],
  state: ServerState,
  members: readonly MemberRow[],
  holds: (csn: Csn) => boolean,
): Pick<DomainStatus, 'behind' | 'lagMs' | 'awaits'> {
  const peers = sessions.filter((session) => session.direction === 'from' || session.state === 'serving');
  const more = peers.flatMap(({ states }) => states?.log ?? []).filter((log) => !state.coversAll(log));
  if (more.length > 0) return { behind: true, lagMs: Math.max(...more.map((log) => lagOf(state, log))) };
  const known = sessions.some(({ direction, states }) => direction === 'from' && states !== undefined);
  const has = (csn: Csn): boolean => state.covers(csn) && (state.get(csnReplica(csn)) === csn || holds(csn));
  const awaits = members
    .filter(
      ({ standing, report }) => standing === 'member' && report !== undefined && !heldBy(report).every(has),
    )
    .map(({ name }) => name);
  return {
    ...(known ? { behind: false, lagMs: 0 } : { behind: undefined, lagMs: undefined }),
    ...(awaits.length === 0 ? {} : { awaits }),
  };
}

/** Origins that do not go on: `blocked` cannot, `waiting` go on when a change of another server has come. */
export function heldOrigins(origins: readonly BlockedOrigin[]): Pick<DomainStatus, 'blocked' | 'waiting'> {
  const of = (kind: BlockedOrigin['kind']) =>
    origins.flatMap((origin) =>
      origin.kind === kind ? [`changes of replica ${origin.origin} wait: ${origin.reason}`] : [],
    );
  const waiting = of('waiting');
  return { blocked: of('failing'), ...(waiting.length === 0 ? {} : { waiting }) };
}

/** The guard of a replica, which also refuses local writes on a read-only server, while others take another live server for this one, and while nobody else is there, where the configuration wants that. */
export function refusingAlone(
  guard: Guard,
  { settings, peers }: ServerConfig,
  broker: () => Pick<Broker, 'status' | 'rival'>,
): Guard {
  const name = settings['server.name'];
  const readOnly = settings.readOnly ? `${name} is read-only` : undefined;
  const alone = `${name} is connected to no other server, and takes no writes alone (replication.whenIsolated)`;
  const isAlone = () =>
    settings['replication.whenIsolated'] === 'refuse' &&
    peers.size > 0 &&
    !broker()
      .status()
      .some(({ state }) => state === 'following' || state === 'serving');
  return {
    readsHeld: () => guard.readsHeld(),
    writesHeld: () => readOnly ?? guard.writesHeld() ?? (isAlone() ? alone : broker().rival),
  };
}

/** By how much the newest change of `there` that we lack is newer than our newest of the same origin; ms. */
function lagOf(here: ServerState, there: ServerState): number {
  let lagMs = 0;
  for (const csn of there.csns()) {
    if (here.covers(csn)) continue;
    const own = here.get(csnReplica(csn));
    lagMs = Math.max(lagMs, own === undefined ? 0 : csnTimeMs(csn) - csnTimeMs(own));
  }
  return lagMs;
}
