/** Whether a server can be read and written, as those who watch it from outside ask: /readyz and the metrics. */
import type { ServerStatus } from './server-status.js';

/** Why the server is not ready, one line a domain; none when it is. */
export function notReady(status: ServerStatus): string[] {
  return status.domains
    .filter((domain) => domain.phase !== 'ready' && domain.phase !== 'relay')
    .map((domain) => `${domain.baseDn}: ${domain.reason ?? domain.phase}`);
}
