/**
 * Puts a server's status together from its parts.
 */

import type { SessionStatus } from '../../broker/broker-seams.js';
import type { Changelog } from '../../changelog/changelog.js';
import { systemClock } from '../../io/system-clock.js';
import type { LdapService } from '../../operation/ldap-service.js';
import { OPERATION_KINDS } from '../../operation/statistics.js';
import type { ComparisonReport } from '../../replica/comparison.js';
import type { ServerConfig } from '../config/read-config.js';
import type { Listening } from '../server.js';
import { comparisonStatus, linkStatus, MissingChanges } from './link-status.js';
import type { DomainStatus, PeerStatus, ServerStatus } from './server-status.js';

/** A domain, with entries or a broker's. */
interface Replicated {
  readonly broker: { status(): readonly SessionStatus[] };
  readonly upkeep: { readonly changelog: Changelog };
  /** Of a domain with entries. */
  readonly divergence?: { reports(): readonly ComparisonReport[] };
  following(): readonly string[];
  status(): DomainStatus;
}

interface Parts {
  readonly config: ServerConfig;
  readonly domains: readonly Replicated[];
  readonly topology: Replicated;
  readonly service: LdapService;
  readonly listening: Listening;
  readonly startedMs: number;
  readonly version: string;
}

const counts = new MissingChanges(systemClock);

/** What `status` answers, with what peers lack counted now. */
export function countedNow<T>(status: () => T): Promise<T> {
  return counts.fresh(status);
}

/** The status as it is now. */
export function makeStatus({
  config,
  domains,
  topology,
  service,
  listening,
  startedMs,
  version,
}: Parts): ServerStatus {
  const { settings } = config;
  let initiated = 0;
  let completed = 0;
  const byKind: Record<string, number> = {};
  for (const kind of OPERATION_KINDS) {
    const count = service.statistics.operations[kind];
    initiated += count.initiated;
    completed += count.completed;
    byKind[kind] = count.completed;
  }
  return {
    name: settings['server.name'],
    id: settings['server.id'],
    site: settings['server.site'],
    pid: process.pid,
    version,
    startedAt: new Date(startedMs).toISOString(),
    dir: config.files.dir,
    adminDn: settings['admin.dn'],
    addresses: { ...listening },
    connections: { current: service.registry.current, total: service.registry.total },
    operations: { initiated, completed, byKind },
    memoryMiB: Math.round(process.memoryUsage.rss() / 1_048_576),
    domains: domains.map((domain) => domain.status()),
    topology: topology.status(),
    peers: peerStatus(config, domains),
    links: domains.flatMap((domain) =>
      linkStatus(domain.status().baseDn, domain.broker.status(), domain.upkeep.changelog, counts),
    ),
    comparisons: domains.flatMap((domain) =>
      comparisonStatus(domain.status().baseDn, domain.divergence?.reports() ?? []),
    ),
  };
}

/** A peer counts as connected when changes of every domain flow from it. */
function peerStatus(config: ServerConfig, domains: readonly Replicated[]): PeerStatus[] {
  return [...config.peers].map(([name, address]) => {
    const sessions = domains.map((domain) =>
      domain.broker.status().find((session) => session.direction === 'from' && session.peer === name),
    );
    const connected = domains.every((domain) => domain.following().includes(name));
    const reason = sessions.map((session) => session?.lastError ?? '').find((text) => text !== '');
    return { name, address, connected, reason: connected ? undefined : reason };
  });
}
