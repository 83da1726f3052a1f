/**
 * What a server says of one of its domains with entries, from the parts that know it.
 *
 * Owns the shape alone; what stands in the way of writes is replica/replica.ts, how far it is behind replication-lag.ts.
 */
import type { StoreBackend } from '../../backend/store-backend.js';
import type { SessionStatus } from '../../broker/broker-seams.js';
import type { Changelog } from '../../changelog/changelog.js';
import type { Replica } from '../../replica/replica.js';
import type { MemberRow } from '../../sync/member-row.js';
import { heldPart } from '../domain/domain-fraction.js';
import { heldOrigins, replicationLag } from './replication-lag.js';
import type { DomainStatus } from './server-status.js';

export interface DomainStatusParts {
  /** As configured. */
  readonly baseText: string;
  readonly backend: StoreBackend;
  readonly changelog: Changelog;
  readonly replica: Replica;
  readonly sessions: readonly SessionStatus[];
  /** The domain's other servers, as far as they are known. */
  readonly members: readonly MemberRow[];
  /** The broker's: another live server is taken for this one. */
  readonly rival: string | undefined;
}

/** As it is now. */
export function domainStatus(parts: DomainStatusParts): DomainStatus {
  const { baseText, backend, changelog, replica, sessions, members, rival } = parts;
  return {
    baseDn: baseText,
    ...phaseOf(backend, replica, rival),
    entries: backend.entryCount,
    generationId: backend.generationId,
    ...heldPart(backend.parts.fraction.text),
    applied: backend.state.toString(),
    received: changelog.state.toString(),
    ...replicationLag(sessions, backend.state, members, (csn) => changelog.holds(csn)),
    ...stampsAhead(backend.parts.writes.clockAheadMs),
    ...copying(replica),
    ...heldOrigins(replica.blocked()),
  };
}

function copying(replica: Replica): Pick<DomainStatus, 'copying'> {
  const progress = replica.progress();
  if (progress === undefined) return {};
  const { peer, images, entryCount, failure } = progress;
  return { copying: { from: peer, rows: images, entries: entryCount, trouble: failure } };
}

function phaseOf(
  { condition, generationId }: StoreBackend,
  replica: Replica,
  rival: string | undefined,
): Pick<DomainStatus, 'phase' | 'reason'> {
  if (condition.kind !== 'ready') return { phase: condition.kind, reason: condition.reason };
  const reading = replica.readsHeld();
  if (reading !== undefined || replica.progress() !== undefined)
    return { phase: 'initializing', reason: reading ?? 'a total update has begun' };
  if (generationId === undefined) return { phase: 'empty', reason: 'it holds no data yet' };
  const held = replica.writesHeld() ?? rival;
  return held === undefined ? { phase: 'ready', reason: undefined } : { phase: 'held', reason: held };
}

function stampsAhead(aheadMs: number): Pick<DomainStatus, 'stampsAheadSeconds'> {
  return aheadMs >= 1000 ? { stampsAheadSeconds: Math.round(aheadMs / 1000) } : {};
}
