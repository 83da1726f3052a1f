/**
 * Journal lines about values (docs/conflicts.md, Values): which change lost a value, a place in a single-valued attribute or an increment to
 * which other. A forward pass over the rows of one attribute as they were and one as they are, so far as the two can differ.
 *
 *   taken    a value that a change asserted (added, or found present when it added it) goes with a later change that did not know it
 *   refused  an add to a single-valued attribute found another value
 *   uncounted  an increment found no integer
 *
 * The rows given reach back far enough to hold every row that any of them did not know; lines need no older ones.
 */
import { eachInSteps, eachOctetsInSteps, type Steps } from '../base/steps.js';
import type { AttributeChange, EntryUuid } from '../change/change.js';
import type { Csn } from '../csn/csn.js';
import { keysInSteps } from '../entry/change-keys.js';
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

/** A row before the arriving change came and now; undefined where it took no part. One object where nothing differs. */
export interface ToldRow {
  readonly was: ValueRow | undefined;
  readonly is: ValueRow | undefined;
}

/** All that is known of one attribute. */
export interface ValueStory {
  readonly entry: EntryUuid;
  /** Ascending; those before the index `since` are older than the arriving change, and as they were. */
  readonly rows: readonly ToldRow[];
  readonly since: number;
  /** The attribute after the last of the rows; one object where it is as it was. */
  readonly attribute: { readonly was: Attribute | undefined; readonly is: Attribute | undefined };
  /** What the name holds is not lost. */
  readonly names: { readonly was: RdnTimeline; readonly is: RdnTimeline; readonly differ: boolean };
}

/** States of at most so many values, and asserters of each, are compared to find that two passes have met. */
const COMPARED = 8;

/**
 * Says lines about the attribute: all that were and all that are but for some that are said by both. A line follows from the younger of its two
 * changes, so rows before the arriving one say the same as before and need not speak, and neither need the rows after the point where both
 * passes have met. Only new names judge every line anew.
 */
export function* sayLostValues(story: ValueStory, was: LineSink, is: LineSink): Steps<void> {
  const { rows, since, names } = story;
  if (names.differ) {
    yield* sayAll(story, 'was', was);
    yield* sayAll(story, 'is', is);
    return;
  }
  let ends = rows.length - 1;
  while (ends >= 0 && rows[ends]?.was === rows[ends]?.is) ends -= 1;
  if (ends < 0 || (rows.length === 1 && cannotLose(rows[0] as ToldRow))) return;
  const traits = traitsOf(rows);
  const before = yield* passBefore(story, traits);
  const [wasPass, isPass] = [yield* before.fork(was), yield* before.fork(is)];
  const samePresent = traits.single === undefined || story.attribute.was === story.attribute.is;
  for (let i = since; i < rows.length; i++) {
    const row = rows[i] as ToldRow;
    if (row.was !== undefined) yield* wasPass.step(row.was);
    if (row.is !== undefined) yield* isPass.step(row.is);
    if (i < ends || traits.counts) continue;
    if (traits.uniform && (yield* resets(row.was)) && (yield* resets(row.is))) return;
    if (samePresent && wasPass.assertsAs(isPass)) return;
  }
}

function* sayAll(story: ValueStory, side: 'was' | 'is', sink: LineSink): Steps<void> {
  const rows: ValueRow[] = [];
  for (const { [side]: row } of story.rows) if (row !== undefined) rows.push(row);
  const single = rows.find((row) => row.change.single)?.change;
  const present = single && (yield* presentBefore(story.attribute[side], rows, single));
  const pass = new ValuePass(story.entry, story.names[side], present, new Map(), [], sink);
  for (const row of rows) yield* pass.step(row);
}

/** The usual case: one row, alone, that did what it wanted. */
function cannotLose({ was, is }: ToldRow): boolean {
  if (was !== undefined || is === undefined) return false;
  const { change, effect } = is;
  if (change.increment !== 0n) return effect !== undefined;
  return !change.single || change.add.length === 0;
}

interface Traits {
  /** A change of a single-valued attribute, if there is one. */
  readonly single: AttributeChange | undefined;
  /** There are increments. */
  readonly counts: boolean;
  /** All changes compare by one rule. */
  readonly uniform: boolean;
}

