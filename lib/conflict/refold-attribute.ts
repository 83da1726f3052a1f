/**
 * One attribute over the rows from an arriving change on: younger rows are undone, the change takes its place, the rows are redone and get
 * their new effects.
 *
 * The values of a multi-valued attribute are independent of each other, so when the change concerns single values only these are followed, and
 * only through the rows that touch them: one late edit of a group of 100,000 members does not look at the members. Everything else (replaces
 * that arrive late, single-valued attributes, increments, rows whose origins disagreed about the rule) goes over all values.
 * An attribute takes its name from the change that gave it its first value, and keeps it until it has none.
 */
import { equalBytes, latin1 } from '../base/bytes.js';
import { areLong, eachInSteps, eachOctetsInSteps, LONG_VALUES, type Steps } from '../base/steps.js';
import type { AttributeChange } from '../change/change.js';
import { keysInSteps, keysOfChange } from '../entry/change-keys.js';
import { EditedValues } from '../entry/edited-values.js';
import type { Attribute } from '../entry/entry.js';
import {
  changeValues,
  findValue,
  keyedValues,
  type ValueKey,
  valueCount,
  valueKey,
} from '../entry/value-index.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import type { AttributeEffect } from './domain-view.js';
import {
  foldAttribute,
  netEffect,
  ruleOf,
  sameEffect,
  undoEffect,
  type ValueEffect,
} from './fold-attribute.js';
import { PresentValues } from './present-values.js';

/** A row that touches the attribute. */
export interface AttributeRow {
  readonly change: AttributeChange;
  /** Effect so far; undefined for none (void, or not there before). */
  readonly before: AttributeEffect | undefined;
  /** Whether it takes effect now. */
  readonly active: boolean;
  /** Whether it is the arriving change or its `active` is new: what everything else follows from. */
  readonly moved: boolean;
  /** Set by refoldAttribute; the object `before` where nothing changed. */
  after: AttributeEffect | undefined;
  /** Set by refoldAttribute: false when none of the row's values is concerned. */
  concerned: boolean;
}

/** The attribute after the fold and how it differs from before; `delta` undefined: not at all. */
export interface RefoldedAttribute {
  readonly attribute: Attribute | undefined;
  readonly delta: AttributeEffect | undefined;
}

/** Attributes of at least so many values are asked through their kept index. */
const LARGE_VALUES = 64;
/** Images of large attributes whose values are known to be distinct under the rule named. */
const distinctUnder = new WeakMap<Attribute, string>();

/** Folds `rows` (ascending: the arriving change and every younger row that touches the attribute) anew over `attribute` as it is now. */
export function* refoldAttribute(
  key: AttributeKey,
  attribute: Attribute | undefined,
  rows: readonly AttributeRow[],
): Steps<RefoldedAttribute> {
  const first = rows[0];
  if (first === undefined) return { attribute, delta: undefined };
  if (rows.length === 1) {
    const replaced = replaceAlone(key, attribute, first);
    if (replaced !== undefined) return replaced;
  }
  const rule = ruleOf(first.change);
  const some = concernsSingleValues(attribute, rows, rule)
    ? yield* refoldSome(key, attribute, rows, rule)
    : undefined;
  return (
    some ??
    (yield* refoldToClear(key, attribute, rows, rule)) ??
    (yield* refoldAll(key, attribute, rows, rule))
  );
}

/** The usual case, a replace by one value or none that nothing younger follows. undefined: it is another case. */
function replaceAlone(
  key: AttributeKey,
  attribute: Attribute | undefined,
  row: AttributeRow,
): RefoldedAttribute | undefined {
  const { change, before, active } = row;
  if (!change.clear || change.add.length > 1 || change.increment !== 0n || before !== undefined || !active)
    return undefined;
  const old = attribute?.values ?? [];
  const [value] = change.add;
  const kept = value === undefined ? -1 : old.findIndex((other) => equalBytes(other, value));
  const removed = kept < 0 ? old : old.toSpliced(kept, 1);
  const added = kept < 0 ? change.add : [];
  const name = attribute?.name ?? change.name;
  const nameBefore = value === undefined && name !== change.name ? name : undefined;
  row.concerned = true;
  row.after = undefined;
  if (removed.length === 0 && added.length === 0) return { attribute, delta: undefined };
  const delta = { key, removed, added };
  row.after = nameBefore === undefined ? delta : { ...delta, nameBefore };
  return { attribute: value === undefined ? undefined : { name, values: [value] }, delta };
}

