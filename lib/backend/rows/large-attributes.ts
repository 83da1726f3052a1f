/**
 * LargeAttributes: which attributes of an entry have their values in rows of their own, and the rows of a state that is stored.
 *
 * A property of this store alone: it follows from what was written here and when, so replicas may differ in it and none can tell. An attribute leaves
 * its record when it has more than `most` values, and comes back when it has fewer than half of that: members that come and go at the edge move nothing.
 */
import { eachInSteps, eachOctetsInSteps, type Steps, whole } from '../../base/steps.js';
import { OBJECT_CLASS_KEY } from '../../entry/class-profile.js';
import { EditedValues } from '../../entry/edited-values.js';
import type { Attribute, Attributes } from '../../entry/entry.js';
import { type ValueKey, valueCount, valueKey } from '../../entry/value-index.js';
import { addToSum } from '../../entry/value-sum.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EqualityRule } from '../../schema/matching-rule.js';
import type { Schema } from '../../schema/schema.js';
import type { EntryId } from '../backend.js';
import { makeChunks } from './chunk-edit.js';
import type { Dictionary } from './dictionary.js';
import { ManyAttribute, type ManyHead } from './many-attribute.js';
import { chunkOf, type HashedValue, keyHash } from './value-chunks.js';
import { CHUNK_LOAD, type ValueLayer, type ValueRows } from './value-rows.js';

/** How many values are many. */
export interface ValueBounds {
  /** Values of one attribute that a record holds. */
  readonly most: number;
  /** Values to a chunk, on average. */
  readonly load: number;
}

export const VALUE_BOUNDS: ValueBounds = { most: 1024, load: CHUNK_LOAD };

export class LargeAttributes {
  readonly #dictionary: Dictionary;
  readonly #ruleOf: (key: AttributeKey) => EqualityRule | undefined;
  readonly #most: number;

  constructor(dictionary: Dictionary, schema: Schema, bounds: ValueBounds = VALUE_BOUNDS) {
    this.#dictionary = dictionary;
    this.#ruleOf = (key) => {
      const description = schema.describe(key);
      return description === undefined ? undefined : schema.equalityOf(description);
    };
    this.#most = bounds.most;
    if (dictionary.values !== undefined) dictionary.values.load = bounds.load;
  }

  /**
   * The attributes as they are to be kept, in place of `was`; rows of those whose values stand in rows go into the layer. The same map when there are
   * none. Called once for each state that is stored.
   */
  put(layer: ValueLayer, id: EntryId, was: Attributes | undefined, is: Attributes): Attributes {
    return this.#standInRecord(was, is) ? is : whole(this.putInSteps(layer, id, was, is));
  }

  /** put() in steps: the layer is whole at the end. */
  *putInSteps(
    layer: ValueLayer,
    id: EntryId,
    was: Attributes | undefined,
    is: Attributes,
  ): Steps<Attributes> {
    const rows = this.#dictionary.values;
    if (rows === undefined || was === is || this.#standInRecord(was, is)) return is;
    let kept: Map<AttributeKey, Attribute> | undefined;
    for (const [key, attribute] of is) {
      const before = was?.get(key);
      if (before === attribute) continue;
      const old = before instanceof ManyAttribute ? before : undefined;
      const now = yield* this.#kept(rows, id, key, old, attribute);
      const made = now instanceof ManyAttribute ? now : undefined;
      if (old !== undefined) yield* old.keepInSteps(made);
      if (made !== undefined || old !== undefined) rows.adopt(layer, old, made);
      if (now === attribute) continue;
      kept ??= new Map(is);
      kept.set(key, now);
    }
    for (const [key, before] of was ?? []) {
      if (!(before instanceof ManyAttribute) || is.has(key)) continue;
      yield* before.keepInSteps(undefined);
      rows.adopt(layer, before, undefined);
    }
    return kept ?? is;
  }

  /** Whether all values stand in the record, before and now: steps for each attribute cost more than all else that is done for it here. */
  #standInRecord(was: Attributes | undefined, is: Attributes): boolean {
    // Values of those that stand in rows are read when they are asked for.
    for (const attribute of is.values())
      if (attribute.many !== undefined || valueCount(attribute) > this.#most) return false;
    if (was !== undefined)
      for (const before of was.values()) if (before instanceof ManyAttribute) return false;
    return true;
  }

  /** In its record or in rows. */
  *#kept(
    rows: ValueRows,
    id: EntryId,
    key: AttributeKey,
    old: ManyAttribute | undefined,
    attribute: Attribute,
  ): Steps<Attribute> {
    const { many, name } = attribute;
    // What an entry is, is asked at every turn.
    if (key === OBJECT_CLASS_KEY) return many === undefined ? attribute : { name, values: attribute.values };
    if (many === undefined) {
      const { values } = attribute;
      return values.length > this.#most
        ? ((yield* this.#spread(rows, id, key, old, attribute)) ?? attribute)
        : attribute;
    }
    const edited = attribute instanceof EditedValues ? attribute : undefined;
    if (2 * many.count >= this.#most) {
      if (attribute instanceof ManyAttribute && attribute.base === old) return attribute;
      if (edited?.all === undefined && old !== undefined && edited?.from === old && edited.rule === old.rule)
        return (yield* old.changedInSteps(edited.edit)) ?? attribute;
    }
    const values = yield* many.valuesInSteps();
    const plain: Attribute = { name, values };
    if (many.count <= this.#most) return plain;
    return (yield* this.#spread(rows, id, key, old, edited ?? plain)) ?? plain;
  }

  /** The attribute with its values in chunks; undefined where it has to stay in the record. */
  *#spread(
    rows: ValueRows,
    id: EntryId,
    key: AttributeKey,
    old: ManyAttribute | undefined,
    attribute: Attribute,
  ): Steps<ManyAttribute | undefined> {
    const { name, values } = attribute;
    const rule = this.#ruleOf(key);
    const number = this.#dictionary.numberOfAttribute(key, name);
    if (rule === undefined || number === 0) return undefined;
    const chunks: HashedValue[][] = Array.from({ length: Math.ceil(values.length / rows.load) }, () => []);
    let sum = { high: 0, low: 0 };
    const put = (valueIs: ValueKey, value: Uint8Array): void => {
      const hash = keyHash(valueIs);
      (chunks[chunkOf(hash, chunks.length)] as HashedValue[]).push({ hash, value });
      sum = addToSum(sum, [value], 1);
    };
    const edited = attribute instanceof EditedValues && attribute.rule === rule.name ? attribute : undefined;
    if (edited?.all !== undefined) yield* eachInSteps(edited.all, ([valueIs, value]) => put(valueIs, value));
    else {
      const seen = new Set<ValueKey>();
      yield* eachOctetsInSteps(values, (value) => {
        const valueIs = valueKey(value, rule);
        seen.add(valueIs);
        put(valueIs, value);
      });
      // Equal under this rule and there together: another rule told them apart.
      if (seen.size < values.length) return undefined;
    }
    const head: ManyHead = {
      rule,
      generation: rows.freshGeneration(id, number, old),
      count: values.length,
      chunks: chunks.length,
      sum,
    };
    const from = edited?.from;
    const edit = edited !== undefined && from !== undefined ? { ...edited.edit, from } : undefined;
    const made = yield* makeChunks(chunks, head.generation);
    return ManyAttribute.made(rows, { id, key, name, number }, head, made, edit);
  }
}