function traitsOf(rows: readonly ToldRow[]): Traits {
  let single: AttributeChange | undefined;
  let counts = false;
  let uniform = true;
  let equality: string | undefined;
  for (const { was, is } of rows) {
    const change = (is ?? was)?.change;
    if (change === undefined) continue;
    if (change.single) single ??= change;
    if (change.increment !== 0n) counts = true;
    equality ??= change.equality;
    if (equality !== change.equality) uniform = false;
  }
  return { single, counts, uniform };
}

/** A silent pass that stands before the arriving change. It need not know what was before a row that resets the story. */
function* passBefore({ entry, rows, since, attribute, names }: ValueStory, traits: Traits): Steps<ValuePass> {
  const { single, counts, uniform } = traits;
  let at = since - 1;
  if (counts || !uniform) at = -1;
  while (at >= 0 && !(yield* resets(rows[at]?.was))) at -= 1;
  const reset = at < 0 ? undefined : rows[at]?.was;
  if (reset !== undefined) {
    const { change, witness } = reset;
    const rule = ruleOf(change);
    const asserters = new Map<ValueKey, Witness[]>();
    yield* eachInSteps(yield* addedKeysOf(change, rule), (of) => void asserters.set(of, [witness]));
    const present = single && (yield* PresentValues.of(rule, change.add));
    return yield* after(
      new ValuePass(entry, names.is, present, asserters, [], undefined),
      rows.slice(at + 1, since),
    );
  }
  const told: ValueRow[] = [];
  for (const { was } of rows) if (was !== undefined) told.push(was);
  const present = single && (yield* presentBefore(attribute.was, told, single));
  return yield* after(
    new ValuePass(entry, names.is, present, new Map(), [], undefined),
    rows.slice(0, since),
  );
}

function* after(pass: ValuePass, rows: readonly ToldRow[]): Steps<ValuePass> {
  for (const { was } of rows) if (was !== undefined) yield* pass.step(was);
  return pass;
}

/** Keys of the values that a change adds, under its own rule, in their order. */
function* addedKeysOf(change: AttributeChange, rule: EqualityRule): Steps<readonly ValueKey[]> {
  const keys = yield* keysInSteps(change, rule);
  return change.remove.length === 0 ? keys : keys.slice(change.remove.length);
}

function* keysOf(values: readonly Uint8Array[], rule: EqualityRule): Steps<Set<ValueKey>> {
  const keys = new Set<ValueKey>();
  yield* eachOctetsInSteps(values, (value) => void keys.add(valueKey(value, rule)));
  return keys;
}

/** The values before the first of `rows`. */
function* presentBefore(
  attribute: Attribute | undefined,
  rows: readonly ValueRow[],
  single: AttributeChange,
): Steps<PresentValues> {
  const present = yield* PresentValues.of(ruleOf(single), attribute?.values);
  for (let i = rows.length - 1; i >= 0; i--) {
    const effect = rows[i]?.effect;
    if (effect !== undefined) yield* undoEffect(present, effect);
  }
  return present;
}

/**
 * Whether nothing before the row matters after it: it clears, and what it adds was not there in any spelling. Its adds are then all values, and
 * it alone asserts them. True of attributes whose changes compare by one rule: there what is asserted is present.
 */
function* resets(row: ValueRow | undefined): Steps<boolean> {
  if (row === undefined) return false;
  const { change, effect } = row;
  if (!change.clear || change.increment !== 0n) return false;
  if (change.add.length === 0) return true;
  // What is added is among the adds, each once, so numbers tell.
  if (effect === undefined || effect.added.length !== change.add.length) return false;
  if (effect.removed.length === 0) return true;
  const rule = ruleOf(change);
  const added = yield* keysOf(effect.added, rule);
  let again = false;
  yield* eachOctetsInSteps(effect.removed, (value) => {
    again ||= added.has(valueKey(value, rule));
  });
  return !again;
}

class ValuePass {
  readonly #entry: EntryUuid;
  readonly #names: RdnTimeline;
  /** What is present at this point; followed only where a row is single-valued. */
  readonly #present: PresentValues | undefined;
  /** Rows that assert a value which is present, the one that made it so first (where it is known). */
  readonly #asserters: Map<ValueKey, Witness[]>;
  /** Rows that took values. */
  readonly #takers: Witness[];
  /** undefined: silent. */
  readonly #sink: LineSink | undefined;