function concernsSingleValues(
  attribute: Attribute | undefined,
  rows: readonly AttributeRow[],
  rule: EqualityRule,
): boolean {
  const name = attribute?.name ?? rows[0]?.change.name;
  for (const { change, before, moved } of rows) {
    if (change.equality !== rule.name || change.single || change.increment !== 0n) return false;
    if (moved && change.clear) return false;
    if (change.name !== name || before?.nameBefore !== undefined) return false;
  }
  return true;
}

/** Finds present values by key; undefined when two are equal under `rule`: a change with another rule told them apart. */
export function finderOf(
  attribute: Attribute | undefined,
  rule: EqualityRule,
): ((key: ValueKey) => Uint8Array | undefined) | undefined {
  if (attribute === undefined) return () => undefined;
  if (attribute.many?.rule === rule.name) return (key) => findValue(attribute, key, rule);
  const large = attribute.values.length >= LARGE_VALUES;
  if (large && distinctUnder.get(attribute) === rule.name) return (key) => findValue(attribute, key, rule);
  const keyed = keyedValues(attribute, rule);
  if (keyed.size !== attribute.values.length) return undefined;
  if (!large) return (key) => keyed.get(key);
  distinctUnder.set(attribute, rule.name);
  return (key) => findValue(attribute, key, rule);
}

/** undefined where values that the rule holds equal were present together: then all values must be looked at. */
function* refoldSome(
  key: AttributeKey,
  attribute: Attribute | undefined,
  rows: readonly AttributeRow[],
  rule: EqualityRule,
): Steps<RefoldedAttribute | undefined> {
  const find = finderOf(attribute, rule);
  if (find === undefined) return undefined;
  const followed = new Map<ValueKey, Uint8Array | undefined>();
  for (const { change, moved } of rows) {
    if (!moved) continue;
    yield* eachInSteps(yield* keysInSteps(change, rule), (of) => {
      if (!followed.has(of)) followed.set(of, find(of));
    });
  }
  const present = yield* copyOf(followed);
  const touching: { readonly row: AttributeRow; readonly parts: EffectParts }[] = [];
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i] as AttributeRow;
    row.after = row.before;
    // Most rows are small, and there may be thousands: only a long one has its keys made in steps.
    if (areLong([row.change.remove, row.change.add])) yield* keysInSteps(row.change, rule);
    row.concerned = row.moved || touches(row.change, followed, rule);
    if (!row.concerned) continue;
    const parts = yield* splitEffect(row.before, followed, rule);
    touching.push({ row, parts });
    yield* eachInSteps(parts.addedKeys, (of) => void present.set(of, undefined));
    let twins = false;
    yield* eachInSteps(parts.removed, (value, at) => {
      const of = parts.removedKeys[at] as ValueKey;
      twins ||= present.get(of) !== undefined;
      present.set(of, value);
    });
    // Equal under this rule, and there together: an older change with another rule told them apart.
    if (twins) return undefined;
  }
  for (const { row, parts } of touching.reverse()) {
    const effect = row.active ? yield* foldSome(present, row.change, rule) : NOTHING;
    row.after = yield* mergeEffect(key, row.before, parts, effect);
  }
  return yield* someDelta(key, attribute, followed, present, rows, rule);
}

const NOTHING: ValueEffect = { removed: [], added: [] };

function* copyOf<V>(values: ReadonlyMap<ValueKey, V>): Steps<Map<ValueKey, V>> {
  const copy = new Map<ValueKey, V>();
  yield* eachInSteps(values, ([of, value]) => void copy.set(of, value));
  return copy;
}

