/**
 * The StoredEntry that readers get: a record, decoded as far as it is asked for, under the name that it had when it was read.
 *
 * Invariants: a value as far as readers see; what is decoded is kept until the cache that holds the entry asks for the memory back.
 * Operational attributes that follow from the state are computed here (RFC 4512 section 3.4, RFC 4530, RFC 5020).
 */
import { utf8Encode } from '../base/bytes.js';
import type { EntryUuid } from '../change/change.js';
import type { EntryState } from '../conflict/entry-state.js';
import type { Dn } from '../dn/dn.js';
import type { Attribute, Attributes } from '../entry/entry.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { EntryId, KeptForm, StoredEntry } from './backend.js';
import { COMPUTED, type ComputedFacts } from './computed-attributes.js';
import type { Dictionary } from './dictionary.js';
import {
  decodeAttribute,
  decodeAttributes,
  decodeState,
  isMergedRecord,
  isRdnInside,
  parentIdOf,
  uuidOf,
} from './entry-record.js';
import { shownOf } from './shown.js';

/** What entries of one backend share. */
export interface EntryOwner {
  readonly dictionary: Dictionary;
  /** Entries shown directly below. */
  childCount(id: EntryId): number;
  /** Name of the structural object class of an entry with these objectClass values, or undefined. */
  structuralClass(objectClass: Attribute): Attribute | undefined;
  /** Whether an attribute is single-valued. */
  isSingle(key: AttributeKey): boolean;
  /** What is wrong with an entry of these attributes, in a sentence. */
  violation(shown: Attributes): string | undefined;
  /** DN that a conflict or a dead parent keeps the entry from having, as text; undefined when there is no conflict. */
  wantedDn(entry: HeldEntry): string | undefined;
}

// Octets of memory as heap snapshots of Node 20 show them.
/** One decoded attribute and one of its values, with their objects. */
const ATTRIBUTE_BYTES = 190;
const VALUE_BYTES = 125;
/** The registers of a decoded state. */
const STATE_BYTES = 900;
/** An entry's own objects, its record's and its names. */
const OBJECT_BYTES = 1100;
/** Objects around a kept form. */
const KEPT_BYTES = 350;

/** See the file header. */
export class HeldEntry implements StoredEntry, ComputedFacts {
  readonly id: EntryId;
  readonly parentId: EntryId;
  readonly dn: Dn;
  readonly dnText: string;
  readonly record: Uint8Array;
  owner: EntryOwner;
  #uuid: EntryUuid | undefined;
  /** The cache's marks: used since it last looked; names were checked at this tree epoch. */
  used = false;
  epoch = -1;
  /** The cache that holds it, told when it grows. */
  holder: { grew(bytes: number): void } | undefined;
  /** Text of the parent's DN that `dnText` was made with. */
  readonly parentText: string;
  #stored: Attributes | undefined;
  #state: EntryState | undefined;
  #dnBytes: Uint8Array | undefined;
  #kept: KeptForm | undefined;
  /** Octets held for decoded attributes and state. */
  #decodedBytes = 0;

  constructor(
    owner: EntryOwner,
    id: EntryId,
    record: Uint8Array,
    dn: Dn,
    dnText: string,
    parentText: string,
    state: EntryState | undefined,
  ) {
    this.owner = owner;
    this.id = id;
    this.record = record;
    this.parentId = parentIdOf(record);
    this.dn = dn;
    this.dnText = dnText;
    this.parentText = parentText;
    this.#state = state;
    if (state !== undefined) this.#decodedBytes = STATE_BYTES + weight(state.attributes);
  }

  /** The same entry under another name. */
  renamed(dn: Dn, dnText: string, parentText: string): HeldEntry {
    return new HeldEntry(this.owner, this.id, this.record, dn, dnText, parentText, this.#state);
  }

  get uuid(): EntryUuid {
    this.#uuid ??= uuidOf(this.record);
    return this.#uuid;
  }

  get state(): EntryState {
    if (this.#state === undefined) {
      this.#state = decodeState(this.record, this.owner.dictionary);
      this.#decoded(STATE_BYTES + weight(this.#state.attributes));
    }
    return this.#state;
  }

  get stored(): Attributes {
    if (this.#stored === undefined) {
      this.#stored = this.#decode();
      this.#decoded(weight(this.#stored));
    }
    return this.#stored;
  }

  #decoded(bytes: number): void {
    this.#decodedBytes += bytes;
    this.holder?.grew(bytes);
  }

  get kept(): KeptForm | undefined {
    return this.#kept;
  }

  get keeps(): boolean {
    return this.holder !== undefined;
  }

  /** Answers are made from the form alone, so what was decoded to make it is let go. */
  keep(form: KeptForm): void {
    if (this.holder === undefined) return;
    const before = this.heldBytes;
    this.shrink();
    this.#kept = form;
    this.holder.grew(this.heldBytes - before);
  }

  #decode(): Attributes {
    if (!isRdnInside(this.record)) return shownOf(this.state, (key) => this.owner.isSingle(key));
    return this.#state?.attributes ?? decodeAttributes(this.record, this.owner.dictionary);
  }

  attribute(key: AttributeKey): Attribute | undefined {
    const computed = COMPUTED.get(key);
    if (computed !== undefined) return computed(this);
    if (this.#stored !== undefined) return this.#stored.get(key);
    if (!isRdnInside(this.record)) return this.stored.get(key);
    return decodeAttribute(this.record, this.owner.dictionary, key);
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

  schemaViolation(): string | undefined {
    return isMergedRecord(this.record) ? this.owner.violation(this.stored) : undefined;
  }

  wantedDn(): string | undefined {
    return this.owner.wantedDn(this);
  }

  /** Octets of memory held, roughly. */
  get heldBytes(): number {
    const kept = this.#kept === undefined ? 0 : KEPT_BYTES + this.#kept.octets.length;
    return OBJECT_BYTES + this.record.length + 4 * this.dnText.length + this.#decodedBytes + kept;
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
  for (const { values } of attributes.values()) bytes += ATTRIBUTE_BYTES + VALUE_BYTES * values.length;
  return bytes;
}
