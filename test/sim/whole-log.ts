/** The whole change log of a simulated server, decoded: what the oracle is asked about. */
import type { Change } from '../../lib/change/change.js';
import { decodeChange } from '../../lib/change/change-codec.js';
import { csnReplica } from '../../lib/csn/csn.js';
import type { SimServer } from './sim-server.js';

/** Every change of a server whose log begins with the first. */
export async function allChanges(server: SimServer): Promise<Change[]> {
  const log = server.changelog;
  const changes: Change[] = [];
  for (const newest of log?.state.csns() ?? []) {
    const origin = csnReplica(newest);
    for (let after: Change['previous']; after !== newest; ) {
      const slice = await log?.read(origin, after, 1_000_000);
      if (slice?.kind !== 'changes') throw new Error('the log of the first server is whole');
      for (const { bytes, csn } of slice.changes) {
        changes.push(decodeChange(bytes));
        after = csn;
      }
    }
  }
  return changes;
}

/** The same from whichever of them has it: one that was initialized anew lacks what came before; undefined: none has it. */
export async function changesOfAny(servers: readonly SimServer[]): Promise<Change[] | undefined> {
  for (const server of servers) if (server.changelog?.trimmed.size === 0) return await allChanges(server);
  return undefined;
}
