/**
 * What a server lacks, as the other servers that were asked count it.
 *
 * Servers are asked one after another, and a session's count is of what its peer said last: where a server says by now that it has applied all that the other holds, nothing is missing, whatever was counted.
 */
import { ServerState } from '../../csn/server-state.js';
import type { ServerStatus } from './server-status.js';

/** The largest count of the others for the domain of `server`; undefined: nobody has counted. */
export function missingSeen(
  servers: readonly ServerStatus[],
  { name, domains }: ServerStatus,
  baseDn: string,
): number | undefined {
  const applied = stateOf(domains.find((one) => one.baseDn === baseDn)?.applied);
  const counts = servers.flatMap(({ links, domains }) => {
    const held = stateOf(domains.find((one) => one.baseDn === baseDn)?.received);
    const hasAll = held !== undefined && applied?.coversAll(held) === true;
    return links
      .filter(({ domain, peer }) => domain === baseDn && peer === name)
      .flatMap(({ missing }) => (missing === undefined ? [] : [hasAll ? 0 : missing]));
  });
  return counts.length === 0 ? undefined : Math.max(...counts);
}

function stateOf(text: string | undefined): ServerState | undefined {
  return text === undefined ? undefined : ServerState.parse(text);
}
