/**
 * The facts that health rules look at, gathered within a running server.
 */
import type { JournalLine } from '../conflict/domain-view.js';
import type { RunningDomain } from './domain.js';
import { fileFacts } from './health-files.js';
import { type HealthFacts, OPEN_KINDS } from './health-rules.js';
import type { ServerFiles } from './server-files.js';
import type { ServerStatus } from './server-status.js';

/** What of a server the facts are taken from. */
export interface ExaminedServer {
  readonly config: { readonly files: ServerFiles };
  readonly domains: readonly RunningDomain[];
  readonly ownDomains: readonly RunningDomain[];
  status(): ServerStatus;
}

/** All facts. */
export async function serverHealth(server: ExaminedServer): Promise<HealthFacts> {
  const domains = [...server.domains, ...server.ownDomains];
  return {
    ...(await fileFacts(server.config.files)),
    status: server.status(),
    upkeep: await Promise.all(
      domains.map(async (domain) => ({ baseDn: domain.baseText, ...(await domain.upkeep.status()) })),
    ),
    openConflicts: await openConflicts(domains),
  };
}

/** Journal lines of kinds that say what is so now. */
async function openConflicts(domains: readonly RunningDomain[]): Promise<Record<string, number>> {
  const counts = new Map<JournalLine['kind'], number>(OPEN_KINDS.map((kind) => [kind, 0]));
  for (const { backend } of domains)
    for await (const slice of backend.journal())
      for (const { kind } of slice) {
        const count = counts.get(kind);
        if (count !== undefined) counts.set(kind, count + 1);
      }
  return Object.fromEntries(counts);
}
