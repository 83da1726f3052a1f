/**
 * Entries as pure data: attributes by key, values as bytes. No schema is needed to hold one.
 */
import type { Steps } from '../base/steps.js';
import type { Dn } from '../dn/dn.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { ValueKey } from './value-index.js';

export interface Attribute {
  /** Description as we write it (AttributeDescription.text). */
  readonly name: string;
  /** At least one, distinct under the equality rule. Never written to. */
  readonly values: readonly Uint8Array[];
  /** How many values there are, where that is told without making them (valueCount()). */
  readonly count?: number;
  /** Where there are too many values to go through for each question; undefined: there are few. */
  readonly many?: ManyValues;
}

/** Two 32-bit sums over the digests of values (conflict/state-digest.ts). */
export interface ValueSum {
  readonly high: number;
  readonly low: number;
}

/** Values by which key came, and which went. */
export interface ValueEdit {
  readonly gone: ReadonlyMap<ValueKey, Uint8Array>;
  readonly come: ReadonlyMap<ValueKey, Uint8Array>;
}

/** What is asked of an attribute of many values at the cost of the values concerned. `Attribute.values` is all of them, at the cost of reading them. */
export interface ManyValues {
  readonly count: number;
  /** Name of the equality rule under which the values are distinct, and by which they are found. */
  readonly rule: string;
  /** Of all values. */
  readonly sum: ValueSum;
  /** The stored value with this key under `rule`, or undefined. */
  find(key: ValueKey): Uint8Array | undefined;
  /** All values, gone through in steps. */
  valuesInSteps(): Steps<readonly Uint8Array[]>;
  /** The attribute without the values in `gone` and with those in `come`, keyed under `rule`; undefined when none is left. */
  changed(edit: ValueEdit): Attribute | undefined;
  /** How it was made of `from`, where it was, and the store was not told of it yet; undefined: compare all values. */
  madeOf(from: Attribute | undefined): ValueEdit | undefined;
}

export type Attributes = ReadonlyMap<AttributeKey, Attribute>;

/** What filters, access rules and projections may see of an entry. */
export interface EntryView {
  readonly dn: Dn;
  /** Stored or computed (operational) attribute. */
  attribute(key: AttributeKey): Attribute | undefined;
  /** User attributes and operational attributes that are stored. */
  readonly stored: Attributes;
  /** Operational attributes computed from the entry's state (entryUUID, createTimestamp ...); made when asked for. */
  computed(): Attributes;
  /**
   * Whether a derived attribute holds the value with this normal form, where that is known without its values; undefined: look at them.
   */
  holds?(key: AttributeKey, normal: Uint8Array): boolean | undefined;
  /** A user attribute that is not stored and is shown all the same: the members of a dynamic group. */
  expanded?(key: AttributeKey): Attribute | undefined;
  /** User attributes that collective subentries give it (RFC 3671); attribute() finds them too. Undefined: none. */
  collective?(): Attributes | undefined;
}
