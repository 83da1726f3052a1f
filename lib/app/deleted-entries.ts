/**
 * Deleted entries of a running server: which there are, and bringing one back with its place in groups.
 *
 * Memberships that went with the deletion are changes of the server that made it, behind the deletion in its stream: they are looked for in the change log and put back, as
 * far as the log reaches. Parents come back before their children: an entry whose parent is gone is shown in lost+found until then.
 */
import type { Intent } from '../backend/backend.js';
import { decodeState } from '../backend/entry-record.js';
import { deadEntries } from '../backend/purge-rows.js';
import { undelete } from '../backend/undelete.js';
import { utf8Decode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import type { AttributeChange, EntryUuid } from '../change/change.js';
import { ROOT_UUID } from '../change/change.js';
import { decodeChange } from '../change/change-codec.js';
import { parseUuid } from '../change/entry-uuid.js';
import { formatNamedRdn } from '../change/named-rdn.js';
import { deathOf } from '../conflict/entry-life.js';
import { type EntryState, isAlive, LOST_AND_FOUND_UUID } from '../conflict/entry-state.js';
import { type Csn, csnReplica, csnTimeMs } from '../csn/csn.js';
import { parseDn } from '../dn/dn-text.js';
import { dnKey } from '../schema/dn-key.js';
import type { RunningDomain } from './domain.js';

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

/** Changes behind a deletion that are looked at for memberships, and for how long after it. */
const LOOKED_AT = 20_000;
const LOOKED_MS = 600_000;
const DAY_MS = 86_400_000;
const MAX_DEPTH = 1000;

/** The newest `limit` of them, the oldest first, and how many there are. */
export async function listDeleted(
  domain: RunningDomain,
  keepDays: number,
  limit: number,
): Promise<{ readonly total: number; readonly entries: readonly DeletedEntry[] }> {
  let total = 0;
  let entries: DeletedEntry[] = [];
  for await (const { state, death } of deadStates(domain)) {
    total += 1;
    entries.push({
      dn: dnOf(domain, state),
      uuid: state.uuid,
      deletedAt: new Date(csnTimeMs(death)).toISOString(),
      deletedBy: state.modified.by,
      keptUntil: new Date(csnTimeMs(death) + keepDays * DAY_MS).toISOString(),
    });
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
  const { writes } = domain.backend.parts;
  const held = domain.writesHeld();
  if (held !== undefined) throw new LdapError('unavailable', `${held}.`);
  const found = await find(domain, named);
  const intents = await membershipsOf(domain, found);
  const fromMs = () => domain.upkeep.members.undeleteFromMs;
  const alive = (intent: Intent) => {
    const state = writes.stateOf(intent.entry);
    return state !== undefined && isAlive(state);
  };
  await undelete(writes, initiator, found.uuid, fromMs);
  let memberships = 0;
  if (intents.length > 0) {
    const written = await writes.submit(initiator, () => intents.filter(alive));
    memberships = written.csn === undefined ? 0 : intents.length;
  }
  const dn = domain.backend.byUuid(found.uuid)?.dnText ?? named;
  return { dn, uuid: found.uuid, memberships };
}

async function find(domain: RunningDomain, named: string): Promise<EntryState> {
  const uuid = parseUuid(named.toLowerCase().replace(/^entryuuid=/, ''));
  const { writes } = domain.backend.parts;
  if (uuid !== undefined) {
    const state = writes.stateOf(uuid);
    if (state !== undefined) return state;
    throw new LdapError('noSuchObject', `No deleted entry has the UUID ${uuid}.`);
  }
  const key = dnKey(parseDn(named));
  const matches: EntryState[] = [];
  for await (const { state } of deadStates(domain))
    if (dnKey(parseDn(dnOf(domain, state))) === key) matches.push(state);
  const [last] = matches.slice(-1);
  if (last === undefined)
    throw new LdapError('noSuchObject', `No deleted entry had the name ${named}; see: polyarch deleted list`);
  if (matches.length > 1)
    throw new LdapError(
      'unwillingToPerform',
      `${matches.length} deleted entries had the name ${named}; say which by its UUID: ${matches.map(({ uuid: one }) => one).join(', ')}`,
    );
  return last;
}

async function* deadStates(
  domain: RunningDomain,
): AsyncGenerator<{ readonly state: EntryState; readonly death: Csn }, undefined> {
  const { parts } = domain.backend;
  for await (const slice of deadEntries(parts))
    for (const { record, death } of slice) yield { state: decodeState(record, parts.dictionary), death };
  return undefined;
}

/** The name that a dead entry had: its own RDN below its parent, as that is named now. */
function dnOf(domain: RunningDomain, state: EntryState): string {
  const { writes } = domain.backend.parts;
  const rdns: string[] = [];
  let at: EntryState | undefined = state;
  for (let depth = 0; at !== undefined && depth < MAX_DEPTH; depth++) {
    const live = isAlive(at) ? domain.backend.byUuid(at.uuid) : undefined;
    if (live !== undefined) {
      rdns.push(live.dnText);
      break;
    }
    rdns.push(formatNamedRdn(at.rdn));
    if (at.parent === ROOT_UUID || at.parent === LOST_AND_FOUND_UUID) break;
    at = writes.stateOf(at.parent);
  }
  return rdns.join(',');
}

/** What puts the entry back where its deletion took it out: one change a group. */
async function membershipsOf(domain: RunningDomain, state: EntryState): Promise<readonly Intent[]> {
  const death = deathOf(state.life);
  if (death === undefined) return [];
  const name = dnKey(parseDn(dnOf(domain, state)));
  const intents: Intent[] = [];
  let looked = 0;
  for await (const slice of domain.upkeep.changelog.scan(csnReplica(death), death)) {
    for (const { bytes } of slice) {
      const { csn, entry, body } = decodeChange(bytes);
      looked += 1;
      if (looked > LOOKED_AT || csnTimeMs(csn) > csnTimeMs(death) + LOOKED_MS) return intents;
      if (body.kind !== 'modify') continue;
      const attributes = body.attributes.flatMap((change) => backAgain(change, name));
      if (attributes.length > 0) intents.push(backIntent(entry, attributes));
    }
  }
  return intents;
}

function backIntent(entry: EntryUuid, attributes: readonly AttributeChange[]): Intent {
  return { entry, body: { kind: 'modify', attributes } };
}

function backAgain(change: AttributeChange, name: string | undefined): AttributeChange[] {
  const add = change.remove.filter((value) => {
    const text = utf8Decode(value);
    if (text === undefined) return false;
    try {
      return dnKey(parseDn(text)) === name;
    } catch {
      return false;
    }
  });
  return add.length === 0 ? [] : [{ ...change, clear: false, remove: [], add, increment: 0n }];
}
