/**
 * Whether servers are in sync, judged by their status.
 */
import { missingSeen } from './missing-seen.js';
import type { ServerStatus } from './server-status.js';

/**
 * Whether all have applied the same changes of the same data in every domain, and none lacks what a connected peer holds, or another server has reported to hold, or one of those asked counts as missing. One server alone is judged by its peers: while none
 * is connected it cannot be said to be in sync. Brokers without entries do not count; no servers are not in sync.
 */
export function inSync(servers: readonly ServerStatus[]): boolean {
  const holders = servers.filter(
    ({ domains }) => domains.length === 0 || domains.some(({ phase }) => phase !== 'relay'),
  );
  const first = holders[0];
  if (first === undefined) return false;
  if (
    holders.length === 1 &&
    first.peers.length > 0 &&
    first.domains.some(({ behind }) => behind === undefined)
  )
    return false;
  return first.domains.every((domain) =>
    holders.every((server) => {
      const same = server.domains.find((one) => one.baseDn === domain.baseDn);
      return (
        same !== undefined &&
        same.phase === 'ready' &&
        same.behind !== true &&
        same.awaits === undefined &&
        same.generationId !== undefined &&
        same.generationId === domain.generationId &&
        same.applied === domain.applied &&
        same.entries === domain.entries &&
        (missingSeen(servers, server, domain.baseDn) ?? 0) === 0
      );
    }),
  );
}
