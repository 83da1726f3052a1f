/**
 * The StoredEntry that readers get: a record, decoded as far as it is asked for, under the name that it had when it was read.
 *
 * Invariants: a value as far as readers see. Short-lived, except for large entries: what is decoded of those is kept until the cache that holds
 * them asks for the memory back. Names are made when asked for, from the name that the parent had. What was not decoded when other data
 * took the place of the domain's cannot be any more: LdapError unavailable.
 * Operational attributes that follow from the state are computed here (RFC 4512 section 3.4, RFC 4530, RFC 5020).
 */
import { utf8Encode } from '../../base/bytes.js';
import type { BerWriter } from '../../ber/ber-writer.js';
import type { EntryUuid } from '../../change/change.js';
import { toRdn } from '../../change/named-rdn.js';
import type { EntryState } from '../../conflict/entry-state.js';
import type { ServerState } from '../../csn/server-state.js';
import type { Dn, Rdn } from '../../dn/dn.js';
import { formatRdn } from '../../dn/dn-text.js';
import type { Attribute, Attributes } from '../../entry/entry.js';
import { valueCount } from '../../entry/value-index.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EntryId, ReadAhead, StoredEntry } from '../backend.js';
import type { CollectiveAttributes } from '../rules/collective.js';
import { MEMBERSHIP_KEYS } from '../rules/memberships.js';
import { COMPUTED, type ComputedFacts } from './computed-attributes.js';
import type { Dictionary } from './dictionary.js';
import {
  decodeAttribute,
  decodeAttributes,
  decodeRdn,
  decodeState,
  isConflictRecord,
  isInRows,
  isMergedRecord,
  isRdnInside,
  parentIdOf,
  uuidOf,
} from './entry-record.js';
import { etagOf } from './etag.js';
import { ROOT_ID } from './key-space.js';
import { ManyAttribute, ValuesAhead } from './many-attribute.js';
import { type AnswerChoice, recordHasClass, writeAnswer } from './record-answer.js';
import { domainReplaced } from './replaced-domain.js';
import { shownOf } from './shown.js';

const MEMBER = 'member' as AttributeKey;

/** What entries of one backend share. */
export interface EntryOwner {
  readonly dictionary: Dictionary;
  readonly collective: CollectiveAttributes;
  /** Entries shown directly below. */
  childCount(id: EntryId): number;
  /** Name of the structural object class of an entry with these objectClass values, or undefined. */
  structuralClass(objectClass: Attribute): Attribute | undefined;
  /** Id of the DIT structure rule that governs an entry. */
  governingRule(entry: HeldEntry): string | undefined;
  /** Whether an attribute is single-valued. */
  isSingle(key: AttributeKey): boolean;
  /** What is wrong with an entry of these attributes, in a sentence. */
  violation(shown: Attributes): string | undefined;
  /** DN that a conflict or a dead parent keeps the entry from having, as text; undefined when there is no conflict. */
  wantedDn(entry: HeldEntry): string | undefined;
  /** Number of the newest change here that touched the entry. */
  usnOf(id: EntryId): number;
  /** State of the domain. */
  contextState(): ServerState;
  /** DNs of the groups that name the entry. Throws RowsAway. */
  memberOf(entry: HeldEntry): readonly Uint8Array[];
  /** Whether the group of this normal name names the entry. Throws RowsAway. */
  isMemberOf(entry: HeldEntry, group: Uint8Array): boolean;
  /** Whether the entry's members are found by its memberURL. */
  isDynamic(entry: HeldEntry): boolean;
  /** Those members. Throws RowsAway. */
  dynamicMembers(group: HeldEntry): Attribute | undefined;
  /** Whether the entry of this normal name is one of them. Throws RowsAway. */
  includes(group: HeldEntry, member: Uint8Array): boolean;
}

// Octets of memory as heap snapshots of Node 20 show them.
/** One decoded attribute and one of its values, with their objects. */
const ATTRIBUTE_BYTES = 190;
const VALUE_BYTES = 125;
/** The registers of a decoded state. */
const STATE_BYTES = 900;
/** An entry's own objects and its record's. */
const OBJECT_BYTES = 600;

/** Values that are read and written in one turn, in a millisecond or two. */
const READ_AT_ONCE = 5000;

/** The name below which an entry stands. */
export interface NameAbove {
  readonly dn: Dn;
  readonly dnText: string;
}

/** Names of the object classes of subentries. */
const SUBENTRIES = ['subentry', 'ldapsubentry'].map(utf8Encode);

