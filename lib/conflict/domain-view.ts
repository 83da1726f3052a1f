/**
 * What the fold needs to know of a domain and what it answers: the seam between the rules and whatever stores them.
 *
 * The view is read synchronously; an engine prefetches what prefetch-plan.ts names. The outcome lists final values, so storing it is dumb:
 * put what is there, delete what is gone. Both hold no storage ids.
 */
import type { Change, EntryUuid, NamedRdn } from '../change/change.js';
import type { Csn } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { EntryState } from './entry-state.js';

/** What one change really did to one attribute when it was folded in: enough to undo it. */
export interface AttributeEffect {
  readonly key: AttributeKey;
  /** Values that went, with the bytes they had. */
  readonly removed: readonly Uint8Array[];
  /** Values that came. */
  readonly added: readonly Uint8Array[];
  /** Name of the attribute before, when the change left it without values and writes its name differently. */
  readonly nameBefore?: string;
}

/** The name of an entry at one point of the order. */
export interface RdnRegister {
  readonly rdn: NamedRdn;
  /** The rename that wrote it, or the add. */
  readonly csn: Csn;
  /** EntryState.rdnSince. */
  readonly since: Csn;
}

/**
 * A change in an entry's history: kept until it is causally stable. An entry's history starts from its add, which has none unless its UUID was added more than once:
 * then every add has.
 */
export interface HistoryRow {
  readonly change: Change;
  /** Nothing took effect: the entry was dead at that point of the order (for undelete and add: alive), or lives another life since. */
  readonly void: boolean;
  readonly effects: readonly AttributeEffect[];
  /** RDN register before, when this change set it; undefined otherwise. */
  readonly rdnBefore: RdnRegister | undefined;
}

/** A move in the domain's move log: kept until it is causally stable. An add that founds a dead entry anew stands there too, as a move to its parent (second-add.ts). */
export interface MoveRow {
  readonly csn: Csn;
  readonly entry: EntryUuid;
  readonly to: EntryUuid;
  /** Parent register before, in the fold. */
  readonly from: EntryUuid;
  readonly fromCsn: Csn;
  /** False: it would have closed a loop, or its entry was dead. */
  readonly effective: boolean;
  /** Change.seen of the move: tells whether it knew of the one that it overwrites. */
  readonly seen: ServerState;
  /** The row stands for an add that founded the entry anew: what it overwrites was of a life that had ended, and is no loss. */
  readonly founding?: boolean;
  /** It never takes effect: an add that founds nothing any more, or a move of another life than the present one that found the entry dead. */
  readonly revoked?: boolean;
}

/** A live entry's claim to a name. */
export interface Claim {
  readonly csn: Csn;
  readonly entry: EntryUuid;
}

export interface DomainView {
  /** Alive or dead; undefined when never seen (or purged). */
  entry(uuid: EntryUuid): EntryState | undefined;
  /** Rows of the entry with CSN > `after` (all when undefined), ascending. */
  history(uuid: EntryUuid, after: Csn | undefined): readonly HistoryRow[];
  /** Moves of the domain with CSN > `after`, ascending. */
  moves(after: Csn): readonly MoveRow[];
  /** Claims of live entries (claim.ts claimOf) to the name rdnKey below `parent`, by rising CSN: the first holds the name. */
  claims(parent: EntryUuid, rdnKey: string): readonly Claim[];
  /** The claims beside that of an entry that claims the name. */
  rivals(parent: EntryUuid, rdnKey: string, entry: EntryUuid): readonly Claim[];
  /**
   * Live entries whose place has this parent, in any order. Asked for only when an entry dies or comes back (then LOST_AND_FOUND_UUID's).
   */
  children(parent: EntryUuid): readonly EntryUuid[];
  /** The server state held when the change is applied, all origins. */
  readonly state: ServerState;
}

/** A resolved conflict (replication-model.md section 5, Journal): a function of the set of changes, the same on every replica. */
export interface JournalLine {
  /** The change that lost something. */
  readonly loser: Csn;
  /** The change it lost to; undefined where the state alone decided. */
  readonly winner: Csn | undefined;
  readonly entry: EntryUuid;
  readonly kind:
    | 'value-lost'
    | 'change-of-deleted-entry'
    | 'rename-lost'
    | 'move-lost'
    | 'name-conflict'
    | 'orphan'
    | 'move-loop'
    | 'schema-violation'
    | 'add-lost';
  /** Attribute concerned, or undefined. */
  readonly attribute: string | undefined;
  /** The value that did not survive; text of the RDN (renames, names) or UUID of the parent (moves) that was wanted. */
  readonly value: Uint8Array | undefined;
}

/** The outcome of one change: what is to be stored, whole. */
export interface Outcome {
  /** Entries whose state changed (the target first), in their final form. */
  readonly entries: readonly EntryState[];
  /** Exactly how the target's attributes differ from before: for indexes, and for attributes too large to write whole. */
  readonly delta: readonly AttributeEffect[];
  /** History rows to put (new, or with new effects). */
  readonly history: readonly { readonly entry: EntryUuid; readonly row: HistoryRow }[];
  readonly moves: readonly MoveRow[];
  readonly journal: { readonly put: readonly JournalLine[]; readonly delete: readonly JournalLine[] };
}

/** The change cannot be applied yet: an entry that it names was never seen. Its origin's stream waits. */
export interface Waiting {
  readonly waitsFor: EntryUuid;
}
