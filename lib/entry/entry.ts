/**
 * Entries as pure data: attributes by key, values as bytes. No schema is needed to hold one.
 */
import type { Dn } from '../dn/dn.js';
import type { AttributeKey } from '../schema/attribute-type.js';

export interface Attribute {
  /** Description as we write it (AttributeDescription.text). */
  readonly name: string;
  /** At least one, distinct under the equality rule. Never written to. */
  readonly values: readonly Uint8Array[];
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
}
