/** Deleted entries of a running server, for people: a list of them, and one named by UUID or by the DN that it had. What they are is operation/write/deleted-entries.ts. */
import { LdapError } from '../../base/ldap-error.js';
import type { EntryUuid } from '../../change/change.js';
import { parseUuid } from '../../change/entry-uuid.js';
import { csnTimeMs } from '../../csn/csn.js';
import { parseDn } from '../../dn/dn-text.js';
import { lastDnText } from '../../operation/write/deleted-entries.js';
import { dnKey } from '../../schema/dn-key.js';
import type { RunningDomain } from '../domain/domain.js';

/** A deleted entry, for people. */
export interface DeletedEntry {
  /** The name that it had. */
  readonly dn: string;
  readonly uuid: string;
  /** ISO 8601. */
  readonly deletedAt: string;
  readonly deletedBy: string;
  /** Until when this server lets it come back. */
  readonly keptUntil: string;
}

const DAY_MS = 86_400_000;

/** The newest `limit` of them, the oldest first, and how many there are. */
export async function listDeleted(
  { deleted }: RunningDomain,
  keepDays: number,
  limit: number,
): Promise<{ readonly total: number; readonly entries: readonly DeletedEntry[] }> {
  let total = 0;
  let entries: DeletedEntry[] = [];
  for await (const slice of deleted.list()) {
    for (const { state, death } of slice) {
      total += 1;
      entries.push({
        dn: lastDnText(deleted, state),
        uuid: state.uuid,
        deletedAt: new Date(csnTimeMs(death)).toISOString(),
        deletedBy: state.modified.by,
        keptUntil: new Date(csnTimeMs(death) + keepDays * DAY_MS).toISOString(),
      });
    }
    if (entries.length > 2 * limit) entries = entries.slice(-limit);
  }
  return { total, entries: entries.slice(-limit) };
}

/** Brings one back, by its UUID or the DN that it had. Rejects with an LdapError that says why not. */
export async function undeleteEntry(
  domain: RunningDomain,
  initiator: string,
  named: string,
): Promise<{ readonly dn: string; readonly uuid: string; readonly memberships: number }> {
  const uuid = await find(domain, named);
  const { written, memberships } = await domain.deleted.undelete({ initiator, uuid });
  return { dn: written.after?.dnText ?? named, uuid, memberships };
}

async function find({ deleted, backend }: RunningDomain, named: string): Promise<EntryUuid> {
  const uuid = parseUuid(named.toLowerCase().replace(/^entryuuid=/, ''));
  if (uuid !== undefined) {
    if (backend.parts.writes.stateOf(uuid) !== undefined) return uuid;
    throw new LdapError('noSuchObject', `No deleted entry has the UUID ${uuid}.`);
  }
  const key = dnKey(parseDn(named));
  const matches: EntryUuid[] = [];
  for await (const slice of deleted.list())
    for (const { state } of slice) if (dnKey(deleted.dnOf(state)) === key) matches.push(state.uuid);
  const [last] = matches.slice(-1);
  if (last === undefined)
    throw new LdapError('noSuchObject', `No deleted entry had the name ${named}; see: polyarch deleted list`);
  if (matches.length > 1)
    throw new LdapError(
      'unwillingToPerform',
      `${matches.length} deleted entries had the name ${named}; say which by its UUID: ${matches.join(', ')}`,
    );
  return last;
}
