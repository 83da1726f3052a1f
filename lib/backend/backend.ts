/**
 * The face of a backend: one domain's entries, as operations and replicas use them.
 *
 * Reads see durable state and are synchronous where the answer is in memory or one store read away. Writes go through submit() (local) or
 * replay() (remote): the one write path. What a decide function sees through its WriteView includes everything decided before it, durable or not.
 * See open-backend.ts for the implementation.
 */
import type { BerWriter } from '../ber/ber-writer.js';
import type { Change, ChangeBody, EntryUuid } from '../change/change.js';
import type { JournalLine } from '../conflict/domain-view.js';
import type { EntryState } from '../conflict/entry-state.js';
import type { Csn } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { Dn } from '../dn/dn.js';
import type { EntryView } from '../entry/entry.js';
import type { CompiledFilter } from '../filter/compiled-filter.js';
import type { IndexCatalog } from '../filter/filter-plan.js';
import type { SearchScope } from '../ldap/message.js';
import type { StoreOp } from '../port/ordered-store.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { ChangeSource } from './change-feed.js';
import type { Decision } from './decision.js';
import type { AnswerChoice } from './rows/record-answer.js';
import type { DoubleValue } from './rules/unique-doubles.js';

/** Local number of an entry, never reused. */
export type EntryId = number & { readonly __brand: 'EntryId' };

/** An entry as stored, named and readable. A value: later writes do not change it. */
export interface StoredEntry extends EntryView {
  readonly id: EntryId;
  readonly uuid: EntryUuid;
  /** RFC 4514 text of the DN, as responses show it. */
  readonly dnText: string;
  readonly state: EntryState;
  /** Whether it is a subentry (RFC 3672); undefined: look at its object classes. */
  readonly isSubentry?: boolean | undefined;
  /** Writes the SearchResultEntry operation, without the message around it. False: not this entry; encode its attributes. */
  writeAnswer?(writer: BerWriter, choice: AnswerChoice): boolean;
  /** For an answer with the attributes that `sends` names: many values, to be read before it is written. Undefined: it can be written at once. */
  readAhead?(sends: (key: AttributeKey) => boolean): ReadAhead | undefined;
}

/** Values on their way into memory. */
export interface ReadAhead {
  /** Reads some, for a few milliseconds. False: all are there. */
  step(): boolean;
  /** They are not needed any more. */
  end(): void;
}

/** Name resolution and entry reads. */
export interface ReadView {
  readonly baseDn: Dn;
  /** The entry that the DIT shows under this name (conflict names included). */
  byDn(dn: Dn): StoredEntry | undefined;
  /**
   * byDn() of the DN that `text` writes, remembered by the text itself: the fast way for DNs as clients send them.
   * LdapError invalidDNSyntax where it is none.
   */
  byDnText(text: string): StoredEntry | undefined;
  byUuid(uuid: EntryUuid): StoredEntry | undefined;
  /** The entry shown under the name with this normal form (schema/dn-key.ts). */
  byKey(key: string): StoredEntry | undefined;
  /**
   * Entries that hold the value with this normal form, from the equality index of the attribute (option subtypes included); none where it has no such
   * index. Throws RowsAway where rows are to be waited for (reverse-lookup.ts, withRows()).
   */
  holders(key: AttributeKey, normal: Uint8Array): readonly StoredEntry[];
  /** How many there are at most, at no cost. Throws RowsAway. */
  holderCount(key: AttributeKey, normal: Uint8Array): number;
  /** Deepest existing entry at or above the name: the matchedDN of noSuchObject. */
  nearest(dn: Dn): StoredEntry | undefined;
  parent(entry: StoredEntry): StoredEntry | undefined;
  /** Number of entries directly below. */
  childCount(entry: StoredEntry): number;
  /** Whether any entry of the domain is an alias (or a referral): lets searches skip all work for them. */
  readonly hasAliases: boolean;
  readonly hasReferrals: boolean;
}

/** One change that a decide function asks for. */
export interface Intent {
  readonly entry: EntryUuid;
  readonly body: ChangeBody;
  /** Rows of the backend's own that are written with the change. */
  readonly rows?: readonly StoreOp[];
}

export interface Written {
  /** CSN of the (last) change, or undefined when nothing was to do. */
  readonly csn: Csn | undefined;
  /** Of the first intent's entry, around the change: for pre- and post-read. */
  readonly before: StoredEntry | undefined;
  readonly after: StoredEntry | undefined;
}

export interface SearchPlanRequest {
  readonly base: StoredEntry;
  readonly scope: SearchScope;
  readonly filter: CompiledFilter;
  /** Resume: only entries with an id greater than this, in id order. */
  readonly afterId?: EntryId;
  /** The caller stops after about so many matches: no more is read ahead than that needs. */
  readonly few?: number;
  /** The caller needs no order, so the first few may be given as they are found. */
  readonly anyOrder?: boolean;
}

/** Entries in the order of an ordering index. */
export interface OrderedRequest extends Pick<SearchPlanRequest, 'base' | 'scope' | 'filter'> {
  readonly attribute: AttributeKey;
  /** Name of the ordering rule by which they are to be ordered. */
  readonly rule: string;
  readonly reverse: boolean;
  /** Subtypes whose values would count too. */
  readonly others: readonly AttributeKey[];
}

