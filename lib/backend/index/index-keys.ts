/**
 * Index rows of entries: which values an entry has in each index, and what changes between two states of it.
 *
 * The index of K holds the values of every attribute whose key is K or starts with `K;` (filter/filter-plan.ts). Values that both states
 * share are not normalized again: unchanged attributes are the same objects in both, unchanged values the same bytes.
 */
import { emptyBytes, equalBytes, latin1 } from '../../base/bytes.js';
import { type Steps, whole } from '../../base/steps.js';
import type { EntryState } from '../../conflict/entry-state.js';
import type { Attribute, Attributes } from '../../entry/entry.js';
import { eachDistinctKey } from '../../filter/substring-keys.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { createTimestamp, modifyTimestamp } from '../rows/computed-attributes.js';
import { INDEX_KIND, type IndexKind, type KeySpace } from '../rows/key-space.js';
import type { IndexConfig, IndexSpec } from './index-config.js';
import { INDEX_VALUE_BYTES } from './index-value.js';
import { isMany, manyDifference, valueDifference, valuesInSteps } from './many-index-keys.js';

/** A live state with its attributes as the DIT shows them. */
export interface IndexedState {
  readonly state: EntryState;
  readonly shown: Attributes;
}

/** Receives what the entry gains or loses: attribute, kind and normal value of each index row. The octets may be written over after the call. */
export type PostingSink = (
  attribute: AttributeKey,
  kind: IndexKind,
  normal: Uint8Array,
  add: boolean,
) => void;

const TIMESTAMPS = new Map<AttributeKey, (state: EntryState) => Uint8Array>([
  ['createtimestamp' as AttributeKey, createTimestamp],
  ['modifytimestamp' as AttributeKey, modifyTimestamp],
]);

const NONE: readonly Uint8Array[] = [];
const NOTHING: Attributes = new Map();
/** From so many values on, those that are the same bytes in both states are left out before any is normalized. */
const MANY_VALUES = 32;

/** The values that are not among `others`, as objects. */
function without(values: readonly Uint8Array[], others: readonly Uint8Array[]): readonly Uint8Array[] {
  const there = new Set(others);
  return values.filter((value) => !there.has(value));
}

export class IndexKeys {
  readonly #keys: KeySpace;
  /** Of attributes that entries hold. */
  readonly #specs = new Map<AttributeKey, IndexSpec>();
  readonly #stamps: { readonly spec: IndexSpec; readonly of: (state: EntryState) => Uint8Array }[] = [];

  constructor(config: IndexConfig, keys: KeySpace) {
    this.#keys = keys;
    for (const spec of config.specs) {
      const of = TIMESTAMPS.get(spec.key);
      if (of === undefined) this.#specs.set(spec.key, spec);
      else this.#stamps.push({ spec, of });
    }
  }

  /** What the index rows of an entry gain and lose. `before`, `after`: undefined while it is not alive. */
  difference(before: IndexedState | undefined, after: IndexedState | undefined, sink: PostingSink): void {
    whole(this.differenceInSteps(before, after, sink));
  }

  /** difference() in steps, where attributes of many values take their time. */
  *differenceInSteps(
    before: IndexedState | undefined,
    after: IndexedState | undefined,
    sink: PostingSink,
  ): Steps<void> {
    for (const { spec, of } of this.#stamps) {
      if (of === createTimestamp && before?.state.created === after?.state.created) continue;
      this.#timestamp(spec, before && of(before.state), after && of(after.state), sink);
    }
    if (mayBeOptioned(before) || mayBeOptioned(after)) {
      yield* this.#eachSpec(before, after, sink);
      return;
    }
    // By what the entry has: most of it is the same object in both.
    const old = before?.shown ?? NOTHING;
    const now = after?.shown ?? NOTHING;
    for (const [key, is] of now) {
      const was = old.get(key);
      const spec = was === is ? undefined : this.#specs.get(key);
      const steps = spec && this.#attribute(spec, was, is, sink);
      if (steps !== undefined) yield* steps;
    }
    for (const [key, was] of old) {
      const spec = now.has(key) ? undefined : this.#specs.get(key);
      const steps = spec && this.#attribute(spec, was, undefined, sink);
      if (steps !== undefined) yield* steps;
    }
  }

