/**
 * Relax rules (draft-zeilenga-ldap-relax; OpenLDAP's manage DIT): what the administrator may write beyond the model.
 *
 * An add may give createTimestamp, creatorsName, modifyTimestamp, modifiersName and stored attributes that are NO-USER-MODIFICATION; a modify may change those stored
 * attributes and the structural object class. Never entryUUID, which names the entry in every change: two replicas that gave one UUID to two entries could not be
 * brought together; nor what the server computes. Syntaxes, required attributes and names hold as ever.
 */
import { COMPUTED } from '../backend/computed-attributes.js';
import { utf8Decode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import type { PreservedFacts } from '../change/change.js';
import type { EntryPolicy } from '../entry/check-entry.js';
import { isVirtualKey } from '../entry/virtual-attributes.js';
import type { RawAttribute } from '../ldap/message.js';
import type { Schema } from '../schema/schema.js';
import { entryPolicy } from './entry-policy.js';
import type { Operation } from './operation.js';
import type { ServerParts } from './server-parts.js';

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

/** An add's attributes, and the facts of the entry's past among them. Throws LdapError. Without the control all are attributes. */
export function splitFacts(
  schema: Schema,
  operation: Operation,
  attributes: readonly RawAttribute[],
): { readonly attributes: readonly RawAttribute[]; readonly preserved: PreservedFacts | undefined } {
  if (!operation.controls.relax) return { attributes, preserved: undefined };
  const preserved: { -readonly [F in keyof PreservedFacts]: PreservedFacts[F] } = {};
  const rest: RawAttribute[] = [];
  for (const attribute of attributes) {
    const key = schema.describe(attribute.description)?.key;
    const fact = key === undefined ? undefined : FACTS.get(key);
    if (fact === undefined) rest.push(attribute);
    else preserved[fact] = factOf(schema, attribute);
  }
  checkNotComputed(schema, rest);
  return { attributes: rest, preserved };
}

/** Throws LdapError constraintViolation for attributes that even the administrator cannot write. */
export function checkNotComputed(schema: Schema, attributes: readonly RawAttribute[]): void {
  for (const { description } of attributes) {
    const key = schema.describe(description)?.key;
    if (key === undefined || !(COMPUTED.has(key) || isVirtualKey(key))) continue;
    const reason =
      key === 'entryuuid'
        ? 'names the entry on every replica and is given by the server'
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
