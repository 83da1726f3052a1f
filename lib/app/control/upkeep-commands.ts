/**
 * Commands about what a domain keeps and who belongs to it, on a running server: members, purge, evict, restore, deleted entries, undelete, unseen changes.
 */
import { baseKey, SECRET_ATTRIBUTES } from '../../access/secret-attributes.js';
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import { listDeleted, undeleteEntry } from '../data/deleted-entries.js';
import { unseenChanges } from '../data/unseen-changes.js';
import type { RunningDomain } from '../domain/domain.js';
import type { RunningServer } from '../server.js';
import type { ControlRequest } from './control-protocol.js';

/** Deleted entries, and records of unseen changes, that one answer holds at most. */
const MAX_LISTED = 100_000;

export type UpkeepRequest = Extract<ControlRequest, { readonly command: `upkeep-${string}` }>;

/** Answers one of them. `domains`: those that it is about. */
export async function upkeepCommand(
  server: RunningServer,
  domains: readonly RunningDomain[],
  request: UpkeepRequest,
): Promise<unknown> {
  switch (request.command) {
    case 'upkeep-members':
      return await eachDomain(domains, async () => ({}));
    case 'upkeep-purge':
      return await eachDomain(domains, async (domain) => ({ now: await domain.upkeep.purge() }));
    case 'upkeep-evict':
      return await decide(domains, request.server, 'evicted');
    case 'upkeep-restore':
      return await decide(domains, request.server, 'returning');
    case 'upkeep-deleted': {
      const keepDays = server.config.settings['deletedEntries.keepDays'];
      const limit = Math.max(1, Math.min(request.limit ?? 1000, MAX_LISTED));
      return await Promise.all(
        domains.map(async (domain) => ({
          baseDn: domain.baseText,
          ...(await listDeleted(domain, keepDays, limit)),
        })),
      );
    }
    case 'upkeep-undelete':
      return await undeleteIn(domains, server.config.settings['admin.dn'], request.entry);
    case 'upkeep-unseen':
      return await unseen(server, domains);
  }
}

async function eachDomain<T extends object>(
  domains: readonly RunningDomain[],
  also: (domain: RunningDomain) => Promise<T>,
) {
  const all = [];
  for (const domain of domains) {
    const more = await also(domain);
    all.push({ baseDn: domain.baseText, ...(await domain.upkeep.status()), ...more });
  }
  return all;
}

/** The same in every domain where the server is known; refused when it is in none. */
async function decide(domains: readonly RunningDomain[], name: string, standing: 'evicted' | 'returning') {
  const faults: string[] = [];
  const done: string[] = [];
  for (const domain of domains) {
    try {
      await domain.upkeep.members.decide(name, standing);
      done.push(domain.baseText);
    } catch (error) {
      faults.push(`${domain.baseText}: ${(error as Error).message}`);
    }
  }
  if (done.length === 0)
    throw new OperatorError(
      'COMMAND_INVALID',
      `${name} cannot be ${standing === 'evicted' ? 'evicted' : 'restored'}`,
      faults,
    );
  return { server: name, standing, domains: done };
}

async function undeleteIn(domains: readonly RunningDomain[], initiator: string, entry: string) {
  let last: unknown;
  for (const domain of domains) {
    try {
      return await undeleteEntry(domain, initiator, entry);
    } catch (error) {
      if (!(error instanceof LdapError) || error.result !== 'noSuchObject') throw error;
      last = error;
    }
  }
  throw last;
}

async function unseen(server: RunningServer, domains: readonly RunningDomain[]) {
  const isSecret = (attribute: string) => SECRET_ATTRIBUTES.includes(baseKey(attribute.toLowerCase()));
  const records: string[] = [];
  for (const domain of domains) {
    for await (const record of unseenChanges(domain, server.config.settings['server.id'], isSecret)) {
      if (records.length < MAX_LISTED) records.push(record);
    }
  }
  return { records };
}