/** See the file header. */
export class HeldEntry implements StoredEntry, ComputedFacts {
  readonly id: EntryId;
  readonly record: Uint8Array;
  readonly owner: EntryOwner;
  readonly above: NameAbove;
  /** Marks of the cache of large entries: used since it last looked; who is told when it grows. */
  used = false;
  holder: { grew(bytes: number): void } | undefined;
  #uuid: EntryUuid | undefined;
  #dn: Dn | undefined;
  #dnText: string | undefined;
  #stored: Attributes | undefined;
  #state: EntryState | undefined;
  #dnBytes: Uint8Array | undefined;
  /** What the record says of values that stand in rows: it holds only for images that were made while it was so. */
  readonly #inRows: Attributes | undefined;
  /** Octets held for decoded attributes and state. */
  #decodedBytes = 0;
  /** The data that the record is of. */
  #dataSet: number;

  constructor(owner: EntryOwner, id: EntryId, record: Uint8Array, above: NameAbove, state?: EntryState) {
    this.owner = owner;
    this.id = id;
    this.record = record;
    this.above = above;
    this.#dataSet = owner.dictionary.dataSet;
    this.#state = state;
    if (isInRows(record)) this.#inRows = state?.attributes ?? decodeAttributes(record, owner.dictionary);
    if (state !== undefined) this.#decodedBytes = STATE_BYTES + weight(state.attributes);
  }

