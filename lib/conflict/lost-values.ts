/**
 * Journal lines about values (docs/conflicts.md, Values): which change lost a value, a place in a single-valued attribute or an increment to
 * which other. One forward pass over the rows of one attribute.
 *
 *   taken    a value that a change asserted (added, or found present when it added it) goes with a later change that did not know it
 *   refused  an add to a single-valued attribute found another value
 *   uncounted  an increment found no integer
 *
 * The rows given reach back far enough to hold every row that any of them did not know; lines need no older ones.
 */
import type { AttributeChange, EntryUuid } from '../change/change.js';
import type { Csn } from '../csn/csn.js';
import type { Attribute } from '../entry/entry.js';
import { type ValueKey, valueKey } from '../entry/value-index.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import { knew, type Witness } from './concurrency.js';
import type { AttributeEffect } from './domain-view.js';
import { redoEffect, ruleOf, undoEffect } from './fold-attribute.js';
import { incrementText, type LineSink } from './journal.js';
import { PresentValues } from './present-values.js';
import type { RdnTimeline } from './rdn-timeline.js';

/** A row that took part: not void. */
export interface ValueRow {
  readonly witness: Witness;
  readonly change: AttributeChange;
  readonly effect: AttributeEffect | undefined;
}

/**
 * Says every line about the attribute. `attribute`: its values after the last of `rows`, which are ascending. What the name holds (`names`) is not lost.
 */
export function sayLostValues(
  entry: EntryUuid,
  attribute: Attribute | undefined,
  rows: readonly ValueRow[],
  names: RdnTimeline,
  sink: LineSink,
): void {
  if (cannotLose(rows)) return;
  const pass = new ValuePass(entry, attribute, rows, names, sink);
  for (const row of rows) pass.step(row);
}

/** The usual case: one row, alone, that did what it wanted. */
function cannotLose(rows: readonly ValueRow[]): boolean {
  const only = rows[0];
  if (only === undefined) return true;
  if (rows.length > 1) return false;
  const { change, effect } = only;
  if (change.increment !== 0n) return effect !== undefined;
  return !change.single || change.add.length === 0;
}

class ValuePass {
  readonly #entry: EntryUuid;
  readonly #sink: LineSink;
  readonly #names: RdnTimeline;
  /** Rows that assert a value which is present, the one that made it so first (where it is known). */
  #asserters = new Map<ValueKey, Witness[]>();
  /** Rows that took values. */
  readonly #takers: Witness[] = [];
  /** What is present at this point; followed only where a row is single-valued. */
  readonly #present: PresentValues | undefined;

  constructor(
    entry: EntryUuid,
    attribute: Attribute | undefined,
    rows: readonly ValueRow[],
    names: RdnTimeline,
    sink: LineSink,
  ) {
    this.#entry = entry;
    this.#names = names;
    this.#sink = sink;
    const single = rows.find((row) => row.change.single);
    if (single === undefined) return;
    this.#present = new PresentValues(ruleOf(single.change), attribute?.values);
    for (let i = rows.length - 1; i >= 0; i--) {
      const effect = rows[i]?.effect;
      if (effect !== undefined) undoEffect(this.#present, effect);
    }
  }

  step(row: ValueRow): void {
    const { change, effect } = row;
    const rule = ruleOf(change);
    if (this.#present !== undefined && effect !== undefined) redoEffect(this.#present, effect);
    const addedKeys = new Set((effect?.added ?? []).map((value) => valueKey(value, rule)));
    if (change.increment !== 0n) this.#count(row, rule, addedKeys);
    else this.#take(row, rule, addedKeys);
    this.#assertAdds(row, rule, addedKeys);
    if (change.increment === 0n && effect !== undefined && effect.removed.length > 0)
      this.#takers.push(row.witness);
  }

  /** An increment takes nothing from those that asserted the number: they lose or keep the sum. */
  #count(row: ValueRow, rule: EqualityRule, addedKeys: ReadonlySet<ValueKey>): void {
    const { effect, change, witness } = row;
    if (effect === undefined) {
      this.#say(
        witness.csn,
        this.#youngestUnknown(this.#takers, witness),
        change,
        incrementText(change.increment),
      );
      return;
    }
    const carried: Witness[] = [];
    for (const value of effect.removed) {
      const key = valueKey(value, rule);
      for (const asserter of this.#asserters.get(key) ?? [])
        if (!carried.includes(asserter)) carried.push(asserter);
      this.#asserters.delete(key);
    }
    carried.push(witness);
    for (const key of addedKeys) this.#asserters.set(key, [...carried]);
  }

  #take(row: ValueRow, rule: EqualityRule, addedKeys: ReadonlySet<ValueKey>): void {
    if (this.#asserters.size === 0 || row.effect === undefined) return;
    for (const value of row.effect.removed) {
      const key = valueKey(value, rule);
      if (addedKeys.has(key)) continue;
      for (const asserter of this.#asserters.get(key) ?? []) {
        if (!knew(row.witness, asserter.csn)) this.#sayUnheld(row, asserter.csn, row.witness.csn, value);
      }
      this.#asserters.delete(key);
    }
  }

  #assertAdds(row: ValueRow, rule: EqualityRule, addedKeys: ReadonlySet<ValueKey>): void {
    const { change, witness } = row;
    if (change.increment !== 0n) return;
    this.#present?.compareBy(rule);
    for (const value of change.add) {
      const key = valueKey(value, rule);
      if (change.single && !addedKeys.has(key) && this.#present?.has(value) === false) {
        this.#sayUnheld(row, witness.csn, this.#occupier(witness, rule), value);
        continue;
      }
      const asserters = this.#asserters.get(key);
      if (asserters === undefined) this.#asserters.set(key, [witness]);
      else if (!asserters.includes(witness)) asserters.push(witness);
    }
  }

  /** The youngest unknown row that asserts what is present. */
  #occupier(witness: Witness, rule: EqualityRule): Csn | undefined {
    let youngest: Csn | undefined;
    for (const value of this.#present?.values() ?? []) {
      const csn = this.#youngestUnknown(this.#asserters.get(valueKey(value, rule)) ?? [], witness);
      if (csn !== undefined && (youngest === undefined || csn > youngest)) youngest = csn;
    }
    return youngest;
  }

  #youngestUnknown(rows: readonly Witness[], witness: Witness): Csn | undefined {
    let youngest: Csn | undefined;
    for (const { csn } of rows) {
      if ((youngest === undefined || csn > youngest) && csn !== witness.csn && !knew(witness, csn))
        youngest = csn;
    }
    return youngest;
  }

  #sayUnheld({ change, witness }: ValueRow, loser: Csn, winner: Csn | undefined, value: Uint8Array): void {
    if (this.#names.holds(change.key, value, witness.csn, loser, winner)) return;
    this.#say(loser, winner, change, value);
  }

  #say(loser: Csn, winner: Csn | undefined, change: AttributeChange, value: Uint8Array): void {
    this.#sink({ loser, winner, entry: this.#entry, kind: 'value-lost', attribute: change.key, value });
  }
}
