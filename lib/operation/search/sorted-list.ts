/**
 * Sorted lists: the entries of one search in order, and the ones kept for the next page or view.
 *
 * A list holds names of entries and their keys, not entries; entries are read again when they are given. Sorting goes in runs and merges that give way to others
 * every few milliseconds. Bounds: LIMITS.sortedEntries and sortedBytes for each list, keptListBytes for all lists in the making and kept together; the oldest kept
 * list goes first. A list that is gone is made again, so a kept one only saves work.
 */
import type { EntryId, StoredEntry } from '../../backend/backend.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { EntryUuid } from '../../change/change.js';
import type { Clock } from '../../port/clock.js';
import type { NamedEntry } from '../trees/virtual-tree.js';
import type { SearchPart } from './search-parts.js';
import { compareKeys, type EntryKeys, type SortRule } from './sort-keys.js';

/** An entry of a list. */
export interface SortedItem {
  readonly keys: EntryKeys;
  readonly part: SearchPart;
  /** undefined: `entry` is held. */
  readonly uuid: EntryUuid | undefined;
  readonly id?: EntryId | undefined;
  /** Of virtual trees, whose entries have no UUID. */
  readonly entry: NamedEntry | undefined;
}

export interface SortedList {
  readonly id: number;
  readonly items: readonly SortedItem[];
  readonly bytes: number;
}

/** Octets of memory that an item takes beside its keys, roughly. */
const ITEM_BYTES = 200;
/** Items sorted at once: well below a millisecond or two. */
const RUN_ITEMS = 1024;
/** Items merged between two looks at the clock. */
const MERGE_ITEMS = 512;
const TURN_MS = 5;
/** Milliseconds for which a list is kept. */
const KEEP_MS = 60_000;

/** The lists of one server. */
export class SortedLists {
  readonly #clock: Clock;
  readonly #kept = new Map<number, SortedList>();
  /** The newest list of a search that may be shown again. */
  readonly #shown = new Map<string, { readonly id: number; readonly versions: readonly unknown[] }>();
  #bytes = 0;
  #nextId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A kept list; undefined when it is gone. */
  get(id: number): SortedList | undefined {
    return this.#kept.get(id);
  }

  /** Begins a list; end it with finish() or discard(). */
  begin(rules: readonly SortRule[]): ListMaker {
    return new ListMaker(rules, this.#clock, this.#nextId++, (bytes) => this.#take(bytes));
  }

  /** The list of a search made when the data were as `versions` tell, each the same object; undefined: there is none. */
  fresh(key: string, versions: readonly unknown[]): SortedList | undefined {
    const shown = this.#shown.get(key);
    if (shown === undefined || versions.length === 0 || shown.versions.length !== versions.length)
      return undefined;
    return shown.versions.every((one, i) => one === versions[i]) ? this.#kept.get(shown.id) : undefined;
  }

  /** Keeps a list that was made; `search`: for others who ask the same. */
  keep(list: SortedList, search?: { readonly key: string; readonly versions: readonly unknown[] }): void {
    this.#kept.set(list.id, list);
    if (search !== undefined) this.#shown.set(search.key, { id: list.id, versions: search.versions });
    const { id } = list;
    this.#clock.after(KEEP_MS, () => this.#drop(id));
  }

  /** Gives back the memory of a list in the making or of one that need not be kept. */
  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  #take(bytes: number): void {
    this.#bytes += bytes;
    for (const oldest of this.#kept.values()) {
      if (this.#bytes <= LIMITS.keptListBytes) return;
      this.#drop(oldest.id);
    }
    if (this.#bytes <= LIMITS.keptListBytes) return;
    throw new LdapError('busy', 'Too many large sorts are running; try again later (keptListBytes).');
  }

  #drop(id: number): void {
    this.#bytes -= this.#kept.get(id)?.bytes ?? 0;
    this.#kept.delete(id);
    for (const [key, shown] of this.#shown) if (shown.id === id) this.#shown.delete(key);
  }
}

/** One list in the making. */
class ListMaker {
  readonly #rules: readonly SortRule[];
  readonly #clock: Clock;
  readonly #id: number;
  readonly #take: (bytes: number) => void;
  #run: SortedItem[] = [];
  #runs: SortedItem[][] = [];
  #count = 0;
  /** Octets taken so far. */
  bytes = 0;

  constructor(rules: readonly SortRule[], clock: Clock, id: number, take: (bytes: number) => void) {
    this.#rules = rules;
    this.#clock = clock;
    this.#id = id;
    this.#take = take;
  }

  /** Adds a match. Throws LdapError adminLimitExceeded or busy. */
  add(
    keys: EntryKeys,
    part: SearchPart,
    entry: NamedEntry & Partial<Pick<StoredEntry, 'uuid' | 'id'>>,
  ): void {
    let bytes = ITEM_BYTES;
    for (const key of keys) bytes += 24 + (key?.length ?? 0);
    this.#count += 1;
    if (this.#count > LIMITS.sortedEntries || this.bytes + bytes > LIMITS.sortedBytes) {
      throw new LdapError(
        'adminLimitExceeded',
        `A search may sort ${LIMITS.sortedEntries} entries with keys of ${LIMITS.sortedBytes} octets (sortedEntries, sortedBytes).`,
      );
    }
    this.bytes += bytes;
    this.#take(bytes);
    const uuid = part.domain === undefined ? undefined : entry.uuid;
    this.#run.push({ keys, part, uuid, id: entry.id, entry: uuid === undefined ? entry : undefined });
    if (this.#run.length >= RUN_ITEMS) this.#endRun();
  }

  /** The list in order; entries with equal keys stay in the order in which they came. `stopped` is asked between turns and throws to end. */
  async finish(stopped: () => void): Promise<SortedList> {
    this.#endRun();
    let runs = this.#runs;
    this.#runs = [];
    const turn = { startMs: this.#clock.monotonicMs() };
    while (runs.length > 1) {
      const merged: SortedItem[][] = [];
      for (let i = 0; i < runs.length; i += 2) {
        const a = runs[i] as SortedItem[];
        const b = runs[i + 1];
        merged.push(b === undefined ? a : await this.#merge(a, b, turn, stopped));
      }
      runs = merged;
    }
    return { id: this.#id, items: runs[0] ?? [], bytes: this.bytes };
  }

  #endRun(): void {
    if (this.#run.length === 0) return;
    this.#run.sort((a, b) => compareKeys(this.#rules, a.keys, b.keys));
    this.#runs.push(this.#run);
    this.#run = [];
  }

  async #merge(
    a: readonly SortedItem[],
    b: readonly SortedItem[],
    turn: { startMs: number },
    stopped: () => void,
  ): Promise<SortedItem[]> {
    const out: SortedItem[] = [];
    let i = 0;
    let j = 0;
    while (i < a.length || j < b.length) {
      const left = a[i];
      const right = b[j];
      if (
        right === undefined ||
        (left !== undefined && compareKeys(this.#rules, left.keys, right.keys) <= 0)
      ) {
        out.push(left as SortedItem);
        i += 1;
      } else {
        out.push(right);
        j += 1;
      }
      if (out.length % MERGE_ITEMS !== 0 || this.#clock.monotonicMs() - turn.startMs < TURN_MS) continue;
      await new Promise<void>((resolve) => {
        this.#clock.after(0, resolve);
      });
      stopped();
      turn.startMs = this.#clock.monotonicMs();
    }
    return out;
  }
}
