/**
 * A backend that refuses what its replica says must wait: writes before the server knows what its peers know of it, everything while a total update replaces the data.
 *
 * Owns the guard only; all else is passed on. The write path of replication (replay) is not guarded: it is what the waiting is for.
 */

import type {
  Backend,
  Candidates,
  Condition,
  EntryId,
  Explanation,
  OrderedRequest,
  ReadView,
  ReplayResult,
  SearchPlanRequest,
  StoredEntry,
  Written,
} from '../../backend/backend.js';
import type { ChangeSource } from '../../backend/change-feed.js';
import type { Decision } from '../../backend/decision.js';
import type { DoubleValue } from '../../backend/rules/unique-doubles.js';
import { LdapError } from '../../base/ldap-error.js';
import type { Change, EntryUuid } from '../../change/change.js';
import type { JournalLine } from '../../conflict/domain-view.js';
import type { ServerState } from '../../csn/server-state.js';
import type { Dn } from '../../dn/dn.js';
import type { IndexCatalog } from '../../filter/filter-plan.js';
import type { AttributeKey } from '../../schema/attribute-type.js';

export interface Guard {
  /** Why writes must wait, as a sentence; undefined when they need not. */
  writesHeld(): string | undefined;
  /** Why the domain must not be read; undefined when it may. */
  readsHeld(): string | undefined;
}

export class GuardedBackend implements Backend {
  readonly baseDn: Dn;
  readonly #backend: Backend;
  readonly #guard: Guard;

  constructor(backend: Backend, guard: Guard) {
    this.baseDn = backend.baseDn;
    this.#backend = backend;
    this.#guard = guard;
  }

  submit(initiator: string, decide: (view: ReadView) => Decision, last?: () => void): Promise<Written> {
    const held = this.#guard.writesHeld();
    if (held !== undefined) return Promise.reject(new LdapError('unavailable', `${held}.`));
    return this.#backend.submit(initiator, decide, last);
  }

  byDn(dn: Dn): StoredEntry | undefined {
    this.#checkRead();
    return this.#backend.byDn(dn);
  }

  byDnText(text: string): StoredEntry | undefined {
    this.#checkRead();
    return this.#backend.byDnText(text);
  }

  nearest(dn: Dn): StoredEntry | undefined {
    this.#checkRead();
    return this.#backend.nearest(dn);
  }

  search(request: SearchPlanRequest): Candidates {
    this.#checkRead();
    return this.#backend.search(request);
  }

  ordered(request: OrderedRequest): Candidates | undefined {
    this.#checkRead();
    return this.#backend.ordered(request);
  }

  explain(request: SearchPlanRequest): Promise<Explanation> {
    this.#checkRead();
    return this.#backend.explain(request);
  }

  get catalog(): IndexCatalog {
    return this.#backend.catalog;
  }

  byId(id: EntryId): StoredEntry | undefined {
    this.#checkRead();
    return this.#backend.byId(id);
  }

  byUuid(uuid: EntryUuid): StoredEntry | undefined {
    this.#checkRead();
    return this.#backend.byUuid(uuid);
  }

  byKey(key: string): StoredEntry | undefined {
    this.#checkRead();
    return this.#backend.byKey(key);
  }

  holders(key: AttributeKey, normal: Uint8Array): readonly StoredEntry[] {
    this.#checkRead();
    return this.#backend.holders(key, normal);
  }

  holderCount(key: AttributeKey, normal: Uint8Array): number {
    this.#checkRead();
    return this.#backend.holderCount(key, normal);
  }

  parent(entry: StoredEntry): StoredEntry | undefined {
    this.#checkRead();
    return this.#backend.parent(entry);
  }

  childCount(entry: StoredEntry): number {
    this.#checkRead();
    return this.#backend.childCount(entry);
  }

  children(entry: StoredEntry): AsyncIterable<readonly StoredEntry[]> {
    this.#checkRead();
    return this.#backend.children(entry);
  }

  replay(changes: readonly Change[]): Promise<readonly ReplayResult[]> {
    return this.#backend.replay(changes);
  }

  journal(after?: Uint8Array): AsyncIterable<readonly JournalLine[]> {
    this.#checkRead();
    return this.#backend.journal(after);
  }

  startGeneration(generationId: string): Promise<void> {
    return this.#backend.startGeneration(generationId);
  }

  close(): Promise<void> {
    return this.#backend.close();
  }

  get hasAliases(): boolean {
    return this.#backend.hasAliases;
  }

  get hasReferrals(): boolean {
    return this.#backend.hasReferrals;
  }

  get state(): ServerState {
    return this.#backend.state;
  }

  lastName(uuid: EntryUuid): string | undefined {
    this.#checkRead();
    return this.#backend.lastName(uuid);
  }

  get changes(): ChangeSource {
    return this.#backend.changes;
  }

  get generationId(): string | undefined {
    return this.#backend.generationId;
  }

  get entryCount(): number {
    return this.#backend.entryCount;
  }

  doubles(): readonly DoubleValue[] {
    return this.#backend.doubles();
  }

  get condition(): Condition {
    return this.#backend.condition;
  }

  #checkRead(): void {
    const held = this.#guard.readsHeld();
    if (held !== undefined) throw new LdapError('unavailable', `${held}.`);
  }
}
