/**
 * LDIF content records as entries to load: names, operational attributes that are kept, schema check.
 *
 * entryUUID, createTimestamp, creatorsName, modifyTimestamp and modifiersName are kept; other operational attributes that the server computes are dropped. Passwords in clear are the
 * caller's to hash first.
 */
import type { LoadEntry } from '../../backend/load/bulk-load.js';
import { COMPUTED } from '../../backend/rows/computed-attributes.js';
import { must } from '../../base/assert.js';
import { utf8Decode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { EntryUuid, PreservedFacts } from '../../change/change.js';
import { parseUuid } from '../../change/entry-uuid.js';
import { NeighbourNames } from '../../dn/neighbour-names.js';
import { type EntryPolicy, STRICT_POLICY } from '../../entry/check-entry.js';
import type { RawValues } from '../../entry/modification.js';
import { hasDescriptions, NewEntries } from '../../entry/new-entries.js';
import type { Schema } from '../../schema/schema.js';

const IMPORT_POLICY: EntryPolicy = { ...STRICT_POLICY, operational: true };

/** Says of journal lines of the data set that the file is of that they are settled. */
const OF_ANOTHER_JOURNAL = 'ds-sync-conflict-resolved';

const PRESERVED = new Map<string, keyof PreservedFacts>([
  ['createtimestamp', 'createTimestamp'],
  ['creatorsname', 'creatorsName'],
  ['modifytimestamp', 'modifyTimestamp'],
  ['modifiersname', 'modifiersName'],
]);

/** A record of content. */
export interface ContentRecord {
  readonly dn: string;
  readonly attributes: readonly RawValues[];
}

interface Parts {
  /** Attributes that are the entry's own. */
  readonly given: readonly RawValues[];
  readonly preserved: PreservedFacts;
  readonly uuid: EntryUuid | undefined;
}

/** Entries of the records of one file, which have much in common with their neighbours. */
export class LdifEntries {
  readonly #schema: Schema;
  readonly #newUuid: () => EntryUuid;
  readonly #names = new NeighbourNames();
  readonly #entries: NewEntries;
  /** Attributes of the last record all of whose attributes were its entry's own. */
  #ordinary: readonly RawValues[] = [];

  /** `newUuid`: for records that bring none. */
  constructor(schema: Schema, newUuid: () => EntryUuid) {
    this.#schema = schema;
    this.#newUuid = newUuid;
    this.#entries = new NewEntries(schema, IMPORT_POLICY);
  }

  /** The entry of a record. Throws LdapError with the reason why it cannot be loaded. */
  entry(record: ContentRecord): LoadEntry {
    const dn = this.#names.parse(record.dn);
    const first = dn.rdns[0];
    if (first === undefined) throw new LdapError('namingViolation', 'the empty DN cannot be loaded');
    const rdn = this.#schema.namedRdn(first);
    if (rdn === undefined)
      throw new LdapError('namingViolation', 'the RDN has a value that its attribute does not allow');
    const { given, preserved, uuid } = this.#parts(record.attributes);
    const attributes = this.#entries.attributes(given, rdn);
    const isNewUuid = uuid === undefined;
    return { dn, rdn, uuid: uuid ?? this.#newUuid(), isNewUuid, attributes, preserved };
  }

  #parts(list: readonly RawValues[]): Parts {
    if (hasDescriptions(list, this.#ordinary)) return { given: list, preserved: {}, uuid: undefined };
    const given: RawValues[] = [];
    const preserved: { -readonly [F in keyof PreservedFacts]: PreservedFacts[F] } = {};
    let uuid: EntryUuid | undefined;
    for (const attribute of list) {
      const key = attribute.description.toLowerCase();
      const fact = PRESERVED.get(key);
      if (fact !== undefined) preserved[fact] = textOf(attribute);
      else if (key === 'entryuuid') uuid = uuidOf(attribute);
      else if (!(COMPUTED as ReadonlyMap<string, unknown>).has(key) && key !== OF_ANOTHER_JOURNAL)
        given.push(attribute);
    }
    if (given.length === list.length) this.#ordinary = list;
    return { given, preserved, uuid };
  }
}

function textOf(attribute: RawValues): string {
  const [value, ...more] = attribute.values;
  const text = value === undefined ? undefined : utf8Decode(value);
  if (text === undefined || more.length > 0)
    throw new LdapError('constraintViolation', `${attribute.description} must have one value of text`);
  return text;
}

function uuidOf(attribute: RawValues): EntryUuid {
  const uuid = parseUuid(textOf(attribute).toLowerCase());
  if (uuid === undefined)
    throw new LdapError(
      'invalidAttributeSyntax',
      `${utf8Decode(must(attribute.values[0], 'one value')) ?? ''} is not a UUID`,
    );
  return uuid;
}
