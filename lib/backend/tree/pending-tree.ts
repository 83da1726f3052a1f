/**
 * The tree as decisions see it: everything decided before, durable or not. Built over the durable tree; costs nothing while no batch is open.
 */
import type { EntryId } from '../backend.js';
import type { PendingEntry, PendingRows } from '../layer.js';
import { LOST_AND_FOUND_ID } from '../rows/key-space.js';
import type { HeldEntry } from '../rows/stored-entry.js';
import type { DurableTree } from './durable-tree.js';
import { EntryTree } from './entry-tree.js';
import type { TreeFacts } from './tree-facts.js';

export class PendingTree extends EntryTree {
  readonly #rows: PendingRows;
  readonly #durable: DurableTree;
  /** Moves when a pending entry with children changes its name, and when layers are dropped. */
  epoch = 0;

  constructor(facts: TreeFacts, rows: PendingRows, durable: DurableTree) {
    super(facts, rows);
    this.#rows = rows;
    this.#durable = durable;
  }

  get hasAliases(): boolean {
    return (this.#rows.layers[0]?.counters ?? this.#durable.counters).aliases > 0;
  }

  protected override get undurable(): PendingRows | undefined {
    return this.#rows.layers.length === 0 ? undefined : this.#rows;
  }

  get hasReferrals(): boolean {
    return (this.#rows.layers[0]?.counters ?? this.#durable.counters).referrals > 0;
  }

  override byDnText(text: string): HeldEntry | undefined {
    const { texts } = this.#durable;
    let entry = texts.get(text, this);
    if (entry === undefined) {
      entry = super.byDnText(text);
      if (entry !== undefined) texts.put(text, entry);
    }
    // What is decided next concerns it as a rule.
    this.#rows.named = entry;
    return entry;
  }

  /** An entry is new: who asks for its name next need not find it in the store. */
  came(entry: HeldEntry): void {
    this.#durable.texts.put(entry.dnText, entry);
  }

  byId(id: EntryId): HeldEntry | undefined {
    if (this.#rows.layers.length === 0) return this.#durable.byId(id);
    if (id === LOST_AND_FOUND_ID) return this.lostAndFound();
    const pending = this.#rows.pending(id);
    if (pending !== undefined) return pending.alive ? this.#held(id, pending) : undefined;
    const durable = this.#durable.byId(id);
    return durable !== undefined && this.#rows.renames ? this.refreshed(durable) : durable;
  }

  #held(id: EntryId, pending: PendingEntry): HeldEntry {
    if (pending.held !== undefined && pending.epoch === this.epoch) return pending.held;
    pending.held =
      pending.held === undefined
        ? this.build(id, pending.record, pending.state)
        : this.refreshed(pending.held);
    pending.epoch = this.epoch;
    return pending.held;
  }
}
