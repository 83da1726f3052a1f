/**
 * Sets of values under an equality rule: which values an attribute holds, found without comparing all with all.
 *
 * A small attribute is normalized when it is asked for. For a large one (a group of 100,000 members) the set is made once and kept, bounded,
 * beside the attribute; a changed image of the attribute shares it and notes only what differs, so that one edit costs one value and not
 * the group. An attribute that knows its many values itself (ManyValues) is asked. Attributes are immutable, so a kept set never grows stale. A value that its rule cannot normalize equals only the same octets.
 */
import { equalBytes, latin1 } from '../base/bytes.js';
import type { EqualityRule } from '../schema/matching-rule.js';
import type { Attribute } from './entry.js';

/** Attributes of at least so many values have a kept set. */
const LARGE_VALUES = 64;
/** A changed image notes at most so many differences before its set is made anew by copying. */
const MAX_DIFFERENCES = 256;
/** Bounds of what is kept, over all attributes. */
const KEPT_ATTRIBUTES = 64;
const KEPT_VALUES = 500_000;
/** Images of one attribute that are kept: the current one, and those that decisions on it made. */
const KEPT_IMAGES = 4;

/** How a value compares: equal values have equal keys. */
export type ValueKey = string & { readonly __brand: 'ValueKey' };

/** The key of a stored value under `rule`. */
export function valueKey(value: Uint8Array, rule: EqualityRule): ValueKey {
  const normal = rule.normalize(value);
  // The mark lies outside Latin-1, so no normal form can look like it.
  return (normal === undefined ? `\u0100${latin1(value)}` : latin1(normal)) as ValueKey;
}

interface ValueSet {
  readonly rule: string;
  /** Key -> the value as stored. Shared by images of the attribute: never written to after it was made. */
  readonly base: ReadonlyMap<ValueKey, Uint8Array>;
  /** What this image differs in; undefined: the value is gone. */
  readonly differences: ReadonlyMap<ValueKey, Uint8Array | undefined>;
}

/** Oldest use first. */
const kept = new Map<Attribute, ValueSet>();
/** How many kept sets share a base. */
const baseUses = new Map<ReadonlyMap<ValueKey, Uint8Array>, number>();
let keptValues = 0;

/** The stored value that equals the one with this key, or undefined. */
export function findValue(
  attribute: Attribute | undefined,
  key: ValueKey,
  rule: EqualityRule,
): Uint8Array | undefined {
  if (attribute === undefined) return undefined;
  const { many } = attribute;
  if (many !== undefined && many.rule === rule.name) return many.find(key);
  if (attribute.values.length < LARGE_VALUES) {
    for (const value of attribute.values) if (valueKey(value, rule) === key) return value;
    return undefined;
  }
  const set = setOf(attribute, rule);
  return set.differences.has(key) ? set.differences.get(key) : set.base.get(key);
}

/** Whether the attribute holds a value that equals this one. Equal octets are equal under every rule, and the usual case. */
export function holdsValue(attribute: Attribute | undefined, value: Uint8Array, rule: EqualityRule): boolean {
  if (attribute === undefined) return false;
  if (valueCount(attribute) < LARGE_VALUES)
    for (const one of attribute.values) if (equalBytes(one, value)) return true;
  return findValue(attribute, valueKey(value, rule), rule) !== undefined;
}

/** How many values an attribute has; asks none of them. */
export function valueCount(attribute: Attribute | undefined): number {
  if (attribute === undefined) return 0;
  return attribute.many?.count ?? attribute.count ?? attribute.values.length;
}

/** Every value with its key, in the attribute's order. */
export function keyedValues(attribute: Attribute | undefined, rule: EqualityRule): Map<ValueKey, Uint8Array> {
  const keyed = new Map<ValueKey, Uint8Array>();
  for (const value of attribute?.values ?? []) keyed.set(valueKey(value, rule), value);
  return keyed;
}

/**
 * The attribute without the values in `gone` and with those in `come` at its end; undefined when none is left. `gone` lists stored values
 * (the same arrays); keys of `come` are not present after that.
 */
