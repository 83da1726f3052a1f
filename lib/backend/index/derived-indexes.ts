/**
 * DerivedIndexes: equality lookups that no index row answers, because the attribute is derived: entryDN from names, memberOf and isMemberOf from the
 * values of the group. For the planner they look like equality indexes; the index reader asks here for their ids.
 */
import { utf8Decode } from '../../base/bytes.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId } from '../backend.js';
import { MEMBERSHIP_KEYS, type MembershipTree, memberEstimate, memberIds } from '../rules/memberships.js';

const ENTRY_DN = 'entrydn';
const DN_RULE = 'distinguishedNameMatch';

/** Name of the rule whose normal forms a derived lookup takes; undefined: the attribute has none. */
export function derivedRule(key: AttributeKey): string | undefined {
  return key === ENTRY_DN || MEMBERSHIP_KEYS.has(key) ? DN_RULE : undefined;
}

/** undefined: any entry. */
type Found = readonly EntryId[] | undefined | Promise<readonly EntryId[] | undefined>;

export class DerivedIndexes {
  readonly #tree: MembershipTree;
  readonly #pause: () => Promise<void>;
  /** Ids among which the members of a dynamic group are; undefined: the group of this name is none. */
  dynamicIds: ((group: Uint8Array) => (() => Found) | undefined) | undefined;

  constructor(tree: MembershipTree, pause: () => Promise<void>) {
    this.#tree = tree;
    this.#pause = pause;
  }

  /** Ids of a value of an attribute for which derivedRule() names a rule. */
  ids(key: AttributeKey, normal: Uint8Array): Found {
    if (key !== ENTRY_DN) {
      const found = this.dynamicIds?.(normal);
      return found === undefined ? memberIds(this.#tree, normal, this.#pause) : found();
    }
    const id = this.#named(normal);
    return id === undefined ? [] : [id];
  }

  /** A guess at how many ids there are. */
  estimate(key: AttributeKey, normal: Uint8Array): number {
    return key === ENTRY_DN ? 1 : memberEstimate(this.#tree, normal);
  }

  #named(normal: Uint8Array): EntryId | undefined {
    const name = utf8Decode(normal);
    return name === undefined ? undefined : this.#tree.idByKey(name);
  }
}
