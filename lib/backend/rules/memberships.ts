/**
 * Membership, derived: the groups of an entry and the entries of a group, from the values of the groups alone.
 *
 * memberOf and isMemberOf are never stored and never replicated: each server reads them from its equality index of the member attributes, so they are
 * right as soon as a group, or the name of a group or member, has changed. Only direct membership; nested groups are the in-chain rule's
 * (1.2.840.113556.1.4.1941), which walks with groupsOf() and memberIds(). Owns no rows.
 */
import { latin1, utf8Decode, utf8Encode } from '../../base/bytes.js';
import { findValue, type ValueKey } from '../../entry/value-index.js';
import type { AttributeKey, AttributeType } from '../../schema/attribute-type.js';
import { dnKey } from '../../schema/dn-key.js';
import type { EqualityRule } from '../../schema/matching-rule.js';
import type { EntryId } from '../backend.js';
import { sortedIds } from '../index/id-union.js';
import type { HeldEntry } from '../rows/stored-entry.js';

/** Attributes that make members, unless configured otherwise. */
export const DEFAULT_MEMBER_ATTRIBUTES: readonly string[] = ['member', 'uniqueMember'];

/** Keys under which groups are asked for. */
export const MEMBERSHIP_KEYS: ReadonlySet<string> = new Set(['memberof', 'ismemberof']);

/** Member values that are resolved in one turn of the event loop. */
const SLICE_VALUES = 500;

/** A member attribute and the rule by which its values name entries. */
export interface MemberAttribute {
  readonly key: AttributeKey;
  readonly rule: EqualityRule;
}

/** The member attributes that the schema knows and that compare by equality. */
export function memberAttributesOf(
  names: readonly string[],
  schema: { attributeType(nameOrOid: string): AttributeType | undefined },
): readonly MemberAttribute[] {
  const attributes: MemberAttribute[] = [];
  for (const name of names) {
    const type = schema.attributeType(name);
    if (type?.equality !== undefined) attributes.push({ key: type.key, rule: type.equality });
  }
  return attributes;
}

/** What membership is read from. */
export interface MembershipTree {
  readonly memberAttributes: readonly MemberAttribute[];
  /** The live entry shown under the name with this normal form (schema/dn-key.ts). */
  byKey(key: string): HeldEntry | undefined;
  /** Its number. */
  idByKey(key: string): EntryId | undefined;
  /** Number of the live entry with this RDN key below a parent. */
  childByKey(parent: EntryId, rdnKey: string): EntryId | undefined;
  /** Numbers of live entries that hold a value, ascending. Throws RowsAway. */
  holderIds(key: AttributeKey, normal: Uint8Array): readonly EntryId[];
  byId(id: EntryId): HeldEntry | undefined;
  /** Whether holderIds() can be asked. */
  isIndexed(key: AttributeKey): boolean;
}

/** Normal form of an entry's name, as DN-valued attributes are indexed. */
function nameNormal(entry: Pick<HeldEntry, 'dn'>): Uint8Array {
  return utf8Encode(dnKey(entry.dn));
}

/** Groups that name the entry, by rising number. Throws RowsAway. */
export function groupsOf(tree: MembershipTree, entry: Pick<HeldEntry, 'dn'>): readonly HeldEntry[] {
  const { memberAttributes } = tree;
  if (memberAttributes.length === 0) return [];
  const normal = nameNormal(entry);
  const ids: EntryId[] = [];
  for (const { key } of memberAttributes) ids.push(...tree.holderIds(key, normal));
  const groups: HeldEntry[] = [];
  for (const id of sortedIds(ids)) {
    const group = tree.byId(id);
    if (group !== undefined) groups.push(group);
  }
  return groups;
}

/** Whether the group of this name names the entry. Throws RowsAway. */
export function isMember(tree: MembershipTree, entry: Pick<HeldEntry, 'dn'>, group: Uint8Array): boolean {
  const key = utf8Decode(group);
  const id = key === undefined ? undefined : tree.idByKey(key);
  if (id === undefined) return false;
  const normal = nameNormal(entry);
  return tree.memberAttributes.some(({ key: attribute, rule }) => {
    if (tree.isIndexed(attribute)) return tree.holderIds(attribute, normal).includes(id);
    // While the index is built, the group itself is asked.
    return findValue(tree.byId(id)?.attribute(attribute), latin1(normal) as ValueKey, rule) !== undefined;
  });
}

/** How many members a group may have, from its octets alone: for plans. */
export function memberEstimate(tree: MembershipTree, group: Uint8Array): number {
  const key = utf8Decode(group);
  const entry = key === undefined ? undefined : tree.byKey(key);
  return entry === undefined ? 0 : Math.ceil(entry.record.length / 32);
}

/** Numbers of the live entries that the group of this name names, ascending: at once for a small group, in slices for a large one. */
export function memberIds(
  tree: MembershipTree,
  group: Uint8Array,
  pause: () => Promise<void>,
): readonly EntryId[] | Promise<readonly EntryId[]> {
  const key = utf8Decode(group);
  const entry = key === undefined ? undefined : tree.byKey(key);
  if (entry === undefined) return [];
  const values: { readonly rule: EqualityRule; readonly value: Uint8Array }[] = [];
  for (const { key: attribute, rule } of tree.memberAttributes) {
    for (const value of entry.attribute(attribute)?.values ?? []) values.push({ rule, value });
  }
  const ids: EntryId[] = [];
  // Members are often neighbours: the parent of the last one is the parent of the next.
  let above: string | undefined;
  let parent: EntryId | undefined;
  const resolve = (name: string): EntryId | undefined => {
    const comma = name.indexOf(',');
    const over = comma < 0 ? '' : name.slice(comma + 1);
    if (over !== above) {
      above = over;
      parent = tree.idByKey(over);
    }
    return parent === undefined ? tree.idByKey(name) : tree.childByKey(parent, name.slice(0, comma));
  };
  const take = (from: number): void => {
    for (const { rule, value } of values.slice(from, from + SLICE_VALUES)) {
      const normal = rule.normalize(value);
      const name = normal === undefined ? undefined : utf8Decode(normal);
      const id = name === undefined ? undefined : resolve(name);
      if (id !== undefined) ids.push(id);
    }
  };
  take(0);
  if (values.length <= SLICE_VALUES) return sortedIds(ids);
  return (async () => {
    for (let from = SLICE_VALUES; from < values.length; from += SLICE_VALUES) {
      await pause();
      take(from);
    }
    return sortedIds(ids);
  })();
}
