/**
 * Whether servers are in sync, judged by their status.
 */
import type { ServerStatus } from './server-status.js';

/** Whether all have applied the same changes of the same data in every domain. Brokers without entries do not count; no servers are not in sync. */
export function inSync(servers: readonly ServerStatus[]): boolean {
  const holders = servers.filter(
    ({ domains }) => domains.length === 0 || domains.some(({ phase }) => phase !== 'relay'),
  );
  const first = holders[0];
  if (first === undefined) return false;
  return first.domains.every((domain) =>
    holders.every((server) => {
      const same = server.domains.find((one) => one.baseDn === domain.baseDn);
      return (
        same !== undefined &&
        same.phase === 'ready' &&
        same.generationId !== undefined &&
        same.generationId === domain.generationId &&
        same.applied === domain.applied &&
        same.entries === domain.entries
      );
    }),
  );
}
