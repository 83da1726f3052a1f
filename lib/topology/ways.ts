/**
 * What holds changes up on their way from this server to another: limits of bandwidth, and hours in which a link is closed.
 *
 * Both stand with the links between sites, and hold for every link of the cheapest way. A limit is each sending server's own: of a site one server mostly sends over the dear link.
 */
import { assert } from '../base/assert.js';
import { cheapestWays } from './cheapest-ways.js';
import { parseSchedule, type Schedule } from './schedule.js';
import type { SiteLink, Topology } from './topology.js';

/** Below that, heartbeats alone would take all. */
export const MIN_BANDWIDTH_KBIT = 64;
export const MAX_BANDWIDTH_KBIT = 100_000_000;

/** What all changes share that take the same line. */
export interface WayLine {
  /** Names it among the lines of this server. */
  readonly name: string;
  readonly bandwidthKbit: number | undefined;
  readonly schedule: Schedule;
}

/** The line of all ways that have no limit of their own. */
const DEFAULT_LINE = 'other sites';

/**
 * The lines on the way from server `own` to another one; none where nothing holds changes up. `defaultKbit`: the limit where no link of the way has one, shared by all such
 * ways; undefined: none. It counts for other sites only; without a topology, or to a server that the topology does not list, for every server.
 */
export function waysFrom(
  topology: Topology | undefined,
  own: string,
  defaultKbit: number | undefined,
): (server: string) => readonly WayLine[] {
  const fallback: readonly WayLine[] =
    defaultKbit === undefined ? [] : [{ name: DEFAULT_LINE, bandwidthKbit: defaultKbit, schedule: [] }];
  const sites = new Map(topology?.servers.map((server) => [server.name, server.site]) ?? []);
  const ownSite = sites.get(own);
  const lines = new Map<string, readonly WayLine[]>();
  if (topology !== undefined && ownSite !== undefined) {
    for (const [site, way] of cheapestWays(topology, ownSite)) {
      const holding = way.links
        .map(wayLine)
        .filter((line) => line.bandwidthKbit !== undefined || line.schedule.length > 0);
      const limited = holding.some((line) => line.bandwidthKbit !== undefined);
      lines.set(site, limited ? holding : [...holding, ...fallback]);
    }
    lines.set(ownSite, []);
  }
  return (server) => lines.get(sites.get(server) ?? '') ?? fallback;
}

function wayLine({ between, bandwidthKbit, schedule: text }: SiteLink): WayLine {
  const schedule = parseSchedule(text);
  assert(schedule !== undefined, 'the topology was checked');
  return { name: [...between].sort().join(' - '), bandwidthKbit, schedule };
}
