/**
 * The keys of the values that an attribute change names: what they compare by, normalized once for the decision, the fold and whoever keeps the change in memory.
 *
 * Remembered beside the change as long as that lives. Owns no rule of comparison.
 */
import { eachOctetsInSteps, type Steps, whole } from '../base/steps.js';
import type { AttributeChange } from '../change/change.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import { type ValueKey, valueKey } from './value-index.js';

const known = new WeakMap<AttributeChange, readonly ValueKey[]>();

/** Keys of the values that `change` removes, then of those that it adds, under the change's own rule, `rule`. */
export function keysOfChange(change: AttributeChange, rule: EqualityRule): readonly ValueKey[] {
  return known.get(change) ?? whole(keysInSteps(change, rule));
}

/** keysOfChange() in steps. */
export function* keysInSteps(change: AttributeChange, rule: EqualityRule): Steps<readonly ValueKey[]> {
  const before = known.get(change);
  if (before !== undefined) return before;
  const keys: ValueKey[] = [];
  for (const values of [change.remove, change.add])
    yield* eachOctetsInSteps(values, (value) => void keys.push(valueKey(value, rule)));
  known.set(change, keys);
  return keys;
}

/** Whoever made the change knew its keys. */
export function rememberKeys(change: AttributeChange, keys: readonly ValueKey[]): void {
  known.set(change, keys);
}
