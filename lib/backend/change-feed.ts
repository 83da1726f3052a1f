/**
 * The feed of committed changes of a domain: what was applied, in the order in which this server applied it, with each entry before and after.
 *
 * Owns the subscribers and the notes that the write path makes for them. Entries are looked at only while somebody watches, so nobody pays for a
 * feed that nobody reads. Delivery is synchronous, in the turn in which the batch became readable; a subscriber queues and bounds what it cannot use at once,
 * and may go on from a USN in the applied log (applied-log.ts) when it lost its place.
 */
import type { Change, EntryUuid } from '../change/change.js';
import type { Outcome } from '../conflict/domain-view.js';
import { type EntryState, isAlive } from '../conflict/entry-state.js';
import type { Csn } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { AppliedChange, AppliedLog, TouchedEntry } from './applied-log.js';
import type { EntryId, StoredEntry } from './backend.js';
import type { Layer } from './layer.js';
import { HeldEntry } from './rows/stored-entry.js';

/** One entry around a change. Both undefined never; before undefined: it came; after undefined: it went. */
export interface EntryChange {
  readonly before: StoredEntry | undefined;
  readonly after: StoredEntry | undefined;
  /** Its name changed, and with it the names of entries below it. */
  readonly subtree: boolean;
}

export interface CommittedChange {
  readonly usn: number;
  readonly csn: Csn;
  readonly entries: readonly EntryChange[];
  /** Octets of the entries, roughly: what it costs to let this wait. */
  readonly bytes: number;
}

/** What one batch of the store brought. */
export interface ChangeBatch {
  readonly changes: readonly CommittedChange[];
  /** State and USN after the batch. */
  readonly state: ServerState;
  readonly usn: number;
}

/** Must not throw. `reset`: all data were replaced; nothing that was told before counts. */
export type FeedListener = (batch: ChangeBatch | 'reset') => void;

/** What readers of changes use of a backend. */
export interface ChangeSource {
  /**
   * Calls `listener` for every batch from some point on; resolves at that point, when everything decided before the call is readable.
   * The function that it resolves to ends it.
   */
  watch(listener: FeedListener): Promise<() => void>;
  /** Calls `listener` whenever the state may have grown; it must not throw. Costs the write path nothing. The function returned ends it. */
  onAdvance(listener: () => void): () => void;
  /** lastUSN of the server: nothing that comes later is at or below it. */
  readonly settledUsn: number;
  readonly log: Pick<AppliedLog, 'durable' | 'floor' | 'trimmed' | 'reaches' | 'at' | 'between'>;
}

interface NotingWorld {
  readonly log: AppliedLog;
  readonly rows: { idOf(uuid: EntryUuid): EntryId | undefined; childCount(id: EntryId): number };
  /** What is decided, durable or not. */
  readonly tree: { byUuid(uuid: EntryUuid): StoredEntry | undefined };
}

/** Images of the entries of one outcome, as they were before it. */
type Before = readonly (StoredEntry | undefined)[] | undefined;

export class ChangeFeed {
  readonly #listeners = new Set<FeedListener>();
  readonly #advances = new Set<() => void>();
  /** Those on their way in are counted before they are called. */
  #watchers = 0;

  /** Whether entries must be noted. */
  get watched(): boolean {
    return this.#watchers > 0;
  }

  /** Entries are noted from now on; `begin` adds the listener. */
  enter(listener: FeedListener): { begin(): void; end(): void } {
    this.#watchers += 1;
    let ended = false;
    return {
      begin: () => {
        if (!ended) this.#listeners.add(listener);
      },
      end: () => {
        if (ended) return;
        ended = true;
        this.#watchers -= 1;
        this.#listeners.delete(listener);
      },
    };
  }

  onAdvance(listener: () => void): () => void {
    this.#advances.add(listener);
    return () => this.#advances.delete(listener);
  }

  /** The state grew. */
  advanced(): void {
    if (this.#advances.size === 0) return;
    for (const listener of [...this.#advances]) listener();
  }

  publish(batch: ChangeBatch): void {
    for (const listener of [...this.#listeners]) listener(batch);
  }

  reset(): void {
    for (const listener of [...this.#listeners]) listener('reset');
  }
}

/** Notes what the write path decides: rows of the applied log always, entries while somebody watches. */
export class ChangeNotes {
  readonly #world: NotingWorld;
  readonly #feed: ChangeFeed;

  constructor(world: NotingWorld, feed: ChangeFeed) {
    this.#world = world;
    this.#feed = feed;
  }

  /** Called before the outcome's rows are put. */
  before(outcome: Pick<Outcome, 'entries'>): Before {
    if (!this.#feed.watched) return undefined;
    return outcome.entries.map(({ uuid }) => this.#world.tree.byUuid(uuid));
  }

  /** Called when the outcome's rows were put. `was`: the states that the fold saw. */
  note(
    layer: Layer,
    change: Change,
    outcome: Pick<Outcome, 'entries'>,
    was: readonly (EntryState | undefined)[],
    before: Before,
  ): void {
    const { log, rows, tree } = this.#world;
    const ids: EntryId[] = [];
    const touched = outcome.entries.map((is, i): TouchedEntry => {
      const id = rows.idOf(is.uuid);
      if (id !== undefined) ids.push(id);
      const subtree = id !== undefined && namesMoved(was[i], is) && rows.childCount(id) > 0;
      return { uuid: is.uuid, subtree };
    });
    const { csn, previous } = change;
    const applied: AppliedChange = { usn: log.take(), csn, previous, entries: touched };
    for (const op of log.ops(applied, ids)) layer.ops.push(op);
    layer.usn = applied.usn;
    layer.applied += 1;
    if (before === undefined) return;
    const entries: EntryChange[] = [];
    let bytes = CHANGE_BYTES;
    touched.forEach(({ uuid, subtree }, i) => {
      const after = tree.byUuid(uuid);
      if (before[i] === undefined && after === undefined) return;
      entries.push({ before: before[i], after, subtree });
      bytes += weight(before[i]) + weight(after);
    });
    layer.events.push({ usn: applied.usn, csn, entries, bytes });
  }
}

/** Octets around one change and around one entry. */
const CHANGE_BYTES = 200;
const ENTRY_BYTES = 500;

function weight(entry: StoredEntry | undefined): number {
  return entry instanceof HeldEntry ? ENTRY_BYTES + entry.record.length : 0;
}

/** Whether a live entry is shown elsewhere, or under another name, than before. */
function namesMoved(was: EntryState | undefined, is: EntryState): boolean {
  if (was === undefined || !isAlive(was) || !isAlive(is)) return false;
  return (
    was.rdnCsn !== is.rdnCsn ||
    was.place.parent !== is.place.parent ||
    was.place.conflict !== is.place.conflict
  );
}
