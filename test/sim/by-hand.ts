/**
 * The one state in which servers wait for people, and what an administrator does then: exactly what the sentence says that the server shows (docs/replication.md, Proof).
 *
 * Known is one case: a server that was evicted, and holds changes of others that whoever does not let it in lacks, so that it takes no copy by itself.
 */
import type { SimServer } from './sim-server.js';

/** Has each server that asks for it take a copy from the peer that it names. Answers what was done. */
export function doAsAsked(servers: readonly SimServer[]): readonly string[] {
  const done: string[] = [];
  for (const server of servers) {
    const { name, broker, replica } = server;
    const why = ['has made changes while it was no member', 'lacks changes whose history may be forgotten'];
    const said = why.map((reason) => `${name} ${reason} and must be initialized before it replicates with `);
    const session = broker
      ?.status()
      .find(
        ({ direction, lastError }) =>
          direction === 'from' && said.some((sentence) => lastError.includes(sentence)),
      );
    if (session === undefined || replica === undefined || replica.progress() !== undefined) continue;
    done.push(`${name} initialized from ${session.peer} by hand`);
    // Refused where the peer is busy; it is asked again.
    // With --give-up-changes: who saw the case to this end gives up what it alone holds of others.
    replica.initialize(session.peer, 'reissued', async () => {}).catch(() => {});
  }
  return done;
}
