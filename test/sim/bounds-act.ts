/**
 * What servers keep is bounded: once all have applied everything and said so, no history is left, the change log has given up what is older than its limit, and dead entries have gone on all servers alike.
 *
 * Adds nothing to what happens.
 */
import { csnTimeMs } from '../../lib/csn/csn.js';
import type { KeepLimits } from '../../lib/replica/housekeeping.js';
import type { Act } from './act.js';
import { BackendDirectory } from './backend-directory.js';
import { only } from './end-checks.js';
import type { SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';
import { EPOCH_MS } from './virtual-time.js';

/** How long it takes at most until reports have gone round and each server has passed through its rows. */
const SETTLED_MS = 20_000;
const LOOK_MS = 2000;
const LATER_MS = 5000;

/** The change log forgets by age what all members have. */
export const AGED: Partial<KeepLimits> = { logMaxAgeMs: 1500 };

export class BoundsAct implements Act {
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  async check(): Promise<void> {
    const { time, servers } = this.#simulation;
    // A server whose clock is behind may yet make a change that is older: all show the same time, and it is later than all changes.
    const newest = servers.flatMap(({ changelog }) => changelog?.state.newest() ?? []);
    const laterMs = Math.max(...newest.map(csnTimeMs)) + LATER_MS;
    for (const { clockOffset } of servers) clockOffset.wallMs = laterMs - EPOCH_MS - time.nowMs;
    const untilMs = time.nowMs + SETTLED_MS;
    for (;;) {
      const kept = await this.#kept();
      if (kept === undefined) return;
      if (time.nowMs > untilMs) throw new Error(kept);
      // Who has nothing to say reports every ten minutes; here they need not be waited for.
      for (const { housekeeping } of servers)
        if (housekeeping !== undefined) this.#simulation.spawn(housekeeping.run());
      await time.run(time.nowMs + LOOK_MS);
    }
  }

  /** What somebody keeps for no reason; undefined: nothing. */
  async #kept(): Promise<string | undefined> {
    const { servers } = this.#simulation;
    for (const server of servers) {
      const kept = keptBy(server);
      if (kept !== undefined) return `${server.name} keeps ${kept}`;
    }
    return await deadApart(servers);
  }
}

function keptBy({ housekeeping, changelog, directory, options }: SimServer): string | undefined {
  const status = housekeeping?.status();
  if (status === undefined || changelog === undefined) return 'nothing: it is down';
  const held = status.heldBackBy.map(({ name, reason }) => `${name} ${reason}`);
  const why = `; stable ${status.stable}, before ${status.before}, held back by ${held}`;
  if (directory !== undefined && status.historyLeft !== undefined && status.historyLeft > 0)
    return `${status.historyLeft} rows of history${why}`;
  const { rows } = changelog.size;
  return (options.limits?.logMaxAgeMs ?? 0) > 0 && rows > 0
    ? `${rows} changes in its log of ${changelog.state}${why}`
    : undefined;
}

/** Where two servers keep other dead entries. */
async function deadApart(servers: readonly SimServer[]): Promise<string | undefined> {
  let first: { readonly name: string; readonly dead: string } | undefined;
  for (const { name, directory } of servers) {
    if (!(directory instanceof BackendDirectory)) continue;
    const dead = (await directory.contents())
      .split('\n')
      .filter((line) => line.includes(' # dead '))
      .join('\n');
    first ??= { name, dead };
    if (dead !== first.dead)
      return `dead entries: ${first.name} has ${only(first.dead, dead)}, ${name} has ${only(dead, first.dead)}`;
  }
  return undefined;
}
