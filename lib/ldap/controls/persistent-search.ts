/**
 * Persistent search: the request and the entry change notification (draft-ietf-ldapext-psearch-03).
 */
import { LdapError } from '../../base/ldap-error.js';
import { TAG } from '../../ber/tags.js';
import { decodeValue, encodeValue } from '../value-codec.js';

/** Kinds of change, as bits of changeTypes and as the value of changeType. */
export const CHANGE_TYPES = { add: 1, delete: 2, modify: 4, modDn: 8 } as const;
export type ChangeType = keyof typeof CHANGE_TYPES;
const ALL_TYPES = 15;

export interface PersistentSearchRequest {
  /** Bits of CHANGE_TYPES. */
  readonly changeTypes: number;
  /** Entries that match already are not given. */
  readonly changesOnly: boolean;
  /** Changed entries come with the entry change notification. */
  readonly returnChanges: boolean;
}

export interface EntryChangeNotification {
  readonly changeType: ChangeType;
  /** Text of the DN before; of a modDn only. */
  readonly previousDn: string | undefined;
  /** Number of the change in cn=changelog, where it is known. */
  readonly changeNumber: number | undefined;
}

/** Throws LdapError protocolError. */
export function decodePersistentSearch(value: Uint8Array | undefined): PersistentSearchRequest {
  return decodeValue('persistent search control', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const changeTypes = reader.integer();
    const changesOnly = reader.boolean();
    const returnChanges = reader.boolean();
    reader.leaveExtensible(outer);
    if (changeTypes < 1 || changeTypes > ALL_TYPES) {
      throw new LdapError(
        'protocolError',
        'changeTypes of the persistent search control is a sum of 1 (add), 2 (delete), 4 (modify) and 8 (modDN)',
      );
    }
    return { changeTypes, changesOnly, returnChanges };
  });
}

export function encodePersistentSearch(request: PersistentSearchRequest): Uint8Array {
  return encodeValue((writer) => {
    writer.boolean(request.returnChanges);
    writer.boolean(request.changesOnly);
    writer.integer(request.changeTypes);
    writer.wrap(TAG.sequence, 0);
  });
}

export function encodeEntryChange(notification: EntryChangeNotification): Uint8Array {
  return encodeValue((writer) => {
    const { changeType, previousDn, changeNumber } = notification;
    // The draft has an INTEGER; what does not fit is left out, as it may be.
    if (changeNumber !== undefined && changeNumber <= 0x7fff_ffff) writer.integer(changeNumber);
    if (changeType === 'modDn' && previousDn !== undefined) writer.text(previousDn);
    writer.integer(CHANGE_TYPES[changeType], TAG.enumerated);
    writer.wrap(TAG.sequence, 0);
  });
}

/** Throws LdapError protocolError. */
export function decodeEntryChange(value: Uint8Array | undefined): EntryChangeNotification {
  return decodeValue('entry change notification', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const code = reader.integer(TAG.enumerated);
    const previousDn = reader.peekTag() === TAG.octetString ? reader.text() : undefined;
    const changeNumber = reader.peekTag() === TAG.integer ? reader.integer() : undefined;
    reader.leaveExtensible(outer);
    const found = Object.entries(CHANGE_TYPES).find(([, bit]) => bit === code);
    if (found === undefined) throw new LdapError('protocolError', `there is no change type ${code}`);
    return { changeType: found[0] as ChangeType, previousDn, changeNumber };
  });
}