export function changeValues(
  attribute: Attribute | undefined,
  name: string,
  gone: ReadonlyMap<ValueKey, Uint8Array>,
  come: ReadonlyMap<ValueKey, Uint8Array>,
  rule: EqualityRule,
): Attribute | undefined {
  const many = attribute?.many;
  if (many !== undefined && many.rule === rule.name) return many.changed({ gone, come });
  const before = attribute?.values ?? [];
  const values = replaced(before, gone, [...come.values()]);
  if (values.length === 0) return undefined;
  const after: Attribute = { name: attribute?.name ?? name, values };
  const known = attribute === undefined ? undefined : kept.get(attribute);
  if (known !== undefined && known.rule === rule.name && values.length >= LARGE_VALUES) {
    keep(after, changeSet(known, gone, come));
  }
  return after;
}

/** The list without the values in `gone` and with `come`. A long list is copied once: the copy is the cost of an edit. */
function replaced(
  values: readonly Uint8Array[],
  gone: ReadonlyMap<ValueKey, Uint8Array>,
  come: readonly Uint8Array[],
): readonly Uint8Array[] {
  if (gone.size === 0) return values.concat(come);
  const [first] = gone.values();
  const at = gone.size === 1 && first !== undefined ? values.indexOf(first) : -1;
  if (at >= 0) return values.toSpliced(at, 1, ...come);
  const dropped = new Set(gone.values());
  return values.filter((value) => !dropped.has(value)).concat(come);
}

/** Values in kept sets, over all attributes; for tests and metrics. */
export function keptValueCount(): number {
  return keptValues;
}

function setOf(attribute: Attribute, rule: EqualityRule): ValueSet {
  const known = kept.get(attribute);
  if (known !== undefined && known.rule === rule.name) {
    kept.delete(attribute);
    kept.set(attribute, known);
    return known;
  }
  const made: ValueSet = {
    rule: rule.name,
    base: keyedValues(attribute, rule),
    differences: new Map(),
  };
  if (known !== undefined) release(attribute, known);
  keep(attribute, made);
  return made;
}

function keep(attribute: Attribute, set: ValueSet): void {
  kept.set(attribute, set);
  const uses = baseUses.get(set.base) ?? 0;
  baseUses.set(set.base, uses + 1);
  if (uses === 0) keptValues += set.base.size;
  if (uses >= KEPT_IMAGES) releaseImage(set.base);
  for (const [oldest, oldestSet] of kept) {
    if (kept.size <= KEPT_ATTRIBUTES && (keptValues <= KEPT_VALUES || kept.size === 1)) return;
    release(oldest, oldestSet);
  }
}

/** Lets go of the image of this base that was not asked for longest. */
function releaseImage(base: ValueSet['base']): void {
  for (const [attribute, set] of kept) {
    if (set.base !== base) continue;
    release(attribute, set);
    return;
  }
}

function release(attribute: Attribute, set: ValueSet): void {
  kept.delete(attribute);
  const uses = (baseUses.get(set.base) ?? 1) - 1;
  if (uses > 0) baseUses.set(set.base, uses);
  else {
    baseUses.delete(set.base);
    keptValues -= set.base.size;
  }
}

function changeSet(
  known: ValueSet,
  gone: ReadonlyMap<ValueKey, Uint8Array>,
  come: ReadonlyMap<ValueKey, Uint8Array>,
): ValueSet {
  if (known.differences.size + gone.size + come.size <= MAX_DIFFERENCES) {
    const differences = new Map(known.differences);
    for (const key of gone.keys()) differences.set(key, undefined);
    for (const [key, value] of come) differences.set(key, value);
    return { rule: known.rule, base: known.base, differences };
  }
  const base = new Map(known.base);
  for (const changes of [known.differences, new Map([...gone.keys()].map((key) => [key, undefined])), come]) {
    for (const [key, value] of changes) {
      if (value === undefined) base.delete(key);
      else base.set(key, value);
    }
  }
  return { rule: known.rule, base, differences: new Map() };
}
