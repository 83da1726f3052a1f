/**
 * The facts that health rules look at, gathered within a running server.
 */
import type { JournalLine } from '../../conflict/domain-view.js';
import { listedLines } from '../../operation/write/resolved-conflicts.js';
import { type RareIndex, rareIndexes } from '../data/index-admin.js';
import type { RunningDomain } from '../domain/domain.js';
import type { ServerFiles } from '../server-files.js';
import { fileFacts } from './health-files.js';
import { type HealthFacts, OPEN_KINDS } from './health-rules.js';
import type { ServerStatus } from './server-status.js';

/** What of a server the facts are taken from. */
export interface ExaminedServer {
  readonly config: { readonly files: ServerFiles };
  readonly domains: readonly RunningDomain[];
  readonly ownDomains: readonly RunningDomain[];
  status(): ServerStatus;
}

type Counts = Readonly<Record<string, number>>;

/** All facts. `conflicts`: counts conflicts that stand; `rare`: looks for indexes to be made anew. */
export async function serverHealth(
  server: ExaminedServer,
  conflicts: (domains: readonly RunningDomain[]) => Promise<Counts> = openConflicts,
  rare: (domains: readonly RunningDomain[]) => Promise<readonly RareIndex[]> = rareIndexes,
): Promise<HealthFacts> {
  const domains = [...server.domains, ...server.ownDomains];
  return {
    ...(await fileFacts(server.config.files)),
    status: server.status(),
    upkeep: await Promise.all(
      domains.map(async (domain) => ({ baseDn: domain.baseText, ...(await domain.upkeep.status()) })),
    ),
    openConflicts: await conflicts(domains),
    rareKeys: await rare(server.domains),
  };
}

/** Counts conflicts for somebody who asks often: anew only when changes came since, and `restMs` after the last count at the earliest. */
export function countingSeldom(restMs: number): (domains: readonly RunningDomain[]) => Promise<Counts> {
  let counted: { readonly atMs: number; readonly state: string; readonly counts: Counts } | undefined;
  return async (domains) => {
    const nowMs = performance.now();
    const state = domains.map((domain) => domain.status().applied).join('\n');
    if (counted === undefined || (counted.state !== state && nowMs - counted.atMs >= restMs))
      counted = { atMs: nowMs, state, counts: await openConflicts(domains) };
    return counted.counts;
  };
}

/** Looks for indexes to be made anew for somebody who asks often: `restMs` after the last look at the earliest, `foundMs` where that found any. */
export function lookingSeldom(
  restMs: number,
  foundMs: number,
): (domains: readonly RunningDomain[]) => Promise<readonly RareIndex[]> {
  let looked: { readonly atMs: number; readonly found: readonly RareIndex[] } | undefined;
  return async (domains) => {
    const nowMs = performance.now();
    if (looked === undefined || nowMs - looked.atMs >= (looked.found.length > 0 ? foundMs : restMs))
      looked = { atMs: nowMs, found: await rareIndexes(domains) };
    return looked.found;
  };
}

/** Journal lines of kinds that say what is so now, without those that somebody settled. */
async function openConflicts(domains: readonly RunningDomain[]): Promise<Record<string, number>> {
  const counts = new Map<JournalLine['kind'], number>(OPEN_KINDS.map((kind) => [kind, 0]));
  for (const { backend } of domains)
    for await (const slice of listedLines(backend))
      for (const { line, resolved } of slice) {
        const count = counts.get(line.kind);
        if (count !== undefined && !resolved) counts.set(line.kind, count + 1);
      }
  return Object.fromEntries(counts);
}