  /** The same entry below another name. */
  under(above: NameAbove): HeldEntry {
    const entry = new HeldEntry(this.owner, this.id, this.record, above, this.#state);
    entry.#dataSet = this.#dataSet;
    return entry;
  }

  /** Throws LdapError unavailable when other data took the place of those that the entry is of: its number may be another's. */
  checkHere(): void {
    void this.#dictionary;
  }

  /** What the record's numbers mean. Throws LdapError unavailable when they mean nothing here any more. */
  get #dictionary(): Dictionary {
    const { dictionary } = this.owner;
    if (dictionary.dataSet !== this.#dataSet) throw domainReplaced();
    return dictionary;
  }

  get parentId(): EntryId {
    return parentIdOf(this.record);
  }

  get dn(): Dn {
    this.#dn ??= { rdns: [this.#rdn(), ...this.above.dn.rdns] };
    return this.#dn;
  }

  get dnText(): string {
    if (this.#dnText === undefined) {
      const rdn = formatRdn(this.#dn?.rdns[0] ?? this.#rdn());
      const { dnText } = this.above;
      this.#dnText = dnText === '' ? rdn : `${rdn},${dnText}`;
    }
    return this.#dnText;
  }

  /** Whether its DN is written so. */
  isNamed(text: string): boolean {
    return this.#dnText === undefined && !text.endsWith(this.above.dnText) ? false : text === this.dnText;
  }

  /** As the DIT shows it: conflict names hold the UUID. */
  #rdn(): Rdn {
    const named = toRdn(decodeRdn(this.record, this.#dictionary));
    if (!isConflictRecord(this.record)) return named;
    return [{ type: 'entryUUID', value: utf8Encode(this.uuid) }, ...named];
  }

  get uuid(): EntryUuid {
    this.#uuid ??= uuidOf(this.record);
    return this.#uuid;
  }

  get state(): EntryState {
    if (this.#state !== undefined) return this.#state;
    const state = decodeState(this.record, this.#dictionary);
    this.#state = state;
    this.#decoded(STATE_BYTES + weight(state.attributes));
    return state;
  }

  get stored(): Attributes {
    if (this.#stored !== undefined) return this.#stored;
    const stored = this.#decode();
    this.#stored = stored;
    this.#decoded(weight(stored));
    return stored;
  }

  /** There is more of it in memory; to make room its holder may let go of just that (shrink()), so who decoded it hands out what he has. */
  #decoded(bytes: number): void {
    this.#decodedBytes += bytes;
    this.holder?.grew(bytes);
  }

  get isSubentry(): boolean | undefined {
    for (const name of SUBENTRIES) {
      const has = recordHasClass(this.record, this.#dictionary, name);
      if (has !== false) return has;
    }
    return false;
  }

  writeAnswer(writer: BerWriter, choice: AnswerChoice): boolean {
    if (this.owner.isDynamic(this) || this.collective() !== undefined) return false;
    const many = (key: AttributeKey) => this.#inRows?.get(key);
    return writeAnswer(writer, this.record, this.#dictionary, this.above.dnText, choice, many);
  }

  readAhead(sends: (key: AttributeKey) => boolean): ReadAhead | undefined {
    const wanted: ManyAttribute[] = [];
    for (const [key, attribute] of this.#inRows ?? [])
      if (attribute instanceof ManyAttribute && attribute.count > READ_AT_ONCE && sends(key))
        wanted.push(attribute);
    return wanted.length === 0 ? undefined : new ValuesAhead(wanted);
  }

  #decode(): Attributes {
    if (!isRdnInside(this.record)) return shownOf(this.state, (key) => this.owner.isSingle(key));
    return this.#inRows ?? this.#state?.attributes ?? decodeAttributes(this.record, this.#dictionary);
  }

  attribute(key: AttributeKey): Attribute | undefined {
    const computed = COMPUTED.get(key);
    if (computed !== undefined) return computed(this);
    const held = this.#held(key);
    return held === undefined && this.owner.collective.gives(key) ? this.collective()?.get(key) : held;
  }

  #held(key: AttributeKey): Attribute | undefined {
    if (this.#stored !== undefined) return this.#stored.get(key);
    // A large entry that is held is decoded once: what is known of its attribute's values stays with them.
    if (this.holder !== undefined || this.#inRows !== undefined || !isRdnInside(this.record))
      return this.stored.get(key);
    return decodeAttribute(this.record, this.#dictionary, key);
  }

  computed(): Attributes {
    const attributes = new Map<AttributeKey, Attribute>();
    for (const [key, make] of COMPUTED) {
      const attribute = make(this);
      if (attribute !== undefined) attributes.set(key, attribute);
    }
    return attributes;
  }

  /** UTF-8 of dnText, made once. */
  get dnBytes(): Uint8Array {
    this.#dnBytes ??= utf8Encode(this.dnText);
    return this.#dnBytes;
  }

  childCount(): number {
    return this.owner.childCount(this.id);
  }

  structuralClass(): Attribute | undefined {
    const classes = this.attribute('objectclass' as AttributeKey);
    return classes === undefined ? undefined : this.owner.structuralClass(classes);
  }

  governingRule(): string | undefined {
    return this.owner.governingRule(this);
  }

  schemaViolation(): string | undefined {
    return isMergedRecord(this.record) ? this.owner.violation(this.stored) : undefined;
  }

  usn(): number {
    return this.owner.usnOf(this.id);
  }

  contextState(): ServerState | undefined {
    return this.parentId === ROOT_ID ? this.owner.contextState() : undefined;
  }

  wantedDn(): string | undefined {
    return this.owner.wantedDn(this);
  }

  memberOf(): readonly Uint8Array[] {
    return this.owner.memberOf(this);
  }

  etag(): Uint8Array {
    return etagOf(this.stored);
  }

  holds(key: AttributeKey, normal: Uint8Array): boolean | undefined {
    if (MEMBERSHIP_KEYS.has(key)) return this.owner.isMemberOf(this, normal);
    if (key !== MEMBER || !this.owner.isDynamic(this)) return undefined;
    if (this.owner.includes(this, normal)) return true;
    // It may have members of its own beside those that are found.
    return this.attribute(MEMBER) === undefined ? false : undefined;
  }

  collective(): Attributes | undefined {
    return this.owner.collective.of(this);
  }

  collectiveSubentries(): readonly Uint8Array[] {
    return this.owner.collective.subentriesOf(this);
  }

  expanded(key: AttributeKey): Attribute | undefined {
    return key === MEMBER && this.owner.isDynamic(this) ? this.owner.dynamicMembers(this) : undefined;
  }

  /** Octets of memory held, roughly. */
  get heldBytes(): number {
    return OBJECT_BYTES + this.record.length + this.#decodedBytes;
  }

  /** Lets go of what can be decoded again. True when there was any. */
  shrink(): boolean {
    if (this.#decodedBytes === 0) return false;
    this.#stored = undefined;
    this.#state = undefined;
    this.#decodedBytes = 0;
    return true;
  }
}

/** Octets that decoded attributes take, roughly. */
function weight(attributes: Attributes): number {
  let bytes = 0;
  for (const attribute of attributes.values()) {
    bytes += ATTRIBUTE_BYTES;
    // Many values are not kept.
    if (attribute.many === undefined) bytes += VALUE_BYTES * valueCount(attribute);
  }
  return bytes;
}
