/**
 * SearchRun: one search giving its results (RFC 4511 section 4.5.2).
 *
 * Candidates in, entries out, as fast as the client reads: it stops where the transport says so, between slices it sees abandon and cancel, inside the
 * loop it sees the time limit, and it never holds the event loop longer than TURN_MS. Small searches finish without a promise.
 * Invariant: candidates are closed however the search ends.
 */
import type { Reader } from '../../access/access-policy.js';
import type { EntryId } from '../../backend/backend.js';
import { EventLoopTurn } from '../../backend/event-loop-turn.js';
import { RowsAway, withRows } from '../../backend/index/reverse-lookup.js';
import { counted } from '../../base/counted.js';
import { LdapError } from '../../base/ldap-error.js';
import { BerWriter } from '../../ber/ber-writer.js';
import type { EntryUuid } from '../../change/change.js';
import type { Selection } from '../../entry/select-attributes.js';
import type { CompiledFilter } from '../../filter/compiled-filter.js';
import type { IndexCatalog } from '../../filter/filter-plan.js';
import { LongLook } from '../../filter/long-look.js';
import { encodeResponse } from '../../ldap/encode-response.js';
import type { SearchRequest } from '../../ldap/message.js';
import { canceled, checkStopped, type Operation } from '../operation.js';
import { isReferral, referralUrls } from '../referrals.js';
import type { ServerParts } from '../server-parts.js';
import type { NamedEntry } from '../trees/virtual-tree.js';
import { isAlias } from './aliases.js';
import type { SendableEntry } from './entry-bytes.js';
import type { EntryShape } from './entry-shape.js';
import type { PagePosition } from './paged-cookie.js';
import { SearchCost } from './search-cost.js';
import type { ReaderFilter } from './search-filter.js';
import type { PartCandidates, SearchPart, Wanted } from './search-parts.js';
import { sendEntry } from './send-entry.js';

/** Longest turn of the event loop, in ms. */
const TURN_MS = 5;
/** Candidates between two looks at the clock: a power of two. */
const CLOCK_EVERY = 64;
/** Clauses from which on a filter costs so much that the clock is looked at for each candidate. */
const MANY_CLAUSES = 256;

/** Limits up to this are told to the backend. */
const MOST_FEW = 32;

const writer = new BerWriter(1024);
const NO_ENTRIES: readonly NamedEntry[] = [];
/** Loads of rows for one entry's filter before the client is told to try later. */
const MAX_RETRIES = 16;

/** What bounds a search. */
export interface SearchBounds {
  /** Entries to give over all pages; Infinity for no limit. */
  readonly sizeLimit: number;
  /** Monotonic ms; Infinity for no limit. */
  readonly deadlineMs: number;
  readonly lookThroughLimit: number;
  /** Entries of this page; Infinity when the search is not paged. */
  readonly pageSize: number;
}

/** What is searched, and how. */
export interface SearchPlan {
  readonly request: SearchRequest;
  readonly reader: Reader;
  readonly filter: ReaderFilter;
  readonly parts: readonly SearchPart[];
  /** Parts in which referral objects are looked for first. */
  readonly referralParts: readonly SearchPart[];
  readonly referralFilter: CompiledFilter | undefined;
  readonly bounds: SearchBounds;
  /** Where the page starts. */
  readonly start: PagePosition | undefined;
  /** Aliases are dereferenced: they are left out, and entries met twice are given once. */
  readonly aliases: boolean;
  /** What controls make of the entries. */
  readonly shape: EntryShape | undefined;
}

/** Where matches go instead of to the client. */
export type Collect = (entry: NamedEntry, part: SearchPart) => void;

