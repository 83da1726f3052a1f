/**
 * EntryBytes: SearchResultEntry messages, with the encoded form of entries kept for the common selection (all user attributes).
 *
 * The form is kept beside the StoredEntry (keep()), whose cache bounds the memory; entries that the cache does not hold are encoded every time.
 * A StoredEntry is a value: a write or a rename makes another, and a form is found only by the version that it was made of. A form is shared only between readers with the same cacheKey.
 */
import type { Reader } from '../access/access-policy.js';
import type { EntryId, StoredEntry } from '../backend/backend.js';
import type { BerWriter } from '../ber/ber-writer.js';
import { type Selection, selectAttributes } from '../entry/select-attributes.js';
import { writeEnvelope } from '../ldap/encode-parts.js';
import { writeAttributeList } from '../ldap/encode-response.js';
import { OP } from '../ldap/protocol-tags.js';
import { hasClass } from './referrals.js';
import type { NamedEntry } from './virtual-tree.js';

/** Larger entries are encoded every time. */
const MAX_KEPT_BYTES = 2048;

/** An entry to send; stored ones have an id. */
export type SendableEntry = NamedEntry & { readonly id?: EntryId } & Pick<
    StoredEntry,
    'keptForm' | 'keptSubentry' | 'keeps' | 'keep'
  >;

export class EntryBytes {
  /** Writes the message that gives the entry to this reader. The writer was reset. */
  write(writer: BerWriter, id: number, entry: SendableEntry, reader: Reader, selection: Selection): void {
    const { cacheKey } = reader;
    if (!selection.plain || cacheKey === undefined || entry.id === undefined) {
      writeOperation(writer, entry, reader, selection);
      writeEnvelope(writer, id, 0);
      return;
    }
    const kept = entry.keptForm?.(cacheKey);
    if (kept !== undefined) {
      writer.raw(kept);
    } else {
      writeOperation(writer, entry, reader, selection);
      if (entry.keeps === true && writer.length <= MAX_KEPT_BYTES)
        entry.keep?.({ cacheKey, subentry: isSubentry(entry), octets: writer.bytes() });
    }
    writeEnvelope(writer, id, 0);
  }

  /** Whether the entry is a subentry (RFC 3672), without decoding it where its encoded form is kept. */
  isSubentry(entry: SendableEntry): boolean {
    return entry.keptSubentry ?? isSubentry(entry);
  }
}

function isSubentry(entry: NamedEntry): boolean {
  return hasClass(entry, 'subentry') || hasClass(entry, 'ldapsubentry');
}

function writeOperation(writer: BerWriter, entry: SendableEntry, reader: Reader, selection: Selection): void {
  const mark = writer.length;
  writeAttributeList(writer, selectAttributes(selection, reader.view(entry)));
  writer.text(entry.dnText);
  writer.wrap(OP.searchEntry, mark);
}
