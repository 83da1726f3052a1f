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
import type { EntryId, StoredEntry } from './backend.js';
import { COMPUTED, type ComputedFacts } from './computed-attributes.js';
import type { Dictionary } from './dictionary.js';
import {
  decodeAttribute,
  decodeAttributes,
  decodeState,
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
  /** DN that a conflict or a dead parent keeps the entry from having, as text; undefined when there is no conflict. */
  wantedDn(entry: HeldEntry): string | undefined;
}

/** Octets that decoded attributes take beside the record, roughly. */
const DECODED_BYTES = 3000;
/** Octets of an entry's own objects, roughly. */
const OBJECT_BYTES = 500;

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
      this.holder?.grew(DECODED_BYTES);
    }
    return this.#state;
  }

  get stored(): Attributes {
    if (this.#stored === undefined) {
      this.#stored = this.#decode();
      this.holder?.grew(DECODED_BYTES);
    }
    return this.#stored;
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

  wantedDn(): string | undefined {
    return this.owner.wantedDn(this);
  }

  /** Octets of memory held, roughly. */
  get heldBytes(): number {
    const decoded =
      (this.#stored === undefined ? 0 : DECODED_BYTES) + (this.#state === undefined ? 0 : DECODED_BYTES);
    return OBJECT_BYTES + this.record.length + decoded;
  }

  /** Lets go of what can be decoded again. True when there was any. */
  shrink(): boolean {
    if (this.#stored === undefined && this.#state === undefined) return false;
    this.#stored = undefined;
    this.#state = undefined;
    return true;
  }
}
