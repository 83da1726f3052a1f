/**
 * Names: which entry stands under a DN, and under which DN an entry stands. The ReadView over any Rows.
 *
 * Entries hang on their parent's number, so DNs are derived: an entry's text is its RDN before its parent's text. Entries that share a name are
 * shown as `entryUUID=<uuid>+<rdn>` except the first; lost+found is shown below the base while it is not empty
 * (replication-model.md section 5).
 */

import { latin1, utf8Decode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { type EntryUuid, ROOT_UUID } from '../../change/change.js';
import { parseUuid } from '../../change/entry-uuid.js';
import { rdnKeyOf, toRdn } from '../../change/named-rdn.js';
import type { EntryState } from '../../conflict/entry-state.js';
import type { ServerState } from '../../csn/server-state.js';
import type { Dn, Rdn } from '../../dn/dn.js';
import { formatDn, formatRdn, parseDn } from '../../dn/dn-text.js';
import type { Attribute, Attributes } from '../../entry/entry.js';
import { StoreError } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { isAtOrBelow } from '../../schema/dn-key.js';
import type { EntryId, ReadView } from '../backend.js';
import { isWholeInKey } from '../index/index-value.js';
import type { PendingRows } from '../layer.js';
import type { Dictionary } from '../rows/dictionary.js';
import {
  checkRecord,
  decodeFacts,
  decodeRdn,
  encodeRecord,
  isAliveRecord,
  isConflictRecord,
  isLostRecord,
  parentIdOf,
} from '../rows/entry-record.js';
import { LOST_AND_FOUND_ID, ROOT_ID } from '../rows/key-space.js';
import type { Rows } from '../rows/rows.js';
import { type EntryOwner, HeldEntry, type NameAbove } from '../rows/stored-entry.js';
import type { CollectiveAttributes } from '../rules/collective.js';
import { MEMBER_URL } from '../rules/dynamic-groups.js';
import { groupsOf, isMember, type MemberAttribute, type MembershipTree } from '../rules/memberships.js';
import { LOST_KEY, lostAndFoundState } from './lost-and-found.js';
import { placed } from './name-after.js';
import type { TreeFacts } from './tree-facts.js';

const UUID_PART = 'entryuuid=';
const ENTRY_UUID_TYPES = new Set(['entryuuid', '1.3.6.1.1.16.4']);

/** Where entries come from: a cache over the store, or what is decided and not yet durable over that. */
export interface EntrySource {
  /** A live entry or undefined. */
  byId(id: EntryId): HeldEntry | undefined;
}

/** See the file header. Subclasses own how entries are kept. */
export abstract class EntryTree implements ReadView, EntrySource, EntryOwner, MembershipTree {
  readonly #facts: TreeFacts;
  readonly rows: Rows;
  readonly #baseKeys: readonly string[];
  /** All of them. */
  readonly #baseKey: string;
  /** What stands above the base. */
  readonly #root: NameAbove;
  #lost: { readonly entry: HeldEntry; readonly dataSet: number } | undefined;

  constructor(facts: TreeFacts, rows: Rows) {
    this.#facts = facts;
    this.rows = rows;
    this.#baseKeys = facts.baseDn.rdns.map((rdn) => {
      const key = facts.rules.rdnKey(rdn);
      if (key === undefined)
        throw new LdapError('invalidDNSyntax', 'the base DN violates a syntax of its values');
      return key;
    });
    this.#baseKey = this.#baseKeys.join(',');
    const dn = { rdns: facts.baseDn.rdns.slice(1) };
    this.#root = { dn, dnText: formatDn(dn) };
  }

  abstract byId(id: EntryId): HeldEntry | undefined;
  abstract readonly hasAliases: boolean;
  abstract readonly hasReferrals: boolean;

  get baseDn(): Dn {
    return this.#facts.baseDn;
  }

  get dictionary(): Dictionary {
    return this.#facts.dictionary;
  }

  structuralClass(objectClass: Attribute): Attribute | undefined {
    return this.#facts.structuralClass(objectClass);
  }

  governingRule(entry: HeldEntry): string | undefined {
    return this.#facts.governingRule(
      () => placed(entry),
      () => placed(this.parent(entry)),
    );
  }

  get collective(): CollectiveAttributes {
    return this.#facts.collective;
  }

  isSingle(key: AttributeKey): boolean {
    return this.#facts.isSingle(key);
  }

  usnOf(id: EntryId): number {
    return this.#facts.usnOf(id);
  }

  contextState(): ServerState {
    return this.#facts.state();
  }

  violation(shown: Attributes): string | undefined {
    return this.#facts.conformance.violation(shown)?.reason;
  }

  byUuid(uuid: EntryUuid): HeldEntry | undefined {
    if (uuid === ROOT_UUID) return undefined;
    const id = this.rows.idOf(uuid);
    return id === undefined ? undefined : this.byId(id);
  }

  byDn(dn: Dn): HeldEntry | undefined {
    return this.#walk(dn, true);
  }

  byDnText(text: string): HeldEntry | undefined {
    return this.byDn(parseDn(text));
  }

  /** What is decided and not yet durable, where this tree shows it. */
  protected get undurable(): PendingRows | undefined {
    return undefined;
  }

  get memberAttributes(): readonly MemberAttribute[] {
    return this.#facts.memberAttributes;
  }

  isIndexed(key: AttributeKey): boolean {
    return this.#facts.lookup.rule(key) !== undefined;
  }

  holderIds(key: AttributeKey, normal: Uint8Array): readonly EntryId[] {
    const { lookup } = this.#facts;
    const ids = lookup.ids(key, normal, this.undurable);
    if (ids.length === 0 || isWholeInKey(normal)) return ids;
    return ids.filter((id) => {
      const entry = this.byId(id);
      return entry !== undefined && lookup.holds(entry, key, normal);
    });
  }

  holders(key: AttributeKey, normal: Uint8Array): readonly HeldEntry[] {
    const holders: HeldEntry[] = [];
    for (const id of this.holderIds(key, normal)) {
      const entry = this.byId(id);
      if (entry !== undefined) holders.push(entry);
    }
    return holders;
  }

  holderCount(key: AttributeKey, normal: Uint8Array): number {
    return this.#facts.lookup.ids(key, normal, this.undurable).length;
  }

  memberOf(entry: HeldEntry): readonly Uint8Array[] {
    const groups = groupsOf(this, entry);
    const { dynamic } = this.#facts;
    if (dynamic === undefined) return groups.map((group) => group.dnBytes);
    const all = new Map([...groups, ...dynamic.groupsOf(this, entry)].map((group) => [group.id, group]));
    return [...all.values()].map((group) => group.dnBytes);
  }

  isMemberOf(entry: HeldEntry, group: Uint8Array): boolean {
    if (isMember(this, entry, group)) return true;
    const { dynamic } = this.#facts;
    const key = dynamic === undefined ? undefined : utf8Decode(group);
    const named = key === undefined ? undefined : this.byKey(key);
    return named !== undefined && dynamic?.includes(named, entry) === true;
  }

  isDynamic(entry: HeldEntry): boolean {
    const { dynamic } = this.#facts;
    return dynamic !== undefined && entry.attribute(MEMBER_URL) !== undefined;
  }

  dynamicMembers(group: HeldEntry): Attribute | undefined {
    return this.#facts.dynamic?.members(group);
  }

  includes(group: HeldEntry, member: Uint8Array): boolean {
    const key = utf8Decode(member);
    const entry = key === undefined ? undefined : this.byKey(key);
    return entry !== undefined && this.#facts.dynamic?.includes(group, entry) === true;
  }

  byKey(key: string): HeldEntry | undefined {
    const id = this.idByKey(key);
    return id === undefined ? undefined : this.byId(id);
  }

  idByKey(key: string): EntryId | undefined {
    if (!isAtOrBelow(key, this.#baseKey)) return undefined;
    const above = key.length - this.#baseKey.length - 1;
    let at = this.#baseId();
    if (above <= 0 || at === undefined) return at;
    const rdns = key.slice(0, above).split(',');
    for (let i = rdns.length - 1; i >= 0 && at !== undefined; i--) at = this.childByKey(at, rdns[i] ?? '');
    return at;
  }

  childByKey(parent: EntryId, rdnKey: string): EntryId | undefined {
    const holder = this.rows.claims(parent, rdnKey)[0];
    if (holder !== undefined) return holder.id;
    if (rdnKey === LOST_KEY && parent === this.#baseId() && this.#lostShown()) return LOST_AND_FOUND_ID;
    const parts = rdnKey.split('+');
    const named = parts.length < 2 ? undefined : parts.find((part) => part.startsWith(UUID_PART));
    const uuid = named === undefined ? undefined : parseUuid(named.slice(UUID_PART.length));
    return uuid === undefined
      ? undefined
      : this.#conflictEntry(parent, uuid, parts.filter((part) => part !== named).join('+'));
  }

  nearest(dn: Dn): HeldEntry | undefined {
    return this.#walk(dn, false);
  }

  /** `whole`: undefined unless every RDN is found; otherwise the deepest found. */
  #walk(dn: Dn, whole: boolean): HeldEntry | undefined {
    const above = dn.rdns.length - this.#baseKeys.length;
    if (above < 0) return undefined;
    for (let i = 0; i < this.#baseKeys.length; i++) {
      if (this.#facts.rules.rdnKey(dn.rdns[above + i] as Rdn) !== this.#baseKeys[i]) return undefined;
    }
    let at = this.#baseId();
    if (at === undefined) return undefined;
    for (let i = above - 1; i >= 0; i--) {
      const child = this.#child(at, dn.rdns[i] as Rdn);
      if (child === undefined) return whole ? undefined : this.byId(at);
      at = child;
    }
    return this.byId(at);
  }

  #baseId(): EntryId | undefined {
    return this.rows.claims(ROOT_ID, this.#baseKeys[0] ?? '')[0]?.id;
  }

  /** The base entry, or undefined while the domain is empty. */
  base(): HeldEntry | undefined {
    const id = this.#baseId();
    return id === undefined ? undefined : this.byId(id);
  }

  #child(parent: EntryId, rdn: Rdn): EntryId | undefined {
    const key = this.#facts.rules.rdnKey(rdn);
    if (key === undefined) return undefined;
    if (key === LOST_KEY && parent === this.#baseId() && this.#lostShown()) return LOST_AND_FOUND_ID;
    const holder = this.rows.claims(parent, key)[0];
    if (holder !== undefined) return holder.id;
    return rdn.length > 1 ? this.#conflictChild(parent, rdn) : undefined;
  }

  /** The child shown as `entryUUID=<uuid>+<rdn>`. */
  #conflictChild(parent: EntryId, rdn: Rdn): EntryId | undefined {
    const isUuid = (type: string) => ENTRY_UUID_TYPES.has(type.toLowerCase());
    const named = rdn.find((ava) => isUuid(ava.type));
    const uuid = named === undefined ? undefined : parseUuid(latin1(named.value));
    const rest = this.#facts.rules.rdnKey(rdn.filter((ava) => ava !== named));
    return uuid === undefined || rest === undefined ? undefined : this.#conflictEntry(parent, uuid, rest);
  }

  /** The entry of this UUID, if it is shown under a conflict name of this RDN here. */
  #conflictEntry(parent: EntryId, uuid: EntryUuid, rdnKey: string): EntryId | undefined {
    const id = this.rows.idOf(uuid);
    if (id === undefined || id === LOST_AND_FOUND_ID || id === ROOT_ID) return undefined;
    const record = this.rows.record(id);
    if (record === undefined || !isAliveRecord(record) || !isConflictRecord(record)) return undefined;
    if (parentIdOf(record) !== parent) return undefined;
    return rdnKey === rdnKeyOf(decodeRdn(record, this.dictionary)) ? id : undefined;
  }

  #lostShown(): boolean {
    return this.rows.childCount(LOST_AND_FOUND_ID) > 0;
  }

  /** Whether the derived container stands below this entry. */
  showsLostAndFound(id: EntryId): boolean {
    return this.#lostShown() && id === this.#baseId();
  }

  /** The derived container while it is shown. */
  lostAndFound(): HeldEntry | undefined {
    return this.#lostShown() ? this.#lostEntry() : undefined;
  }

  #lostEntry(): HeldEntry {
    const baseId = this.#baseId() ?? ROOT_ID;
    const { dataSet } = this.dictionary;
    if (this.#lost?.entry.parentId === baseId && this.#lost.dataSet === dataSet) return this.#lost.entry;
    const baseRecord = baseId === ROOT_ID ? undefined : this.byId(baseId);
    const state = lostAndFoundState(baseRecord?.uuid ?? ROOT_UUID);
    const record = checkRecord(encodeRecord(state, baseId, true, this.dictionary));
    const above = { dn: this.baseDn, dnText: formatDn(this.baseDn) };
    const entry = new HeldEntry(this, LOST_AND_FOUND_ID, record, above, state);
    this.#lost = { entry, dataSet };
    return entry;
  }

  parent(entry: { readonly id: EntryId }): HeldEntry | undefined {
    const parentId = entry instanceof HeldEntry ? entry.parentId : this.byId(entry.id)?.parentId;
    if (parentId === undefined || parentId === ROOT_ID) return undefined;
    return this.byId(parentId);
  }

  childCount(entry: EntryId | { readonly id: EntryId }): number {
    const id = typeof entry === 'number' ? entry : entry.id;
    return this.rows.childCount(id) + (this.showsLostAndFound(id) ? 1 : 0);
  }

  wantedDn(entry: HeldEntry): string | undefined {
    const record = entry.record;
    if (!isConflictRecord(record) && !isLostRecord(record)) return undefined;
    return this.#registeredDn(entry.uuid, 0);
  }

  /** The name of an entry, alive or dead; undefined when it is not known. */
  lastName(uuid: EntryUuid): string | undefined {
    const live = this.byUuid(uuid);
    if (live !== undefined) return live.dnText;
    const id = this.rows.idOf(uuid);
    return id === undefined || this.rows.record(id) === undefined ? undefined : this.#registeredDn(uuid, 0);
  }

  /** The DN that the registers say, dead parents included. */
  #registeredDn(uuid: EntryUuid, depth: number): string {
    if (uuid === ROOT_UUID) return this.#root.dnText;
    const id = this.rows.idOf(uuid);
    const record = id === undefined || id === LOST_AND_FOUND_ID ? undefined : this.rows.record(id);
    if (id === undefined || record === undefined || depth > 300) return formatDn(this.baseDn);
    const entry = depth === 0 ? undefined : this.byId(id);
    if (entry !== undefined) return entry.dnText;
    const { rdn, parent } = decodeFacts(record, this.dictionary);
    return join(formatRdn(toRdn(rdn)), this.#registeredDn(parent, depth + 1));
  }

  /** Names a record. Throws StoreError damaged when its parent is missing. */
  protected build(id: EntryId, record: Uint8Array, state?: EntryState): HeldEntry {
    const parentId = parentIdOf(record);
    const above = this.#above(parentId);
    if (above === undefined) throw new StoreError('damaged', `entry ${id} has no parent entry ${parentId}`);
    return new HeldEntry(this, id, record, above, state);
  }

  #above(parentId: EntryId): NameAbove | undefined {
    if (parentId === ROOT_ID) return this.#root;
    return this.byId(parentId) ?? (parentId === LOST_AND_FOUND_ID ? this.#lostEntry() : undefined);
  }

  /** The entry under its parent's present name. */
  protected refreshed(entry: HeldEntry): HeldEntry {
    const above = this.#above(entry.parentId);
    if (above === undefined) throw new StoreError('damaged', `entry ${entry.id} has no parent`);
    return above === entry.above || above.dnText === entry.above.dnText ? entry : entry.under(above);
  }
}

function join(rdn: string, parent: string): string {
  return parent === '' ? rdn : `${rdn},${parent}`;
}
