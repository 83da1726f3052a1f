/**
 * Relax rules (draft-zeilenga-ldap-relax; OpenLDAP's manage DIT): what the administrator may write beyond the model.
 *
 * An add may give entryUUID, createTimestamp, creatorsName, modifyTimestamp, modifiersName and stored attributes that are NO-USER-MODIFICATION; a modify may change those
 * stored attributes and the structural object class. Never the entryUUID that an entry has, which names it in every change, nor what the server computes. Syntaxes, required
 * attributes and names hold as ever; a UUID that is known is refused in the write's turn (backend/tree/free-uuid.ts).
 */
import { COMPUTED } from '../../backend/rows/computed-attributes.js';
import { utf8Decode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { EntryUuid, PreservedFacts } from '../../change/change.js';
import { parseUuid } from '../../change/entry-uuid.js';
import type { EntryPolicy } from '../../entry/check-entry.js';
import { isVirtualKey } from '../../entry/virtual-attributes.js';
import type { RawAttribute } from '../../ldap/message.js';
import type { Schema } from '../../schema/schema.js';
import type { Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { entryPolicy } from './entry-policy.js';

const FACTS = new Map<string, keyof PreservedFacts>([
  ['createtimestamp', 'createTimestamp'],
  ['creatorsname', 'creatorsName'],
  ['modifytimestamp', 'modifyTimestamp'],
  ['modifiersname', 'modifiersName'],
]);

/** The policy of entry checks for this request. Throws LdapError insufficientAccessRights when it asks for what only the administrator may. */
export function requestPolicy(parts: ServerParts, operation: Operation): EntryPolicy {
  const policy = entryPolicy(parts);
  if (!operation.controls.relax) return policy;
  if (operation.requester.kind !== 'admin') {
    throw new LdapError(
      'insufficientAccessRights',
      'Only the administrator may use the relax rules control.',
    );
  }
  return { ...policy, operational: true, structuralChange: true };
}

/** What an add's attributes say. */
export interface GivenFacts {
  /** Those that are stored as attributes. */
  readonly attributes: readonly RawAttribute[];
  /** The facts of the entry's past among them. */
  readonly preserved: PreservedFacts | undefined;
  /** The UUID that the entry is to have; undefined: a new one. */
  readonly uuid: EntryUuid | undefined;
}

/** An add's attributes, and the facts of the entry among them. Throws LdapError. Without the control all are attributes. */
export function splitFacts(
  schema: Schema,
  operation: Operation,
  attributes: readonly RawAttribute[],
): GivenFacts {
  if (!operation.controls.relax) return { attributes, preserved: undefined, uuid: undefined };
  const preserved: { -readonly [F in keyof PreservedFacts]: PreservedFacts[F] } = {};
  const rest: RawAttribute[] = [];
  let uuid: EntryUuid | undefined;
  for (const attribute of attributes) {
    const key = schema.describe(attribute.description)?.key;
    const fact = key === undefined ? undefined : FACTS.get(key);
    if (fact !== undefined) preserved[fact] = factOf(schema, attribute);
    else if (key === 'entryuuid') uuid = parseUuid(factOf(schema, attribute));
    else rest.push(attribute);
  }
  checkNotComputed(schema, rest);
  return { attributes: rest, preserved, uuid };
}

/** Throws LdapError constraintViolation for attributes that even the administrator cannot write. */
export function checkNotComputed(schema: Schema, attributes: readonly RawAttribute[]): void {
  for (const { description } of attributes) {
    const key = schema.describe(description)?.key;
    if (key === undefined || !(COMPUTED.has(key) || isVirtualKey(key))) continue;
    const reason =
      key === 'entryuuid'
        ? 'names the entry on every replica and is given once, when the entry is added'
        : 'is computed by the server';
    throw new LdapError('constraintViolation', `attribute '${description}' ${reason}, relax rules or not`);
  }
}

function factOf(schema: Schema, { description, values }: RawAttribute): string {
  const [value, ...more] = values;
  const { syntax } = schema.describe(description)?.type ?? {};
  if (value === undefined || more.length > 0)
    throw new LdapError('constraintViolation', `attribute '${description}' has one value`);
  const text = utf8Decode(value);
  if (text === undefined || syntax?.isValid(value) === false) {
    throw new LdapError(
      'invalidAttributeSyntax',
      `the value of attribute '${description}' is not of its syntax`,
    );
  }
  return text;
}
