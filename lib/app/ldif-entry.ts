/**
 * LDIF content records as entries to load: names, operational attributes that are kept, schema check.
 *
 * entryUUID, createTimestamp, creatorsName, modifyTimestamp and modifiersName are kept; other operational attributes that the server computes are dropped. Passwords in clear are the
 * caller's to hash first.
 */
import type { LoadEntry } from '../backend/bulk-load.js';
import { COMPUTED } from '../backend/computed-attributes.js';
import { must } from '../base/assert.js';
import { utf8Decode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import type { EntryUuid, PreservedFacts } from '../change/change.js';
import { parseUuid } from '../change/entry-uuid.js';
import type { NeighbourNames } from '../dn/neighbour-names.js';
import { buildEntry } from '../entry/build-entry.js';
import { checkNewEntry, type EntryPolicy, STRICT_POLICY } from '../entry/check-entry.js';
import type { RawValues } from '../entry/modification.js';
import type { Schema } from '../schema/schema.js';

const IMPORT_POLICY: EntryPolicy = { ...STRICT_POLICY, operational: true };

const PRESERVED = new Map<string, keyof PreservedFacts>([
  ['createtimestamp', 'createTimestamp'],
  ['creatorsname', 'creatorsName'],
  ['modifytimestamp', 'modifyTimestamp'],
  ['modifiersname', 'modifiersName'],
]);

/** The entry of a record. Throws LdapError with the reason why it cannot be loaded. `newUuid`: for records that bring none; `names`: of one file. */
export function ldifEntry(
  record: { readonly dn: string; readonly attributes: readonly RawValues[] },
  schema: Schema,
  newUuid: () => EntryUuid,
  names: NeighbourNames,
): LoadEntry {
  const dn = names.parse(record.dn);
  const first = dn.rdns[0];
  if (first === undefined) throw new LdapError('namingViolation', 'the empty DN cannot be loaded');
  const rdn = schema.namedRdn(first);
  if (rdn === undefined)
    throw new LdapError('namingViolation', 'the RDN has a value that its attribute does not allow');
  const given: RawValues[] = [];
  const preserved: { -readonly [F in keyof PreservedFacts]: PreservedFacts[F] } = {};
  let uuid: EntryUuid | undefined;
  for (const attribute of record.attributes) {
    const key = attribute.description.toLowerCase();
    const fact = PRESERVED.get(key);
    if (fact !== undefined) preserved[fact] = textOf(attribute);
    else if (key === 'entryuuid') uuid = uuidOf(attribute);
    else if (!(COMPUTED as ReadonlyMap<string, unknown>).has(key)) given.push(attribute);
  }
  const { attributes } = checkNewEntry(buildEntry(given, rdn, schema), rdn, schema, IMPORT_POLICY);
  return { dn, rdn, uuid: uuid ?? newUuid(), attributes, preserved };
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