  /** Where an attribute stands under options. */
  *#eachSpec(
    before: IndexedState | undefined,
    after: IndexedState | undefined,
    sink: PostingSink,
  ): Steps<void> {
    for (const spec of this.#specs.values()) {
      if (hasOptioned(before, after, spec.key)) {
        yield* this.#optioned(spec, before, after, sink);
        continue;
      }
      const was = before?.shown.get(spec.key);
      const is = after?.shown.get(spec.key);
      const steps = was === is ? undefined : this.#attribute(spec, was, is, sink);
      if (steps !== undefined) yield* steps;
    }
  }

  /** Of an attribute that stands under options too. */
  *#optioned(
    spec: IndexSpec,
    before: IndexedState | undefined,
    after: IndexedState | undefined,
    sink: PostingSink,
  ): Steps<void> {
    const was = yield* gather(before, spec.key);
    const is = yield* gather(after, spec.key);
    if (was.length + is.length <= MANY_VALUES) return this.#values(spec, was, is, sink);
    yield* valueDifference(this.#keys, spec, was, is, sink);
    if (spec.presence && was.length > 0 !== is.length > 0)
      sink(spec.key, INDEX_KIND.presence, emptyBytes(), is.length > 0);
  }

  #timestamp(
    spec: IndexSpec,
    was: Uint8Array | undefined,
    is: Uint8Array | undefined,
    sink: PostingSink,
  ): void {
    if (was !== undefined && is !== undefined && equalBytes(was, is)) return;
    this.#values(spec, was === undefined ? NONE : [was], is === undefined ? NONE : [is], sink);
  }

  /** Of an attribute that differs: at once, or the steps to do. */
  #attribute(
    spec: IndexSpec,
    was: Attribute | undefined,
    is: Attribute | undefined,
    sink: PostingSink,
  ): Steps<void> | undefined {
    if (isMany(was) || isMany(is)) return manyDifference(this.#keys, spec, was, is, sink);
    this.#few(spec, was, is, sink);
    return undefined;
  }

  /** Leaves out the values at both ends that are the same bytes in both states. */
  #few(spec: IndexSpec, was: Attribute | undefined, is: Attribute | undefined, sink: PostingSink): void {
    // Substring keys of a value that went may be those of one that stays.
    const edit = spec.substring === undefined ? is?.many?.madeOf(was) : undefined;
    if (edit !== undefined) {
      // There were values and there are.
      this.#kinds(spec, [...edit.gone.values()], [...edit.come.values()], false, sink);
      return;
    }
    const old = was?.values ?? NONE;
    const now = is?.values ?? NONE;
    if (spec.substring !== undefined || old.length === 0 || now.length === 0) {
      this.#kinds(spec, old, now, true, sink);
      return;
    }
    let start = 0;
    while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
    let oldEnd = old.length;
    let nowEnd = now.length;
    while (oldEnd > start && nowEnd > start && old[oldEnd - 1] === now[nowEnd - 1]) {
      oldEnd -= 1;
      nowEnd -= 1;
    }
    // Presence does not change here: there were values and there are.
    const gone = old.slice(start, oldEnd);
    const come = now.slice(start, nowEnd);
    const many = gone.length > MANY_VALUES && come.length > MANY_VALUES;
    this.#kinds(spec, many ? without(gone, come) : gone, many ? without(come, gone) : come, false, sink);
  }

  #values(spec: IndexSpec, old: readonly Uint8Array[], now: readonly Uint8Array[], sink: PostingSink): void {
    this.#kinds(spec, old, now, true, sink);
  }

  #kinds(
    spec: IndexSpec,
    old: readonly Uint8Array[],
    now: readonly Uint8Array[],
    whole: boolean,
    sink: PostingSink,
  ): void {
    const { key, equality, ordering } = spec;
    if (equality !== undefined) {
      this.#diff(key, INDEX_KIND.equality, normals(old, equality), normals(now, equality), sink);
    }
    if (ordering !== undefined) {
      this.#diff(key, INDEX_KIND.ordering, normals(old, ordering), normals(now, ordering), sink);
    }
    if (spec.substring !== undefined) this.#substrings(spec, spec.substring, old, now, sink);
    if (whole && spec.presence && old.length > 0 !== now.length > 0) {
      sink(key, INDEX_KIND.presence, emptyBytes(), now.length > 0);
    }
  }

  /** The keys of one value are told without an object for each. */
  #substrings(
    { key, common }: IndexSpec,
    rule: NonNullable<IndexSpec['substring']>,
    old: readonly Uint8Array[],
    now: readonly Uint8Array[],
    sink: PostingSink,
  ): void {
    if (old.length + now.length > 1) {
      const rows = (values: readonly Uint8Array[]) =>
        normals(values, rule).flatMap((normal) => common.rowsOf(normal));
      this.#diff(key, INDEX_KIND.substring, rows(old), rows(now), sink);
      return;
    }
    const value = now[0] ?? old[0];
    const normal = value === undefined ? undefined : rule.normalize(value);
    const add = now.length > 0;
    if (normal !== undefined)
      eachDistinctKey(normal, common, (gram) => sink(key, INDEX_KIND.substring, gram, add));
  }

  #diff(
    key: AttributeKey,
    kind: IndexKind,
    old: readonly Uint8Array[],
    now: readonly Uint8Array[],
    sink: PostingSink,
  ): void {
    if (old.length === 0 && haveRowsEach(now)) {
      for (const normal of now) sink(key, kind, normal, true);
      return;
    }
    if (now.length === 0 && haveRowsEach(old)) {
      for (const normal of old) sink(key, kind, normal, false);
      return;
    }
    const [gone, come] = [old[0], now[0]];
    if (old.length === 1 && now.length === 1 && isWhole(gone) && isWhole(come)) {
      if (equalBytes(gone, come)) return;
      sink(key, kind, gone, false);
      sink(key, kind, come, true);
      return;
    }
    const was = this.#byRow(key, kind, old);
    const is = this.#byRow(key, kind, now);
    for (const [text, normal] of was) if (!is.has(text)) sink(key, kind, normal, false);
    for (const [text, normal] of is) if (!was.has(text)) sink(key, kind, normal, true);
  }

  /** Values by their rows: two values may share one when they are long. */
  #byRow(key: AttributeKey, kind: IndexKind, values: readonly Uint8Array[]): Map<string, Uint8Array> {
    const rows = new Map<string, Uint8Array>();
    for (const normal of values) rows.set(latin1(this.#keys.indexValue(key, kind, normal)), normal);
    return rows;
  }
}

