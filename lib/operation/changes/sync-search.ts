/**
 * Content synchronization (RFC 4533): refreshOnly and refreshAndPersist over one naming context.
 *
 * Refresh: place of the cookie, then sync-refresh.ts. Persist: every committed batch, in order, the cookie with its last entry. A client that reads too slowly is
 * caught up from the applied log; one whose place is lost is told e-syncRefreshRequired. What is told twice is told with the state as it is then.
 */
import type { ChangeBatch, EntryChange } from '../../backend/change-feed.js';
import { LdapError } from '../../base/ldap-error.js';
import type { ServerState } from '../../csn/server-state.js';
import { CONTROL_OIDS } from '../../ldap/control-oids.js';
import { encodeSyncDone, type SyncRequest } from '../../ldap/controls/content-sync.js';
import type { SearchRequest } from '../../ldap/message.js';
import type { Domain } from '../directory.js';
import { type Answer, answer, type Operation, SUCCESS } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { Content } from './content.js';
import { Follower } from './follower.js';
import { belowRenamed } from './subtree-walk.js';
import {
  formatSyncCookie,
  parseSyncCookie,
  requestDigest,
  type SyncCookie,
  shortName,
} from './sync-cookie.js';
import { placeOf } from './sync-place.js';
import { SyncRefresh, syncState } from './sync-refresh.js';
import { Teller } from './teller.js';

/** Batches without an entry of the content after which the client gets a new cookie all the same. */
const QUIET_CHANGES = 1000;

/** Runs a synchronization to its end. Rejects with LdapError, syncRefreshRequired among them. */
export async function syncSearch(
  parts: ServerParts,
  operation: Operation,
  sync: SyncRequest,
  domains: readonly Domain[],
): Promise<Answer> {
  const [domain, ...others] = domains;
  if (domain === undefined || others.length > 0) {
    throw new LdapError('unwillingToPerform', 'A synchronization takes a base in one naming context.');
  }
  const run = new Synchronization(parts, operation, domain);
  if (sync.mode === 'refreshOnly') {
    const { cookie, deletes } = await run.refresh(sync);
    const value = encodeSyncDone({ cookie, refreshDeletes: deletes });
    return answer('searchDone', SUCCESS, [{ oid: CONTROL_OIDS.syncDone, critical: false, value }]);
  }
  const follower = await Follower.open(operation, domains);
  try {
    const { cookie, deletes } = await run.refresh(sync);
    await run.refreshed(cookie, deletes);
    await run.persist(follower);
    return answer('searchDone', SUCCESS);
  } finally {
    follower.close();
  }
}

class Synchronization {
  readonly #domain: Domain;
  readonly #content: Content;
  readonly #teller: Teller;
  readonly #refresh: SyncRefresh;
  readonly #request: string;
  readonly #incarnation: string;
  /** What the client holds when it has read all that was sent. */
  #usn = 0;
  #quiet = 0;
  /** The last entry of the batch: it waits for the cookie. */
  #last: ((cookie: Uint8Array | undefined) => Promise<void>) | undefined;

  constructor(parts: ServerParts, operation: Operation, domain: Domain) {
    const request = operation.message.request as SearchRequest;
    const reader = parts.policy.reader(operation.requester);
    const base = parts.directory.route(request.base).dn;
    this.#domain = domain;
    this.#content = new Content(parts, operation, request, reader, base);
    this.#teller = new Teller(parts, operation, reader);
    this.#refresh = new SyncRefresh(parts, operation, domain, this.#content, this.#teller);
    this.#request = requestDigest(parts, operation);
    this.#incarnation = shortName(parts.settings.incarnation());
  }

