/**
 * What an access policy answers: the interface that operations ask, so that an ACI engine can take the place of the first rules.
 *
 * An attribute that a requester may not read does not exist for it: not in results, filters, compares, assertions, pre- and post-reads.
 * Checks throw LdapError insufficientAccessRights; they return when the operation may go on. judge() says the same of an act that nobody does now, and which
 * rule decides. All are pure and synchronous: they run inside the write path's decide step, on the state that the write will find.
 */

import type { EntryUuid } from '../change/change.js';
import type { Dn } from '../dn/dn.js';
import type { EntryView } from '../entry/entry.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { Requester } from './requester.js';

/** An entry with its identity, as rights need it. UUIDs are undefined for virtual entries. */
export interface SubjectEntry extends EntryView {
  readonly uuid?: EntryUuid;
}

/** One modification, as far as rights depend on it. */
export interface AttributeAccess {
  readonly key: AttributeKey;
  readonly operation: 'add' | 'delete' | 'replace' | 'increment';
}

/** What somebody may or may not do with an entry. */
export type Act =
  | { readonly kind: 'see' | 'delete' | 'changePassword'; readonly entry: SubjectEntry }
  /** Search by, read and compare the attribute. */
  | { readonly kind: 'read'; readonly entry: SubjectEntry; readonly key: AttributeKey }
  | { readonly kind: 'add'; readonly dn: Dn; readonly parent: SubjectEntry | undefined }
  /** No accesses at all: whether there is anything that may be modified. */
  | { readonly kind: 'modify'; readonly entry: SubjectEntry; readonly accesses: readonly AttributeAccess[] }
  | {
      readonly kind: 'rename';
      readonly entry: SubjectEntry;
      readonly newParent: SubjectEntry | undefined;
    };

export interface Verdict {
  readonly allowed: boolean;
  /** The rule that decides, as words. */
  readonly rule: string;
}

/** What one requester may see. */
export interface Reader {
  /**
   * Defined when the same attributes are hidden in every entry (mayHide says which): then readers with the same key may share encoded
   * entries and filters are cut once a search. undefined: what is hidden depends on the entry.
   */
  readonly cacheKey: string | undefined;
  /** Whether the entry may be disclosed at all. */
  seesEntry(entry: EntryView): boolean;
  /** Whether this attribute of this entry may be read, matched and compared. */
  sees(entry: EntryView, key: AttributeKey): boolean;
  /** Whether there may be an entry in which the attribute is hidden: asked once a filter, not once an entry. */
  mayHide(key: AttributeKey): boolean;
  /** The entry without what is hidden; the same object when nothing is. */
  view(entry: EntryView): EntryView;
}

export interface AccessPolicy {
  reader(requester: Requester): Reader;
  /** What the reader and the checks would say. */
  judge(requester: Requester, act: Act): Verdict;
  checkAdd(requester: Requester, dn: Dn, parent: SubjectEntry | undefined): void;
  checkDelete(requester: Requester, entry: SubjectEntry): void;
  checkModify(requester: Requester, entry: SubjectEntry, accesses: readonly AttributeAccess[]): void;
  /** `newParent`: undefined when the parent stays. Rights are needed at the old and at the new place. */
  checkRename(requester: Requester, entry: SubjectEntry, newParent: SubjectEntry | undefined): void;
  /** The password modify operation (RFC 3062) and its equivalents by modify. */
  checkPasswordChange(requester: Requester, entry: SubjectEntry): void;
  /** Whether the requester may store a password that is hashed already, of which the server cannot judge the quality. */
  mayStoreHashedPassword(requester: Requester): boolean;
  /** Whether the requester may see the server's own state (cn=monitor and what lies below). */
  mayMonitor(requester: Requester): boolean;
  /** Commands about the server itself (the administration operation). */
  checkAdminister(requester: Requester): void;
}
