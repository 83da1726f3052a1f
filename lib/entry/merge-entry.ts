/**
 * Two entries of one name, from servers that never knew of each other, become one (replication-model.md section 8): the superset, and attribute by attribute the last write.
 *
 * `here` is the entry of the topology, `other` the one that is merged into it. Attributes that only one has stay or come; of those that both have with other values the later
 * write counts, the topology's when they are equally old. Object classes are united. What does not survive is told, so that nothing goes without a trace.
 */

import { toHex } from '../base/bytes.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { Schema } from '../schema/schema.js';
import { OBJECT_CLASS_KEY } from './class-profile.js';
import type { Attribute, Attributes } from './entry.js';
import type { EntryModification } from './modification.js';

/** Whose values count where both sides differ: the later write's, or always the topology's. */
export type MergePreference = 'newest' | 'topology';

export interface MergeSide {
  /** Stored attributes. */
  readonly attributes: Attributes;
  /** When an attribute was last written, ms since the epoch. */
  readonly writtenMs: (key: AttributeKey) => number;
}

/** Values that one side had and the merged entry has not. */
export interface MergeLoss {
  readonly attribute: string;
  readonly side: 'here' | 'other';
  /** All values that the attribute had on that side. */
  readonly values: readonly Uint8Array[];
  readonly writtenMs: number;
}

export interface MergedEntry {
  /** To be applied to the entry of the topology; none: nothing is missing there. */
  readonly modifications: readonly EntryModification[];
  readonly losses: readonly MergeLoss[];
}

/** The merge of `other` into `here`. */
export function mergeEntry(
  here: MergeSide,
  other: MergeSide,
  schema: Schema,
  preference: MergePreference,
): MergedEntry {
  const modifications: EntryModification[] = [];
  const losses: MergeLoss[] = [];
  for (const [key, theirs] of other.attributes) {
    const ours = here.attributes.get(key);
    const description = theirs.name;
    if (ours === undefined) {
      modifications.push({ operation: 'add', attribute: { description, values: theirs.values } });
      continue;
    }
    const onlyThere = lacking(ours, theirs, schema);
    const onlyHere = lacking(theirs, ours, schema);
    if (onlyThere.length === 0 && onlyHere.length === 0) continue;
    if (key === OBJECT_CLASS_KEY) {
      if (onlyThere.length > 0)
        modifications.push({ operation: 'add', attribute: { description, values: onlyThere } });
      continue;
    }
    const [hereMs, otherMs] = [here.writtenMs(key), other.writtenMs(key)];
    const otherWins = preference === 'newest' && otherMs > hereMs;
    if (otherWins)
      modifications.push({ operation: 'replace', attribute: { description, values: theirs.values } });
    const gone = otherWins ? onlyHere : onlyThere;
    if (gone.length === 0) continue;
    losses.push({
      attribute: description,
      side: otherWins ? 'here' : 'other',
      values: otherWins ? ours.values : theirs.values,
      writtenMs: otherWins ? hereMs : otherMs,
    });
  }
  return { modifications, losses };
}

/** Values of `attribute` that `base` has not, by the attribute's equality rule. */
function lacking(base: Attribute, attribute: Attribute, schema: Schema): readonly Uint8Array[] {
  const description = schema.describe(attribute.name);
  const rule = description === undefined ? undefined : schema.equalityOf(description);
  const normal = (value: Uint8Array) => toHex(rule?.normalize(value) ?? value);
  const held = new Set(base.values.map(normal));
  return attribute.values.filter((value) => !held.has(normal(value)));
}