  /** The refresh stage. Answers the cookie for its end, and whether what was not mentioned is unchanged. */
  async refresh(sync: SyncRequest): Promise<{ readonly cookie: Uint8Array; readonly deletes: boolean }> {
    const { backend } = this.#domain;
    const { state } = backend;
    const { durable } = backend.changes.log;
    this.#usn = durable;
    const cookie = this.#cookie(state, durable);
    const held = sync.cookie === undefined ? undefined : this.#read(sync.cookie);
    // OpenLDAP's consumers send a cookie without a CSN when they hold nothing.
    if (sync.cookie === undefined || (held?.own === undefined && held?.state.size === 0)) {
      await this.#refresh.all(undefined);
      return { cookie, deletes: false };
    }
    const place =
      held === undefined ? undefined : await placeOf(backend.changes.log, state, this.#incarnation, held);
    if (place?.kind === 'since' && (await this.#refresh.since(place.usn, durable)))
      return { cookie, deletes: true };
    if (place?.kind === 'present') {
      await this.#refresh.all(place.usn);
      return { cookie, deletes: false };
    }
    if (sync.reloadHint)
      throw refreshRequired('The cookie is of another data set or search, or too old to go on from.');
    await this.#refresh.all(undefined);
    return { cookie, deletes: false };
  }

  /** Tells that the refresh stage is over. */
  async refreshed(cookie: Uint8Array, deletes: boolean): Promise<void> {
    const kind = deletes ? 'refreshDelete' : 'refreshPresent';
    await this.#teller.info({ kind, cookie, refreshDone: true });
  }

  /** The persist stage, until the operation is over. */
  async persist(follower: Follower): Promise<void> {
    for (let next = await follower.next(); next !== undefined; next = await follower.next()) {
      if (next.kind === 'reset') throw refreshRequired('The data were replaced as a whole.');
      if (next.kind === 'behind') await this.#catchUp();
      else await this.#batch(next.batch);
    }
    this.#teller.check();
  }

  /** Batches were dropped: what they told stands in the applied log. */
  async #catchUp(): Promise<void> {
    const { backend } = this.#domain;
    const { state } = backend;
    const { durable } = backend.changes.log;
    if (!backend.changes.log.reaches(this.#usn) || !(await this.#refresh.since(this.#usn, durable)))
      throw refreshRequired('Changes came faster than they were read.');
    this.#usn = durable;
    await this.#teller.info({ kind: 'newCookie', cookie: this.#cookie(state, durable) });
  }

  async #batch({ changes, state, usn }: ChangeBatch): Promise<void> {
    if (usn <= this.#usn) return;
    for (const { entries } of changes) for (const change of entries) await this.#tell(change);
    this.#usn = usn;
    this.#quiet += changes.length;
    const last = this.#last;
    this.#last = undefined;
    if (last === undefined && this.#quiet < QUIET_CHANGES) return;
    this.#quiet = 0;
    const cookie = this.#cookie(state, usn);
    if (last !== undefined) await last(cookie);
    else await this.#teller.info({ kind: 'newCookie', cookie });
  }

  async #tell({ before, after, subtree }: EntryChange): Promise<void> {
    const was = await this.#content.holds(before);
    const is = await this.#content.holds(after);
    if (after !== undefined && is) {
      await this.#queue((cookie) =>
        this.#teller.entry(after, [syncState(was ? 'modify' : 'add', after.uuid, cookie)]),
      );
    } else if (before !== undefined && was) {
      await this.#queue((cookie) =>
        this.#teller.gone(before.dnText, [syncState('delete', before.uuid, cookie)]),
      );
    }
    if (!subtree || before === undefined || after === undefined) return;
    for await (const { entry, previousDn, previousText } of belowRenamed(this.#domain, after, before.dn)) {
      await this.#teller.share();
      const held = await this.#content.holds(entry, previousDn);
      if (await this.#content.holds(entry)) {
        await this.#queue((cookie) =>
          this.#teller.entry(entry, [syncState(held ? 'modify' : 'add', entry.uuid, cookie)]),
        );
      } else if (held) {
        await this.#queue((cookie) =>
          this.#teller.gone(previousText, [syncState('delete', entry.uuid, cookie)]),
        );
      }
    }
  }

  async #queue(send: (cookie: Uint8Array | undefined) => Promise<void>): Promise<void> {
    const last = this.#last;
    this.#last = send;
    if (last !== undefined) await last(undefined);
  }

  #read(cookie: Uint8Array): SyncCookie | undefined {
    const held = parseSyncCookie(cookie);
    if (held?.own === undefined) return held;
    return held.own.generation === this.#generation && held.own.request === this.#request ? held : undefined;
  }

  get #generation(): string {
    return shortName(this.#domain.backend.generationId ?? '');
  }

  #cookie(state: ServerState, usn: number): Uint8Array {
    const csn = this.#domain.backend.changes.log.at(usn)?.csn;
    const bound = { generation: this.#generation, request: this.#request, incarnation: this.#incarnation };
    return formatSyncCookie({ state, own: { ...bound, usn, csn } });
  }
}

function refreshRequired(why: string): LdapError {
  return new LdapError('syncRefreshRequired', `${why} Synchronize again without a cookie.`);
}