export class SearchRun {
  readonly #server: ServerParts;
  readonly #operation: Operation;
  readonly #plan: SearchPlan;
  readonly #selection: Selection;
  readonly #collect: Collect | undefined;
  /** Index into referralParts and then parts. */
  #part = 0;
  #open: PartCandidates | undefined;
  #slice: readonly NamedEntry[] = NO_ENTRIES;
  #at = 0;
  #looked = 0;
  /** Candidates of the open part so far: the place within a virtual tree. */
  #place = 0;
  #pageGiven = 0;
  /** Matches to pass over: the page's start where aliases rule out a position. */
  #skip = 0;
  #last: PagePosition | undefined;
  /** Loads of the entry in sight. */
  #retried = 0;
  #turnMs: number;
  readonly #clockEvery: number;
  readonly #met: Set<EntryUuid> | undefined;
  readonly #cost: SearchCost;
  /** The slice in hand matches the filter: its index said so. */
  #sure = false;
  /** Where the next page starts; set when the page is full and there is more. */
  next: PagePosition | undefined;

  /** `collect`: takes all matches, whatever the size limit and the page; without it they are sent. */
  constructor(server: ServerParts, operation: Operation, plan: SearchPlan, collect?: Collect) {
    this.#collect = collect;
    this.#server = server;
    this.#operation = operation;
    this.#plan = plan;
    this.#cost = new SearchCost(server, operation, plan.filter.compiled, plan.bounds.deadlineMs);
    const { request, start } = plan;
    this.#selection = server.selections.get(request.attributes, request.typesOnly);
    this.#turnMs = operation.startedMs;
    const { compiled } = plan.filter;
    this.#clockEvery = 'clauses' in compiled && compiled.clauses.length >= MANY_CLAUSES ? 1 : CLOCK_EVERY;
    if (start !== undefined) this.#part = plan.referralParts.length + (plan.aliases ? 0 : start.part);
    this.#met = plan.aliases ? new Set() : undefined;
    this.#skip = plan.aliases ? (start?.given ?? 0) : 0;
  }

  /** Gives the results. undefined: all given; else a promise of that. Throws (or rejects with) LdapError when a limit was met. */
  run(): Promise<void> | undefined {
    // A filter of thousands of clauses took a turn to be compiled, and takes another one to be planned.
    const wait = this.#turnIsOver() ? this.#nextTurn() : this.#guarded();
    return wait === undefined ? undefined : this.#continue(wait);
  }

