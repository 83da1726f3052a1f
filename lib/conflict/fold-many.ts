/**
 * The fold of many values of one attribute by a change that nothing younger follows: value by value through their keys, in steps.
 *
 * The values of a multi-valued attribute are independent of each other, so what a change does to it is what it does to each. It answers what fold-attribute.ts
 * would, which knows one, increments and rules that disagree as well; the tests compare both.
 */
import { latin1 } from '../base/bytes.js';
import { areLong, eachInSteps, eachOctetsInSteps, LONG_VALUES, type Steps } from '../base/steps.js';
import { keysInSteps } from '../entry/change-keys.js';
import { EditedValues } from '../entry/edited-values.js';
import type { Attribute } from '../entry/entry.js';
import { type ValueKey, valueCount, valueKey } from '../entry/value-index.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import { ruleOf } from './fold-attribute.js';
import { type AttributeRow, finderOf, type RefoldedAttribute, refoldAttribute } from './refold-attribute.js';

/** refoldAttribute(), of one row with many values by their keys. */
export function* foldInSteps(
  key: AttributeKey,
  attribute: Attribute | undefined,
  rows: readonly AttributeRow[],
): Steps<RefoldedAttribute> {
  const [row] = rows;
  if (row === undefined || rows.length > 1) return yield* refoldAttribute(key, attribute, rows);
  const { change } = row;
  const long = areLong([change.remove, change.add]) || (change.clear && valueCount(attribute) >= LONG_VALUES);
  if (!long) return yield* refoldAttribute(key, attribute, rows);
  const folded = yield* foldMany(key, attribute, row);
  return folded ?? (yield* refoldAttribute(key, attribute, rows));
}

/** undefined: it is another case. */
function* foldMany(
  key: AttributeKey,
  attribute: Attribute | undefined,
  row: AttributeRow,
): Steps<RefoldedAttribute | undefined> {
  const { change } = row;
  if (!row.active || row.before !== undefined || change.single || change.increment !== 0n) return undefined;
  if (attribute !== undefined && attribute.name !== change.name) return undefined;
  const rule = ruleOf(change);
  const find = finderOf(attribute, rule);
  if (find === undefined) return undefined;
  const gone = change.clear ? yield* allOf(attribute, rule) : new Map<ValueKey, Uint8Array>();
  const come = new Map<ValueKey, Uint8Array>();
  const all = change.clear ? new Map<ValueKey, Uint8Array>() : undefined;
  const keys = yield* keysInSteps(change, rule);
  yield* eachInSteps(change.remove, (_value, at) => {
    const of = keys[at] as ValueKey;
    const stored = change.clear || gone.has(of) ? undefined : find(of);
    if (stored !== undefined) gone.set(of, stored);
  });
  const added = change.remove.length;
  yield* eachInSteps(change.add, (value, at) => {
    const of = keys[added + at] as ValueKey;
    if (come.has(of) || (!gone.has(of) && !change.clear && find(of) !== undefined)) return;
    come.set(of, value);
    all?.set(of, value);
  });
  row.concerned = true;
  return yield* concluded(key, attribute, row, { gone, come, all, rule });
}

/** Drops what went and came with the same octets. */
function* concluded(
  key: AttributeKey,
  attribute: Attribute | undefined,
  row: AttributeRow,
  {
    gone,
    come,
    all,
    rule,
  }: {
    gone: Map<ValueKey, Uint8Array>;
    come: Map<ValueKey, Uint8Array>;
    /** All values where the change cleared those before. */
    all: ReadonlyMap<ValueKey, Uint8Array> | undefined;
    rule: EqualityRule;
  },
): Steps<RefoldedAttribute> {
  const { change } = row;
  if (gone.size > 0)
    yield* eachInSteps(come, ([of, value]) => {
      const was = gone.get(of);
      if (was === undefined || latin1(was) !== latin1(value)) return;
      gone.delete(of);
      come.delete(of);
    });
  row.after = undefined;
  if (gone.size === 0 && come.size === 0) return { attribute, delta: undefined };
  const removed = [...gone.values()];
  yield;
  const delta = { key, removed, added: [...come.values()] };
  yield;
  row.after = delta;
  const edit = { gone, come };
  const after =
    all === undefined
      ? EditedValues.after(attribute, change.name, edit, rule)
      : EditedValues.replaced(attribute, change.name, edit, all, rule);
  return { attribute: after, delta };
}

/** Every value by its key. */
function* allOf(attribute: Attribute | undefined, rule: EqualityRule): Steps<Map<ValueKey, Uint8Array>> {
  const keyed = new Map<ValueKey, Uint8Array>();
  if (attribute === undefined) return keyed;
  const values = attribute.many === undefined ? attribute.values : yield* attribute.many.valuesInSteps();
  yield* eachOctetsInSteps(values, (value) => void keyed.set(valueKey(value, rule), value));
  return keyed;
}