interface EffectParts {
  /** The followed values of an effect, with their keys, and the rest of it. */
  readonly removed: readonly Uint8Array[];
  readonly removedKeys: readonly ValueKey[];
  readonly added: readonly Uint8Array[];
  readonly addedKeys: readonly ValueKey[];
  readonly rest: ValueEffect;
}

function touches(
  change: AttributeChange,
  followed: ReadonlyMap<ValueKey, unknown>,
  rule: EqualityRule,
): boolean {
  if (change.clear) return true;
  for (const of of keysOfChange(change, rule)) if (followed.has(of)) return true;
  return false;
}

function* splitEffect(
  effect: AttributeEffect | undefined,
  followed: ReadonlyMap<ValueKey, unknown>,
  rule: EqualityRule,
): Steps<EffectParts> {
  function* split(values: readonly Uint8Array[]) {
    const inside: Uint8Array[] = [];
    const keys: ValueKey[] = [];
    const outside: Uint8Array[] = [];
    yield* eachOctetsInSteps(values, (value) => {
      const of = valueKey(value, rule);
      if (followed.has(of)) {
        inside.push(value);
        keys.push(of);
      } else outside.push(value);
    });
    return { inside, keys, outside };
  }
  const removed = yield* split(effect?.removed ?? []);
  const added = yield* split(effect?.added ?? []);
  return {
    removed: removed.inside,
    removedKeys: removed.keys,
    added: added.inside,
    addedKeys: added.keys,
    rest: { removed: removed.outside, added: added.outside },
  };
}

/** The fold of fold-attribute.ts on the followed values of a multi-valued attribute. */
function* foldSome(
  present: Map<ValueKey, Uint8Array | undefined>,
  change: AttributeChange,
  rule: EqualityRule,
): Steps<ValueEffect> {
  const removed: Uint8Array[] = [];
  const added: Uint8Array[] = [];
  const take = (of: ValueKey) => {
    const value = present.get(of);
    if (value === undefined) return;
    removed.push(value);
    present.set(of, undefined);
  };
  if (change.clear) for (const of of present.keys()) take(of);
  // All rows compare by this rule.
  const keys = yield* keysInSteps(change, rule);
  const { length } = change.remove;
  yield* eachInSteps(change.remove, (_value, at) => take(keys[at] as ValueKey));
  yield* eachInSteps(change.add, (value, at) => {
    const of = keys[length + at] as ValueKey;
    if (!present.has(of) || present.get(of) !== undefined) return;
    present.set(of, value);
    added.push(value);
  });
  return yield* netEffect(removed, added);
}

function* mergeEffect(
  key: AttributeKey,
  before: AttributeEffect | undefined,
  parts: EffectParts,
  effect: ValueEffect,
): Steps<AttributeEffect | undefined> {
  const merged: AttributeEffect = {
    key,
    removed: [...parts.rest.removed, ...effect.removed],
    added: [...parts.rest.added, ...effect.added],
  };
  if (merged.removed.length === 0 && merged.added.length === 0) return undefined;
  return (yield* sameEffect(before, merged)) ? before : merged;
}

function* someDelta(
  key: AttributeKey,
  attribute: Attribute | undefined,
  before: ReadonlyMap<ValueKey, Uint8Array | undefined>,
  after: ReadonlyMap<ValueKey, Uint8Array | undefined>,
  rows: readonly AttributeRow[],
  rule: EqualityRule,
): Steps<RefoldedAttribute> {
  const gone = new Map<ValueKey, Uint8Array>();
  const come = new Map<ValueKey, Uint8Array>();
  yield* eachInSteps(before, ([of, was]) => {
    const is = after.get(of);
    if (was === is || (was !== undefined && is !== undefined && latin1(was) === latin1(is))) return;
    if (was !== undefined) gone.set(of, was);
    if (is !== undefined) come.set(of, is);
  });
  if (gone.size === 0 && come.size === 0) return { attribute, delta: undefined };
  const name = rows[0]?.change.name ?? key;
  const changed =
    gone.size + come.size < LONG_VALUES
      ? changeValues(attribute, name, gone, come, rule)
      : EditedValues.after(attribute, name, { gone, come }, rule);
  if (valueCount(changed) >= LARGE_VALUES && changed !== undefined) distinctUnder.set(changed, rule.name);
  return { attribute: changed, delta: { key, removed: [...gone.values()], added: [...come.values()] } };
}

