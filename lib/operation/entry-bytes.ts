/**
 * EntryBytes: SearchResultEntry messages, with the encoded form of entries kept for the common selection (all user attributes).
 *
 * A fixed table of slots by entry id, so memory is bounded and a look-up is one array access. A slot is valid for one StoredEntry object, which
 * is a value: a write or a rename makes another. Encodings are shared only between readers with the same cacheKey.
 */
import type { Reader } from '../access/access-policy.js';
import type { EntryId } from '../backend/backend.js';
import type { BerWriter } from '../ber/ber-writer.js';
import { type Selection, selectAttributes } from '../entry/select-attributes.js';
import { writeEnvelope } from '../ldap/encode-parts.js';
import { writeAttributeList } from '../ldap/encode-response.js';
import { OP } from '../ldap/protocol-tags.js';
import { hasClass } from './referrals.js';
import type { NamedEntry } from './virtual-tree.js';

/** A power of two. */
const SLOTS = 65_536;
/** Larger entries are encoded every time. */
const MAX_KEPT_BYTES = 2048;

interface Slot {
  readonly entry: NamedEntry;
  readonly cacheKey: string;
  readonly operation: Uint8Array;
  readonly subentry: boolean;
}

/** An entry to send; stored ones have an id. */
export type SendableEntry = NamedEntry & { readonly id?: EntryId };

export class EntryBytes {
  readonly #slots: (Slot | undefined)[] = new Array<Slot | undefined>(SLOTS).fill(undefined);

  /** Writes the message that gives the entry to this reader. The writer was reset. */
  write(writer: BerWriter, id: number, entry: SendableEntry, reader: Reader, selection: Selection): void {
    const { cacheKey } = reader;
    if (!selection.plain || cacheKey === undefined || entry.id === undefined) {
      writeOperation(writer, entry, reader, selection);
      writeEnvelope(writer, id, 0);
      return;
    }
    const index = entry.id & (SLOTS - 1);
    const slot = this.#slots[index];
    if (slot !== undefined && slot.entry === entry && slot.cacheKey === cacheKey) {
      writer.raw(slot.operation);
    } else {
      writeOperation(writer, entry, reader, selection);
      this.#slots[index] =
        writer.length <= MAX_KEPT_BYTES
          ? { entry, cacheKey, operation: writer.copySince(0), subentry: isSubentry(entry) }
          : undefined;
    }
    writeEnvelope(writer, id, 0);
  }

  /** Whether the entry is a subentry (RFC 3672), without decoding it where its encoded form is kept. */
  isSubentry(entry: SendableEntry): boolean {
    const slot = entry.id === undefined ? undefined : this.#slots[entry.id & (SLOTS - 1)];
    return slot !== undefined && slot.entry === entry ? slot.subentry : isSubentry(entry);
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
