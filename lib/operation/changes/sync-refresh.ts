/**
 * The refresh stage of content synchronization (RFC 4533 section 3.3): from what the client holds to what is here.
 *
 * Delete phase: entries changed since the client's place are told, and the UUIDs of all that changed and are not in the content now; such a set may name entries that
 * the client never had, which says nothing to it. Present phase: entries changed are told, the others named as present; whatever is not named is gone.
 */
import type { StoredEntry } from '../../backend/backend.js';
import { utf8Decode } from '../../base/bytes.js';
import { counted } from '../../base/counted.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { EntryUuid } from '../../change/change.js';
import { uuidToBytes } from '../../change/entry-uuid.js';
import { CONTROL_OIDS } from '../../ldap/control-oids.js';
import { encodeSyncState, type SyncStateName } from '../../ldap/controls/content-sync.js';
import type { Control, SearchRequest } from '../../ldap/message.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Domain } from '../directory.js';
import type { Operation } from '../operation.js';
import { matcherFor } from '../search/search-filter.js';
import { domainPart } from '../search/search-parts.js';
import type { ServerParts } from '../server-parts.js';
import type { Content } from './content.js';
import { belowRenamed } from './subtree-walk.js';
import type { Teller } from './teller.js';

const ENTRY_USN = 'entryusn' as AttributeKey;

/** The control that says what became of an entry. */
export function syncState(state: SyncStateName, uuid: EntryUuid, cookie?: Uint8Array): Control {
  const value = encodeSyncState({ state, uuid: uuidToBytes(uuid), cookie });
  return { oid: CONTROL_OIDS.syncState, critical: false, value };
}

export class SyncRefresh {
  readonly #parts: ServerParts;
  readonly #operation: Operation;
  readonly #domain: Domain;
  readonly #content: Content;
  readonly #teller: Teller;

  constructor(parts: ServerParts, operation: Operation, domain: Domain, content: Content, teller: Teller) {
    this.#parts = parts;
    this.#operation = operation;
    this.#domain = domain;
    this.#content = content;
    this.#teller = teller;
  }

  /** Tells what was applied after `after`, up to and with `through`. False: the log lost a part of that meanwhile. */
  async since(after: number, through: number): Promise<boolean> {
    const { backend } = this.#domain;
    const touched = new Map<EntryUuid, boolean>();
    for await (const changes of backend.changes.log.between(after, through)) {
      for (const { entries } of changes)
        for (const { uuid, subtree } of entries) touched.set(uuid, subtree || touched.get(uuid) === true);
      await this.#teller.share();
    }
    if (!backend.changes.log.reaches(after)) return false;
    const live = new Map<EntryUuid, number>();
    const gone = new Set<EntryUuid>();
    const sort = async (entry: StoredEntry | undefined, uuid: EntryUuid) => {
      if (entry !== undefined && (await this.#content.holds(entry))) live.set(uuid, entry.dn.rdns.length);
      else gone.add(uuid);
    };
    for (const [uuid, subtree] of touched) {
      const entry = backend.byUuid(uuid);
      await sort(entry, uuid);
      if (subtree && entry !== undefined)
        for await (const below of belowRenamed(this.#domain, entry, entry.dn)) {
          if (!touched.has(below.entry.uuid)) await sort(below.entry, below.entry.uuid);
          await this.#teller.share();
        }
      await this.#teller.share();
    }
    await this.#idSets(gone, true);
    // Parents first.
    for (const [uuid] of [...live].sort((a, b) => a[1] - b[1])) {
      const entry = backend.byUuid(uuid);
      if (await this.#content.holds(entry))
        await this.#teller.entry(entry as StoredEntry, [syncState('add', uuid)]);
    }
    return true;
  }

  /** Tells the whole content; of entries that were not touched after `usn` only that they are there. */
  async all(usn: number | undefined): Promise<void> {
    const request = this.#operation.message.request as SearchRequest;
    const { backend } = this.#domain;
    const { dn } = this.#parts.directory.route(request.base);
    const above = dn.rdns.length < this.#domain.baseDn.rdns.length;
    const base = backend.byDn(above ? this.#domain.baseDn : dn);
    if (base === undefined) return;
    const filter = matcherFor(this.#parts.schema, this.#content.reader, request.filter);
    const candidates = domainPart(this.#domain, base, above ? 'sub' : request.scope).open(
      filter.compiled,
      undefined,
    );
    const present: EntryUuid[] = [];
    const limit = this.#sizeLimit(request);
    try {
      for (;;) {
        const slice = (await candidates.next()) as readonly StoredEntry[] | undefined;
        if (slice === undefined) break;
        for (const entry of slice) {
          if (!(await this.#content.holds(entry))) continue;
          if (usn !== undefined && !this.#touchedSince(entry, usn)) present.push(entry.uuid);
          else if (this.#operation.entries >= limit)
            throw new LdapError(
              'sizeLimitExceeded',
              `More than ${counted(limit, 'entry is', 'entries are')} in the content.`,
            );
          else await this.#teller.entry(entry, [syncState('add', entry.uuid)]);
        }
        if (present.length >= LIMITS.syncIdSet) await this.#idSets(present.splice(0), false);
        await this.#teller.share();
      }
      await this.#idSets(present, false);
    } finally {
      candidates.close();
    }
  }

  /** Whether the entry, or one above it, which may have been renamed, was touched. */
  #touchedSince(entry: StoredEntry, usn: number): boolean {
    for (let at: StoredEntry | undefined = entry; at !== undefined; at = this.#domain.backend.parent(at)) {
      const text = at.attribute(ENTRY_USN)?.values[0];
      if (text === undefined || Number(utf8Decode(text)) > usn) return true;
    }
    return false;
  }

  async #idSets(uuids: Iterable<EntryUuid>, refreshDeletes: boolean): Promise<void> {
    const all = [...uuids];
    for (let at = 0; at < all.length; at += LIMITS.syncIdSet) {
      const set = all.slice(at, at + LIMITS.syncIdSet).map(uuidToBytes);
      await this.#teller.info({ kind: 'idSet', cookie: undefined, refreshDeletes, uuids: set });
    }
  }

  #sizeLimit(request: SearchRequest): number {
    const server = this.#operation.requester.kind === 'admin' ? 0 : this.#parts.settings.sizeLimit;
    const bounds = [request.sizeLimit, server].filter((bound) => bound > 0);
    return Math.min(Number.POSITIVE_INFINITY, ...bounds);
  }
}
