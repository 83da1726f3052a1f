/**
 * The permissive effect of one attribute change on the values present (replication-model.md section 4, table): clear, remove, add, increment,
 * in this order. Values compare by the change's own rule; the octets kept are those of the add that made a value present.
 *
 * Owns one change at one point of the order; undo and redo are refold-attribute.ts.
 */
import { assert, must } from '../base/assert.js';
import { equalBytes, latin1, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import { eachOctetsInSteps, type Steps } from '../base/steps.js';
import type { AttributeChange } from '../change/change.js';
import { equalityRule } from '../schema/equality-rules.js';
import { isInteger } from '../schema/integer-form.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import type { AttributeEffect } from './domain-view.js';
import type { PresentValues } from './present-values.js';

/** Values that went and came, net: none is in both. */
export interface ValueEffect {
  readonly removed: readonly Uint8Array[];
  readonly added: readonly Uint8Array[];
}

/** The rule that a change carries. The codec lets none in that we lack. */
export function ruleOf(change: AttributeChange): EqualityRule {
  return must(equalityRule(change.equality), `equality rule ${change.equality}`);
}

/** Folds `change` into `present`, which changes, and answers what really happened. */
export function* foldAttribute(present: PresentValues, change: AttributeChange): Steps<ValueEffect> {
  yield* present.compareBy(ruleOf(change));
  const removed: Uint8Array[] = change.clear ? present.takeAll() : [];
  const added: Uint8Array[] = [];
  yield* eachOctetsInSteps(change.remove, (value) => {
    for (const gone of present.take(value)) removed.push(gone);
  });
  yield* eachOctetsInSteps(change.add, (value) => {
    if (change.single ? present.count > 0 : present.has(value)) return;
    present.put(value);
    added.push(value);
  });
  if (change.increment !== 0n) incrementAll(present, change.increment, removed, added);
  return yield* netEffect(removed, added);
}

/** Undoes an effect, which must be the last one on `present`. */
export function* undoEffect(present: PresentValues, { removed, added }: ValueEffect): Steps<void> {
  yield* eachOctetsInSteps(added, (value) =>
    assert(present.takeExactly(value), 'undo of a value that is not there'),
  );
  yield* eachOctetsInSteps(removed, (value) => present.put(value));
}

/** Redoes an effect as it was. */
export function* redoEffect(present: PresentValues, { removed, added }: ValueEffect): Steps<void> {
  yield* eachOctetsInSteps(removed, (value) =>
    assert(present.takeExactly(value), 'redo of a removal of a value that is not there'),
  );
  yield* eachOctetsInSteps(added, (value) => present.put(value));
}

/** Whether an increment can change this value. */
export function isCountable(value: Uint8Array): boolean {
  return value.length <= LIMITS.integerDigits && isInteger(value);
}

/** Whether two effects are the same, whatever the order of their values. */
export function* sameEffect(a: AttributeEffect | undefined, b: AttributeEffect | undefined): Steps<boolean> {
  if (a === undefined || b === undefined) return a === b;
  if (a.nameBefore !== b.nameBefore) return false;
  return (yield* sameValues(a.removed, b.removed)) && (yield* sameValues(a.added, b.added));
}

/** Drops what is on both sides with the same octets: it came and went within one change. */
export function* netEffect(removed: readonly Uint8Array[], added: readonly Uint8Array[]): Steps<ValueEffect> {
  if (removed.length === 0 || added.length === 0) return { removed, added };
  const gone = yield* countsOf(removed);
  const both = new Map<string, number>();
  const came: Uint8Array[] = [];
  yield* eachOctetsInSteps(added, (value) => {
    const octets = latin1(value);
    if (take(gone, octets)) both.set(octets, (both.get(octets) ?? 0) + 1);
    else came.push(value);
  });
  if (both.size === 0) return { removed, added };
  const went: Uint8Array[] = [];
  yield* eachOctetsInSteps(removed, (value) => {
    if (!take(both, latin1(value))) went.push(value);
  });
  return { removed: went, added: came };
}

/** How often each value is there, by its octets. */
function* countsOf(values: readonly Uint8Array[]): Steps<Map<string, number>> {
  const counts = new Map<string, number>();
  yield* eachOctetsInSteps(values, (value) => {
    const octets = latin1(value);
    counts.set(octets, (counts.get(octets) ?? 0) + 1);
  });
  return counts;
}

/** Takes one away; false where none is left. */
function take(counts: Map<string, number>, octets: string): boolean {
  const left = counts.get(octets) ?? 0;
  if (left === 0) return false;
  counts.set(octets, left - 1);
  return true;
}

function incrementAll(
  present: PresentValues,
  increment: bigint,
  removed: Uint8Array[],
  added: Uint8Array[],
): void {
  const counts = present.values().filter(isCountable);
  for (const count of counts) {
    present.takeExactly(count);
    removed.push(count);
  }
  for (const count of counts) {
    const sum = utf8Encode((BigInt(latin1(count)) + increment).toString());
    if (present.has(sum)) continue;
    present.put(sum);
    added.push(sum);
  }
}

function* sameValues(a: readonly Uint8Array[], b: readonly Uint8Array[]): Steps<boolean> {
  if (a.length !== b.length) return false;
  let inOrder = true;
  yield* eachOctetsInSteps(a, (value, at) => {
    inOrder &&= equalBytes(value, b[at] as Uint8Array);
  });
  if (inOrder) return true;
  const counts = yield* countsOf(a);
  let all = true;
  yield* eachOctetsInSteps(b, (value) => {
    all &&= take(counts, latin1(value));
  });
  return all;
}