/** One lookup of a plan, as it was carried out. */
export interface ExplainedStep {
  readonly lookup: string;
  /** Ids that it gave; undefined: given up, since reading the entries costs less. */
  readonly ids: number | undefined;
  /** Rows that it was allowed to read; undefined: no bound. */
  readonly budget: number | undefined;
}

/** How a search finds its candidates (docs/indexes.md). */
export interface Explanation {
  /** What the filter could be answered from. */
  readonly plan: string;
  /** What was read instead or besides: Candidates.plan. */
  readonly path: string;
  readonly unindexed: boolean;
  /** The rows of the plan are the matches: the filter is not evaluated. */
  readonly exact: boolean;
  /** Entries to look at; where they are not counted, an upper bound. */
  readonly candidates: number;
  readonly counted: boolean;
  readonly steps: readonly ExplainedStep[];
}

/**
 * Candidates of a search, each once, in rising entry-id order (unless `anyOrder`): a superset of the matches within base and scope is narrowed here by indexes and scope; the caller
 * evaluates the filter. next() answers a slice at once when it is in memory, a promise otherwise, undefined at the end.
 */
export interface Candidates {
  next(): readonly StoredEntry[] | undefined | Promise<readonly StoredEntry[] | undefined>;
  /** Must be called when the caller stops early. */
  close(): void;
  /** No index helped: every entry below the base is read. */
  readonly unindexed: boolean;
  /** How the plan reads, one line, for the access log. */
  readonly plan: string;
  /** Entries to look at, at most, as far as it is known before they are read. */
  readonly most: number;
  /** Every entry of the slice that next() gave last matches the filter as it is now: it need not be evaluated. */
  readonly sure: boolean;
}

/** A batch of carry(). */
export interface Carried {
  /** The rows are on disk. Rejects when the store refused them; then they do not count. */
  readonly onDisk: Promise<void>;
  readonly replayed: Promise<readonly ReplayResult[]>;
}

/**
 * What became of one replayed change. After one that waits or lacks its predecessor, the later ones of the same origin in the same call
 * are not applied either and share its result.
 */
export type ReplayResult =
  | { readonly kind: 'applied' }
  | { readonly kind: 'waiting'; readonly waitsFor: EntryUuid }
  /** `missing`: the predecessor that it names and that is not held. */
  | { readonly kind: 'gap'; readonly missing: Csn };

/** Whether the backend takes writes. `full` mends itself when space returns; `failed` asks for a restart. */
export type Condition =
  | { readonly kind: 'ready' }
  | { readonly kind: 'full'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

export interface Backend extends ReadView {
  /** The entry of a number that a search gave: the fast way back to it, for large results. Another entry may have it after a total update. */
  byId(id: EntryId): StoredEntry | undefined;
  search(request: SearchPlanRequest): Candidates;
  /**
   * Every entry within base and scope in the order of an ordering index, those without a value last; the caller evaluates the filter. For the first
   * few of many: the caller stops when it has them, and should give up when too many do not match. undefined: no index has that order, or
   * the scope is so small a part of the domain that sorting its matches costs less.
   */
  ordered(request: OrderedRequest): Candidates | undefined;
  /** Carries out the plan of a search and says what it did; entries are not read. */
  explain(request: SearchPlanRequest): Promise<Explanation>;
  /** The indexes that searches may use now. */
  readonly catalog: IndexCatalog;
  /** Entries directly below (also the shown lost+found container), in slices; for tree walks. */
  children(entry: StoredEntry): AsyncIterable<readonly StoredEntry[]>;

  /**
   * The local half of the write path. `decide` runs when its turn comes, at once or in steps, after every earlier write was decided; it throws LdapError to refuse.
   * Resolves when the batch with entry, indexes, history, change record and server state is on disk.
   */
  submit(initiator: string, decide: (view: ReadView) => Decision, last?: () => void): Promise<Written>;

  /** The remote half: applies changes with their given CSNs, in the order given, not waiting for each other's fsync. One result each. */
  replay(changes: readonly Change[]): Promise<readonly ReplayResult[]>;

  /**
   * replay() of changes whose log rows are not on disk yet: one batch for both. Undefined when it cannot begin at once; then nothing was done. `durable` is called in the
   * turn in which the rows are on disk, whatever becomes of the changes. Absent: the log writes its rows alone.
   */
  carry?(changes: readonly Change[], rows: readonly StoreOp[], durable: () => void): Carried | undefined;

  /** State of the changes applied to the entries. */
  readonly state: ServerState;
  readonly generationId: string | undefined;
  /** Number of live entries. */
  readonly entryCount: number;
  /** The name of an entry, or the one that it had when it died; undefined when nothing is known of it any more. */
  lastName(uuid: EntryUuid): string | undefined;
  /** What was applied here, as it happens and since. */
  readonly changes: ChangeSource;
  /** Conflicts in CSN order of the change that lost. */
  journal(after?: Uint8Array): AsyncIterable<readonly JournalLine[]>;

  /** Values that must be unique and are double, as replication made them since the start. */
  doubles(): readonly DoubleValue[];

  readonly condition: Condition;
  /** Names the data set: once, when a domain is created or loaded; durable when it resolves. */
  startGeneration(generationId: string): Promise<void>;
  /** Refuses new writes, waits for the running ones. The store stays open: it is its owner's. */
  close(): Promise<void>;
}