/**
 * What is present after a row that clears follows from that row alone, so only rows up to the first such row behind the last one moved are undone
 * and redone. undefined where there is none, or where changes spell the attribute differently: names may live on through a clear.
 */
function* refoldToClear(
  key: AttributeKey,
  attribute: Attribute | undefined,
  rows: readonly AttributeRow[],
  rule: EqualityRule,
): Steps<RefoldedAttribute | undefined> {
  const name = attribute?.name ?? rows[0]?.change.name;
  let moved = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as AttributeRow;
    if (row.change.name !== name || row.before?.nameBefore !== undefined) return undefined;
    if (row.moved) moved = i;
  }
  const at = rows.findIndex(
    ({ change, active }, i) => i > moved && active && change.clear && change.increment === 0n,
  );
  const clearing = rows[at];
  if (clearing === undefined) return undefined;
  const left = new PresentValues(ruleOf(clearing.change));
  yield* foldAttribute(left, clearing.change);
  const present = yield* PresentValues.of(rule, left.values());
  for (let i = at; i >= 0; i--) {
    const before = rows[i]?.before;
    if (before !== undefined) yield* undoEffect(present, before);
  }
  for (const [i, row] of rows.entries()) {
    row.after = i > at ? row.before : undefined;
    row.concerned = true;
    if (i > at || !row.active) continue;
    const { removed, added } = yield* foldAttribute(present, row.change);
    if (removed.length === 0 && added.length === 0) continue;
    const after: AttributeEffect = { key, removed, added };
    row.after = (yield* sameEffect(row.before, after)) ? row.before : after;
  }
  return { attribute, delta: undefined };
}

function* refoldAll(
  key: AttributeKey,
  attribute: Attribute | undefined,
  rows: readonly AttributeRow[],
  rule: EqualityRule,
): Steps<RefoldedAttribute> {
  const present = yield* PresentValues.of(rule, yield* allValues(attribute));
  let name = attribute?.name;
  for (let i = rows.length - 1; i >= 0; i--) {
    const { before, change } = rows[i] as AttributeRow;
    if (before === undefined) continue;
    yield* undoEffect(present, before);
    name = present.count === 0 ? undefined : (name ?? before.nameBefore ?? change.name);
  }
  for (const row of rows) {
    row.after = undefined;
    row.concerned = true;
    if (!row.active) continue;
    const { removed, added } = yield* foldAttribute(present, row.change);
    const nameBefore = present.count === 0 && name !== row.change.name ? name : undefined;
    name = present.count === 0 ? undefined : (name ?? row.change.name);
    if (removed.length === 0 && added.length === 0) continue;
    const after: AttributeEffect =
      nameBefore === undefined ? { key, removed, added } : { key, removed, added, nameBefore };
    row.after = (yield* sameEffect(row.before, after)) ? row.before : after;
  }
  return yield* allDelta(key, attribute, present.values(), name ?? key);
}

function* allDelta(
  key: AttributeKey,
  attribute: Attribute | undefined,
  values: readonly Uint8Array[],
  name: string,
): Steps<RefoldedAttribute> {
  const { removed, added } = yield* netEffect(yield* allValues(attribute), values);
  if (removed.length === 0 && added.length === 0 && (values.length === 0 || attribute?.name === name)) {
    return { attribute, delta: undefined };
  }
  const changed = values.length === 0 ? undefined : { name, values };
  return { attribute: changed, delta: { key, removed, added } };
}

/** Read in steps where they stand in rows of their own. */
function* allValues(attribute: Attribute | undefined): Steps<readonly Uint8Array[]> {
  return attribute?.many === undefined ? (attribute?.values ?? []) : yield* attribute.many.valuesInSteps();
}