  constructor(
    entry: EntryUuid,
    names: RdnTimeline,
    present: PresentValues | undefined,
    asserters: Map<ValueKey, Witness[]>,
    takers: Witness[],
    sink: LineSink | undefined,
  ) {
    this.#entry = entry;
    this.#names = names;
    this.#present = present;
    this.#asserters = asserters;
    this.#takers = takers;
    this.#sink = sink;
  }

  /** A pass that goes on from here and speaks. */
  *fork(sink: LineSink): Steps<ValuePass> {
    const asserters = new Map<ValueKey, Witness[]>();
    yield* eachInSteps(this.#asserters, ([key, witnesses]) => void asserters.set(key, [...witnesses]));
    const present = this.#present && (yield* this.#present.copy());
    return new ValuePass(this.#entry, this.#names, present, asserters, [...this.#takers], sink);
  }

  /** Whether the same rows assert the same values. False, too, where there are many to compare. */
  assertsAs(other: ValuePass): boolean {
    if (this.#asserters.size !== other.#asserters.size || this.#asserters.size > COMPARED) return false;
    for (const [key, mine] of this.#asserters) {
      const others = other.#asserters.get(key);
      if (others === undefined || mine.length !== others.length || mine.length > COMPARED) return false;
      if (!mine.every((witness, i) => witness === others[i])) return false;
    }
    return true;
  }

  *step(row: ValueRow): Steps<void> {
    const { change, effect } = row;
    const rule = ruleOf(change);
    if (this.#present !== undefined && effect !== undefined) yield* redoEffect(this.#present, effect);
    const addedKeys = yield* keysOf(effect?.added ?? [], rule);
    if (change.increment !== 0n) this.#count(row, rule, addedKeys);
    else yield* this.#take(row, rule, addedKeys);
    yield* this.#assertAdds(row, rule, addedKeys);
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
    let carried: Witness[] | undefined;
    for (const value of effect.removed) {
      const key = valueKey(value, rule);
      const asserters = this.#asserters.get(key);
      this.#asserters.delete(key);
      if (asserters === undefined) continue;
      carried = carried === undefined ? asserters : [...new Set([...carried, ...asserters])];
    }
    carried ??= [];
    carried.push(witness);
    // The usual counter has one value, and one list that grows.
    let own: Witness[] | undefined = carried;
    for (const key of addedKeys) {
      this.#asserters.set(key, own ?? [...carried]);
      own = undefined;
    }
  }

  *#take(row: ValueRow, rule: EqualityRule, addedKeys: ReadonlySet<ValueKey>): Steps<void> {
    if (this.#asserters.size === 0 || row.effect === undefined) return;
    yield* eachOctetsInSteps(row.effect.removed, (value) => {
      const key = valueKey(value, rule);
      if (addedKeys.has(key)) return;
      for (const asserter of this.#asserters.get(key) ?? []) {
        if (!knew(row.witness, asserter.csn)) this.#sayUnheld(row, asserter.csn, row.witness.csn, value);
      }
      this.#asserters.delete(key);
    });
  }

  *#assertAdds(row: ValueRow, rule: EqualityRule, addedKeys: ReadonlySet<ValueKey>): Steps<void> {
    const { change, witness } = row;
    if (change.increment !== 0n) return;
    if (this.#present !== undefined) yield* this.#present.compareBy(rule);
    const keys = yield* addedKeysOf(change, rule);
    yield* eachInSteps(change.add, (value, at) => {
      const key = keys[at] as ValueKey;
      if (change.single && !addedKeys.has(key) && this.#present?.has(value) === false) {
        this.#sayUnheld(row, witness.csn, this.#occupier(witness, rule), value);
        return;
      }
      const asserters = this.#asserters.get(key);
      if (asserters === undefined) this.#asserters.set(key, [witness]);
      else if (asserters.at(-1) !== witness) asserters.push(witness);
    });
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
    if (this.#sink === undefined || this.#names.holds(change.key, value, witness.csn, loser, winner)) return;
    this.#say(loser, winner, change, value);
  }

  #say(loser: Csn, winner: Csn | undefined, change: AttributeChange, value: Uint8Array): void {
    this.#sink?.({ loser, winner, entry: this.#entry, kind: 'value-lost', attribute: change.key, value });
  }
}
