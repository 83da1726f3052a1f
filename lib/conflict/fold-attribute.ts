/**
 * The permissive effect of one attribute change on the values present (replication-model.md section 4, table): clear, remove, add, increment,
 * in this order. Values compare by the change's own rule; the octets kept are those of the add that made a value present.
 *
 * Owns one change at one point of the order; undo and redo are refold-attribute.ts.
 */
import { assert, must } from '../base/assert.js';
import { latin1, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
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
export function foldAttribute(present: PresentValues, change: AttributeChange): ValueEffect {
  present.compareBy(ruleOf(change));
  const removed: Uint8Array[] = change.clear ? present.takeAll() : [];
  const added: Uint8Array[] = [];
  for (const value of change.remove) for (const gone of present.take(value)) removed.push(gone);
  for (const value of change.add) {
    if (change.single ? present.count > 0 : present.has(value)) continue;
    present.put(value);
    added.push(value);
  }
  if (change.increment !== 0n) incrementAll(present, change.increment, removed, added);
  return netEffect(removed, added);
}

/** Undoes an effect, which must be the last one on `present`. */
export function undoEffect(present: PresentValues, effect: ValueEffect): void {
  for (const value of effect.added) {
    assert(present.takeExactly(value), 'undo of a value that is not there');
  }
  for (const value of effect.removed) present.put(value);
}

/** Redoes an effect as it was. */
export function redoEffect(present: PresentValues, effect: ValueEffect): void {
  for (const value of effect.removed) {
    assert(present.takeExactly(value), 'redo of a removal of a value that is not there');
  }
  for (const value of effect.added) present.put(value);
}

/** Whether an increment can change this value. */
export function isCountable(value: Uint8Array): boolean {
  return value.length <= LIMITS.integerDigits && isInteger(value);
}

/** Whether two effects are the same, whatever the order of their values. */
export function sameEffect(a: AttributeEffect | undefined, b: AttributeEffect | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.nameBefore === b.nameBefore && sameValues(a.removed, b.removed) && sameValues(a.added, b.added);
}

/** Drops what is on both sides with the same octets: it came and went within one change. */
export function netEffect(removed: Uint8Array[], added: Uint8Array[]): ValueEffect {
  if (removed.length === 0 || added.length === 0) return { removed, added };
  const gone = new Map<string, number>();
  for (const value of removed) gone.set(latin1(value), (gone.get(latin1(value)) ?? 0) + 1);
  const both = new Map<string, number>();
  const came = added.filter((value) => {
    const octets = latin1(value);
    const left = gone.get(octets) ?? 0;
    if (left === 0) return true;
    gone.set(octets, left - 1);
    both.set(octets, (both.get(octets) ?? 0) + 1);
    return false;
  });
  if (both.size === 0) return { removed, added };
  const went = removed.filter((value) => {
    const octets = latin1(value);
    const left = both.get(octets) ?? 0;
    if (left === 0) return true;
    both.set(octets, left - 1);
    return false;
  });
  return { removed: went, added: came };
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

function sameValues(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  if (a.length !== b.length) return false;
  if (a.length === 0) return true;
  const octetsA = a.map(latin1).sort();
  const octetsB = b.map(latin1).sort();
  return octetsA.every((octets, i) => octets === octetsB[i]);
}
