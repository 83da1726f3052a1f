/** TreeFacts: what all trees of one backend, and so all their entries, share. */
import type { ServerState } from '../../csn/server-state.js';
import type { Dn, Rdn } from '../../dn/dn.js';
import type { NamedAttributes } from '../../entry/check-placement.js';
import type { Attribute } from '../../entry/entry.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId } from '../backend.js';
import type { ReverseLookup } from '../index/reverse-lookup.js';
import type { Dictionary } from '../rows/dictionary.js';
import type { CollectiveAttributes } from '../rules/collective.js';
import type { DynamicGroups } from '../rules/dynamic-groups.js';
import type { MemberAttribute } from '../rules/memberships.js';
import type { Conformance } from '../rules/schema-marks.js';

/** What naming needs of the schema. */
export interface NamingRules {
  /** Normal form of an RDN; undefined when a value violates its syntax. */
  rdnKey(rdn: Rdn): string | undefined;
}

/** Facts that all trees of one backend share. */
export interface TreeFacts {
  readonly baseDn: Dn;
  readonly rules: NamingRules;
  readonly dictionary: Dictionary;
  structuralClass(objectClass: Attribute): Attribute | undefined;
  governingRule(entry: () => NamedAttributes, parent: () => NamedAttributes | undefined): string | undefined;
  isSingle(key: AttributeKey): boolean;
  readonly conformance: Conformance;
  /** Number of the newest change here that touched the entry. */
  usnOf(id: EntryId): number;
  /** State of the domain. */
  state(): ServerState;
  readonly lookup: ReverseLookup;
  /** Attributes that make members. */
  readonly memberAttributes: readonly MemberAttribute[];
  /** Undefined: a memberURL means nothing here. */
  readonly dynamic: DynamicGroups | undefined;
  readonly collective: CollectiveAttributes;
}
