/**
 * Persistent search (draft-ietf-ldapext-psearch-03; OpenDJ behaviour where the draft leaves a choice).
 *
 * A modified or renamed entry is told when it was in the content before or is after: so a client learns that an entry left its filter or its scope, by seeing
 * it as it is now (or, where it may not see it any more, as a deletion of what it saw). Entries below a renamed one are told as renamed.
 * Ends by abandon, cancel, unbind or bind; when its client reads too slowly it ends with `busy`, at no cost to others.
 */
import type { EntryChange } from '../../backend/change-feed.js';
import { counted } from '../../base/counted.js';
import { LdapError } from '../../base/ldap-error.js';
import { CONTROL_OIDS } from '../../ldap/control-oids.js';
import {
  CHANGE_TYPES,
  type ChangeType,
  encodeEntryChange,
  type PersistentSearchRequest,
} from '../../ldap/controls/persistent-search.js';
import type { Control, SearchRequest } from '../../ldap/message.js';
import type { Domain } from '../directory.js';
import { type Answer, answer, type Operation, SUCCESS } from '../operation.js';
import { search } from '../search/search.js';
import type { ServerParts } from '../server-parts.js';
import type { NamedEntry } from '../trees/virtual-tree.js';
import { Content } from './content.js';
import { Follower } from './follower.js';
import { belowRenamed } from './subtree-walk.js';
import { Teller } from './teller.js';

/** The control that says what happened. */
export function entryChange(
  changeType: ChangeType,
  previousDn: string | undefined,
  changeNumber?: number,
): Control {
  const value = encodeEntryChange({ changeType, previousDn, changeNumber });
  return { oid: CONTROL_OIDS.entryChange, critical: false, value };
}

/** Runs a persistent search of these domains to its end. Rejects with LdapError canceled, busy, or what the search for existing entries meets. */
export async function persistentSearch(
  parts: ServerParts,
  operation: Operation,
  wanted: PersistentSearchRequest,
  domains: readonly Domain[],
): Promise<Answer> {
  const request = operation.message.request as SearchRequest;
  const reader = parts.policy.reader(operation.requester);
  const content = new Content(parts, operation, request, reader, parts.directory.route(request.base).dn);
  const follower = await Follower.open(operation, domains);
  try {
    if (!wanted.changesOnly && !follower.over) await search(parts, operation);
    const run = new Notifications(new Teller(parts, operation, reader), content, wanted, request);
    for (let next = await follower.next(); next !== undefined; next = await follower.next()) {
      if (next.kind !== 'batch') throw endedBy(next.kind);
      for (const { entries } of next.batch.changes)
        for (const change of entries) await run.tell(next.domain, change);
    }
    run.check();
    return answer('searchDone', SUCCESS);
  } finally {
    follower.close();
  }
}

function endedBy(kind: 'behind' | 'reset'): LdapError {
  return new LdapError(
    'busy',
    kind === 'behind'
      ? 'Changes came faster than they were read, and some were dropped: search again.'
      : 'The data were replaced as a whole: search again.',
  );
}

class Notifications {
  readonly #teller: Teller;
  readonly #content: Content;
  readonly #wanted: PersistentSearchRequest;
  readonly #sizeLimit: number;
  #told = 0;

  constructor(teller: Teller, content: Content, wanted: PersistentSearchRequest, request: SearchRequest) {
    this.#teller = teller;
    this.#content = content;
    this.#wanted = wanted;
    this.#sizeLimit = request.sizeLimit;
  }

  check(): void {
    this.#teller.check();
  }

  async tell(domain: Domain, { before, after, subtree }: EntryChange): Promise<void> {
    const type = changeTypeOf(before, after);
    if ((this.#wanted.changeTypes & CHANGE_TYPES[type]) !== 0) await this.#one(type, before, after);
    if (!subtree || before === undefined || after === undefined) return;
    if ((this.#wanted.changeTypes & CHANGE_TYPES.modDn) === 0) return;
    for await (const { entry, previousDn, previousText } of belowRenamed(domain, after, before.dn)) {
      await this.#teller.share();
      const told = (await this.#content.holds(entry)) || (await this.#content.holds(entry, previousDn));
      if (told && this.#content.reader.seesEntry(entry)) await this.#send(entry, 'modDn', previousText);
    }
  }

  async #one(type: ChangeType, before: NamedEntry | undefined, after: NamedEntry | undefined): Promise<void> {
    if (await this.#content.holds(after)) {
      await this.#send(after as NamedEntry, type, before?.dnText);
    } else if (before !== undefined && (await this.#content.holds(before))) {
      if (after !== undefined && this.#content.reader.seesEntry(after))
        await this.#send(after, type, before.dnText);
      else if ((this.#wanted.changeTypes & CHANGE_TYPES.delete) !== 0)
        await this.#send(before, 'delete', undefined);
    }
  }

  async #send(entry: NamedEntry, type: ChangeType, previousDn: string | undefined): Promise<void> {
    if (this.#sizeLimit > 0 && this.#told >= this.#sizeLimit) {
      throw new LdapError(
        'sizeLimitExceeded',
        `${counted(this.#sizeLimit, 'change was', 'changes were')} told, as many as asked for.`,
      );
    }
    this.#told += 1;
    await this.#teller.entry(entry, this.#wanted.returnChanges ? [entryChange(type, previousDn)] : []);
  }
}

/** What happened to an entry, from its looks. */
function changeTypeOf(before: NamedEntry | undefined, after: NamedEntry | undefined): ChangeType {
  if (before === undefined) return 'add';
  if (after === undefined) return 'delete';
  return before.dnText === after.dnText ? 'modify' : 'modDn';
}