  async #continue(first: Promise<unknown>): Promise<void> {
    let wait: Promise<unknown> | undefined = first;
    while (wait !== undefined) {
      await this.#awaited(wait);
      this.#turnMs = this.#server.clock.monotonicMs();
      wait = this.#guarded();
    }
  }

  async #awaited(wait: Promise<unknown>): Promise<void> {
    try {
      await wait;
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  #guarded(): Promise<unknown> | undefined {
    try {
      const wait = this.#advance();
      if (wait === undefined) this.#close();
      return wait;
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  /** Works until the end (undefined) or until there is something to wait for. */
  #advance(): Promise<unknown> | undefined {
    const { stream } = this.#operation;
    for (;;) {
      if (this.#operation.stopped !== undefined) throw canceled();
      if (stream.closed) return undefined;
      while (this.#at < this.#slice.length) {
        const entry = this.#slice[this.#at++] as NamedEntry;
        this.#place += 1;
        this.#looked += 1;
        const outcome = this.#consider(entry);
        if (outcome === 'pageFull') return undefined;
        if (outcome === 'blocked') return stream.ready();
        if (outcome !== 'next') return outcome;
        if (this.#looked % this.#clockEvery === 0 && this.#turnIsOver()) return this.#nextTurn();
      }
      const more = this.#nextSlice();
      if (more === false) return undefined;
      if (more !== true) return more;
    }
  }

  /** True: a slice is there; false: the search is over. */
  #nextSlice(): boolean | Promise<unknown> {
    const { referralParts, parts } = this.#plan;
    for (;;) {
      if (this.#open === undefined) {
        const index = this.#part - referralParts.length;
        const part = index < 0 ? referralParts[this.#part] : parts[index];
        if (part === undefined) return false;
        this.#openPart(part, index);
        if (this.#turnIsOver()) return this.#nextTurn();
      }
      const candidates = this.#open;
      const turn = candidates === undefined ? undefined : this.#cost.admitted(candidates, this.#catalog());
      if (turn !== undefined) return turn;
      const slice = candidates?.next();
      if (slice instanceof Promise) return slice.then((given) => this.#take(given));
      this.#take(slice);
      if (slice === undefined) continue;
      return slice.length >= CLOCK_EVERY && this.#turnIsOver() ? this.#nextTurn() : true;
    }
  }

  #openPart(part: SearchPart, index: number): void {
    const { start, filter, referralFilter, aliases } = this.#plan;
    const resumed = !aliases && start !== undefined && index === start.part;
    const after = resumed ? start.after : undefined;
    const open = part.open(
      index < 0 && referralFilter !== undefined ? referralFilter : filter.compiled,
      after,
      index < 0 ? undefined : this.#wanted(),
    );
    this.#open = open;
    this.#place = resumed && part.domain === undefined ? start.after : 0;
  }

  #catalog(): IndexCatalog | undefined {
    const { parts, referralParts } = this.#plan;
    return parts[this.#part - referralParts.length]?.domain?.backend.catalog;
  }

  /** How much is enough: a little more than the limit, so that it is seen to be exceeded. */
  #wanted(): Wanted | undefined {
    const { bounds, start, aliases } = this.#plan;
    const few = Math.min(bounds.sizeLimit - (start?.given ?? 0), bounds.pageSize) + 1;
    if (this.#collect !== undefined || aliases || few > MOST_FEW) return undefined;
    return { few, anyOrder: bounds.pageSize === Number.POSITIVE_INFINITY };
  }

  #take(slice: readonly NamedEntry[] | undefined): void {
    if (this.#open !== undefined && this.#part >= this.#plan.referralParts.length) {
      this.#cost.seen(this.#open);
      this.#sure = this.#open.sure && this.#plan.filter.indexable;
    }
    this.#slice = slice ?? NO_ENTRIES;
    this.#at = 0;
    if (slice !== undefined) return;
    this.#open?.close();
    this.#open = undefined;
    this.#part += 1;
  }

  #consider(entry: NamedEntry): 'next' | 'blocked' | 'pageFull' | Promise<unknown> {
    const { bounds, reader, referralParts, parts } = this.#plan;
    if (this.#looked > bounds.lookThroughLimit) {
      throw new LdapError(
        'adminLimitExceeded',
        `The search would look through more than ${bounds.lookThroughLimit} entries (lookThroughLimit); narrow its filter.`,
      );
    }
    if (this.#part < referralParts.length) return this.#refer(entry);
    const matches = this.#matches(entry);
    if (matches instanceof Promise) return matches;
    if (!matches || !reader.seesEntry(entry) || !this.#isWanted(entry)) return 'next';
    if (this.#collect !== undefined) {
      this.#collect(entry, parts[this.#part - referralParts.length] as SearchPart);
      return 'next';
    }
    if (this.#skip > 0) {
      this.#skip -= 1;
      return 'next';
    }
    if (this.#operation.entries + (this.#plan.start?.given ?? 0) >= bounds.sizeLimit) {
      throw new LdapError(
        'sizeLimitExceeded',
        `More than ${counted(bounds.sizeLimit, 'entry matches', 'entries match')}; ${bounds.sizeLimit === 1 ? 'this is' : 'these are'} the first.`,
      );
    }
    if (this.#pageGiven >= bounds.pageSize) {
      this.next = this.#last;
      return 'pageFull';
    }
    return this.#give(entry);
  }

  /** A promise: the entry is looked at again when the rows that its memberships are read from are there. */
  #matches(entry: NamedEntry): boolean | Promise<unknown> {
    try {
      const matches = this.#sure || this.#plan.filter.matches(entry) === true;
      this.#retried = 0;
      return matches;
    } catch (error) {
      const away = error instanceof RowsAway && this.#retried < MAX_RETRIES;
      // Each long look counts as work of the filter, which is bounded.
      if (!away && !(error instanceof LongLook)) throw error;
      this.#at -= 1;
      this.#place -= 1;
      this.#looked -= 1;
      if (error instanceof LongLook)
        return new EventLoopTurn(this.#server.clock).run(error.steps, () => checkStopped(this.#operation));
      this.#retried += 1;
      return error.load();
    }
  }

  #send(entry: NamedEntry): boolean | Promise<boolean> {
    const send = () => sendEntry(this.#server, this.#operation, this.#plan, this.#selection, entry);
    try {
      return send();
    } catch (error) {
      if (!(error instanceof RowsAway)) throw error;
      return error.load().then(() => withRows(send));
    }
  }

  /** What a match may still be left out for. */
  #isWanted(entry: NamedEntry): boolean {
    const { request, aliases, parts, referralParts } = this.#plan;
    const part = parts[this.#part - referralParts.length];
    const domain = part?.domain;
    if (domain === undefined) return true;
    const { controls } = this.#operation;
    if (request.scope !== 'base' || controls.subentries === true) {
      if (this.#server.entryBytes.isSubentry(entry) !== (controls.subentries ?? false)) return false;
    }
    if (domain.backend.hasReferrals && !controls.manageDsaIt && part?.scope !== 'base' && isReferral(entry))
      return false;
    if (!aliases || this.#met === undefined) return true;
    const { uuid } = entry as SendableEntry & { uuid: EntryUuid };
    if (uuid !== part?.base?.uuid && isAlias(entry)) return false;
    if (this.#met.has(uuid)) return false;
    this.#met.add(uuid);
    return true;
  }

  /** Counts the entry and sends it. `blocked`: the client must read first; a promise: it is on its way. */
  #give(entry: NamedEntry): 'next' | 'blocked' | Promise<unknown> {
    const { start, referralParts } = this.#plan;
    this.#operation.entries += 1;
    this.#pageGiven += 1;
    if (this.#plan.bounds.pageSize !== Number.POSITIVE_INFINITY) {
      const id: EntryId | undefined = (entry as SendableEntry).id;
      this.#last = {
        part: this.#part - referralParts.length,
        after: id ?? this.#place,
        given: this.#operation.entries + (start?.given ?? 0),
      };
    }
    const sent = this.#send(entry);
    if (sent instanceof Promise)
      return sent.then((more) => (more ? undefined : this.#operation.stream.ready()));
    return sent ? 'next' : 'blocked';
  }

  /** A referral object below the base: the client is told where to go on (RFC 4511 section 4.5.3). */
  #refer(entry: NamedEntry): 'next' | 'blocked' {
    const { request, reader } = this.#plan;
    if (!isReferral(entry) || !reader.seesEntry(entry)) return 'next';
    if (this.#met !== undefined) {
      // Parts that aliases add may overlap.
      const { uuid } = entry as SendableEntry & { uuid: EntryUuid };
      if (this.#met.has(uuid)) return 'next';
      this.#met.add(uuid);
    }
    const urls = referralUrls(entry, entry.dn, request.scope === 'one' ? 'base' : 'sub');
    if (urls.length === 0) return 'next';
    writer.reset();
    const response = { kind: 'searchReference', urls } as const;
    encodeResponse(writer, { id: this.#operation.message.id, response, controls: [] });
    this.#server.statistics.referencesSent += 1;
    return this.#operation.stream.send(writer.bytes()) ? 'next' : 'blocked';
  }

  #turnIsOver(): boolean {
    const nowMs = this.#server.clock.monotonicMs();
    if (nowMs >= this.#plan.bounds.deadlineMs) {
      throw new LdapError(
        'timeLimitExceeded',
        'The search took longer than its time limit; these are the first results.',
      );
    }
    return nowMs - this.#turnMs >= TURN_MS;
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.clock.after(0, resolve);
    });
  }

  #close(): void {
    this.#open?.close();
    this.#open = undefined;
    this.#cost.ended(this.#looked);
  }
}
