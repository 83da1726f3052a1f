/**
 * EntryBytes: SearchResultEntry messages, written straight from the stored record where that gives the whole answer.
 *
 * That is so when the same attributes are sent of every entry (the reader has a cacheKey) and none of them is computed. Which attributes those are is
 * worked out once for a reader and a selection.
 */
import type { Reader } from '../../access/access-policy.js';
import type { EntryId, StoredEntry } from '../../backend/backend.js';
import { AnswerChoice } from '../../backend/rows/record-answer.js';
import type { BerWriter } from '../../ber/ber-writer.js';
import { isSelected, type Selection, selectAttributes } from '../../entry/select-attributes.js';
import { writeEnvelope } from '../../ldap/encode-parts.js';
import { writeAttributeList } from '../../ldap/encode-response.js';
import { OP } from '../../ldap/protocol-tags.js';
import { hasClass } from '../referrals.js';
import type { NamedEntry } from '../trees/virtual-tree.js';

/** Kinds of readers whose choices are remembered with a selection. */
const MOST_READERS = 64;

/** An entry to send; stored ones have an id. */
export type SendableEntry = NamedEntry & { readonly id?: EntryId } & Pick<
    StoredEntry,
    'isSubentry' | 'writeAnswer' | 'readAhead'
  >;

export class EntryBytes {
  readonly #choices = new WeakMap<Selection, Map<string, AnswerChoice>>();

  /** Writes the message that gives the entry to this reader. The writer was reset. */
  write(writer: BerWriter, id: number, entry: SendableEntry, reader: Reader, selection: Selection): void {
    const choice = this.#choice(reader, selection);
    if (choice === undefined || entry.writeAnswer?.(writer, choice) !== true)
      writeOperation(writer, entry, reader, selection);
    writeEnvelope(writer, id, 0);
  }

  /** Whether the entry is a subentry (RFC 3672). */
  isSubentry(entry: SendableEntry): boolean {
    return entry.isSubentry ?? isSubentry(entry);
  }

  /** Undefined where what is sent depends on the entry, or is computed. */
  #choice(reader: Reader, selection: Selection): AnswerChoice | undefined {
    const { cacheKey } = reader;
    const { operationalAttributes, namedOperational, typesOnly } = selection;
    if (cacheKey === undefined || operationalAttributes || typesOnly || namedOperational.length > 0)
      return undefined;
    let choices = this.#choices.get(selection);
    if (choices === undefined || choices.size > MOST_READERS) {
      choices = new Map();
      this.#choices.set(selection, choices);
    }
    let choice = choices.get(cacheKey);
    if (choice === undefined) {
      choice = new AnswerChoice((key) => isSelected(selection, key) && !reader.mayHide(key));
      choices.set(cacheKey, choice);
    }
    return choice;
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