/** Up to this many values are compared with each other. */
const FEW_VALUES = 8;

/** Whether no two of the values share a row, as far as that is seen fast. */
function haveRowsEach(normals: readonly Uint8Array[]): boolean {
  if (normals.length <= 1) return true;
  if (normals.length > FEW_VALUES) return false;
  for (let i = 0; i < normals.length; i++) {
    const normal = normals[i] as Uint8Array;
    if (normal.length > INDEX_VALUE_BYTES) return false;
    for (let other = 0; other < i; other++)
      if (equalBytes(normal, normals[other] as Uint8Array)) return false;
  }
  return true;
}

/** Whether the value stands in its row as it is: two such values that differ have two rows. */
function isWhole(normal: Uint8Array | undefined): normal is Uint8Array {
  return normal !== undefined && normal.length <= INDEX_VALUE_BYTES;
}

function mayBeOptioned(indexed: IndexedState | undefined): boolean {
  if (indexed === undefined) return false;
  for (const key of indexed.shown.keys()) if (key.includes(';')) return true;
  return false;
}

/** Whether one of the states has the attribute of `key` under options. */
function hasOptioned(
  before: IndexedState | undefined,
  after: IndexedState | undefined,
  key: AttributeKey,
): boolean {
  const start = `${key};`;
  for (const indexed of [before, after])
    for (const has of indexed?.shown.keys() ?? []) if (has.startsWith(start)) return true;
  return false;
}

/** All values of K and of its option subtypes. */
function* gather(indexed: IndexedState | undefined, key: AttributeKey): Steps<readonly Uint8Array[]> {
  if (indexed === undefined) return NONE;
  const values: Uint8Array[] = [];
  for (const [has, attribute] of indexed.shown) {
    const covered =
      has === key || (has.length > key.length && has.charCodeAt(key.length) === 0x3b && has.startsWith(key));
    if (covered) for (const value of yield* valuesInSteps(attribute)) values.push(value);
  }
  return values;
}

function normals(
  values: readonly Uint8Array[],
  rule: { normalize(value: Uint8Array): Uint8Array | undefined },
): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (const value of values) {
    const normal = rule.normalize(value);
    if (normal !== undefined) out.push(normal);
  }
  return out;
}
