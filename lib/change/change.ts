/**
 * A change: the unit that is logged, sent and replayed (replication-model.md section 3).
 *
 * It names entries by UUID only. A modify is the net effect per attribute, in this order within one change: clear, remove, add, increment.
 * What depends on the schema (single-valued, equality rule) was decided at the origin and is carried.
 */
import type { Csn } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import type { AttributeKey } from '../schema/attribute-type.js';

/** Canonical text form, lower case. */
export type EntryUuid = string & { readonly __brand: 'EntryUuid' };

/** Parent of a domain's base entry. */
export const ROOT_UUID = '00000000-0000-0000-0000-000000000000' as EntryUuid;

/** An RDN as a register value: what it says and how it compares, both fixed at the origin. */
export interface NamedRdn {
  readonly avas: readonly NamedAva[];
}

export interface NamedAva {
  readonly key: AttributeKey;
  /** Attribute type as shown. */
  readonly name: string;
  readonly value: Uint8Array;
  /** Name of the equality rule; values normalize by it on every replica. */
  readonly equality: string;
}

/** Net effect on one attribute. */
export interface AttributeChange {
  readonly key: AttributeKey;
  readonly name: string;
  /** Name of the equality rule by which `remove` and `add` compare (EqualityRule.name). */
  readonly equality: string;
  /** The type is SINGLE-VALUE at the origin: an add takes effect only when there is no value. */
  readonly single: boolean;
  /** All values go first (delete attribute, replace). */
  readonly clear: boolean;
  readonly remove: readonly Uint8Array[];
  readonly add: readonly Uint8Array[];
  /** Added to every integer value present; 0n for none. */
  readonly increment: bigint;
}

/** One attribute of an added entry. */
export interface AddedAttribute {
  readonly key: AttributeKey;
  readonly name: string;
  readonly values: readonly Uint8Array[];
}

/** Operational facts that an import preserves; absent ones follow from the change (CSN time, initiator). */
export interface PreservedFacts {
  readonly createTimestamp?: string;
  readonly creatorsName?: string;
  readonly modifyTimestamp?: string;
  readonly modifiersName?: string;
}

export type ChangeBody =
  | {
      readonly kind: 'add';
      readonly parent: EntryUuid;
      readonly rdn: NamedRdn;
      readonly attributes: readonly AddedAttribute[];
      readonly preserved?: PreservedFacts;
    }
  | { readonly kind: 'modify'; readonly attributes: readonly AttributeChange[] }
  | {
      readonly kind: 'modifyDn';
      /** undefined: the parent stays. */
      readonly parent: EntryUuid | undefined;
      /** undefined: the RDN stays. */
      readonly rdn: NamedRdn | undefined;
      /** deleteOldRDN and the new RDN's values, as net effects. */
      readonly attributes: readonly AttributeChange[];
    }
  | { readonly kind: 'delete' }
  | { readonly kind: 'undelete' };

export interface Change {
  readonly csn: Csn;
  /** The CSN before it from the same origin; undefined for the first. */
  readonly previous: Csn | undefined;
  /** What the origin had applied when it made the change, other origins only: tells concurrent from later. */
  readonly seen: ServerState;
  readonly entry: EntryUuid;
  /** Text of the DN that asked for it (creatorsName, modifiersName). */
  readonly initiator: string;
  readonly body: ChangeBody;
}

/** A change as brokers and the changelog know it. */
export interface EncodedChange {
  readonly csn: Csn;
  readonly previous: Csn | undefined;
  /** The whole change, header included (change-codec.ts). */
  readonly bytes: Uint8Array;
}
