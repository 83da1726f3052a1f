/**
 * A modify request for cn=schema, applied to the definitions that were added before (RFC 4512 section 4.2; RFC 4511 section 4.6).
 *
 * Owns what a client may ask for and the words of every refusal that follows from the definitions alone. Definitions of the installation and of
 * schema files are protected: they can neither be deleted nor defined anew. Whether the result fits together is own-definitions.ts, whether
 * entries need what goes is the caller's.
 */
import { utf8Decode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { definitionKey } from './definition-key.js';
import { DESCRIPTION_KINDS, type Description, displayName, fieldValues, hasField } from './description.js';
import { OWN_KINDS, type OwnDefinition, type OwnKind, USER_FILE } from './own-definitions.js';
import type { Schema } from './schema.js';
import { formatDescription } from './schema-format.js';
import { parseDescription } from './schema-parser.js';

/** One modification of a request. */
export interface SchemaModification {
  readonly operation: 'add' | 'delete' | 'replace' | 'increment';
  /** Attribute of cn=schema, as written. */
  readonly attribute: string;
  readonly values: readonly Uint8Array[];
}

/** Definitions by definitionKey(), in the order in which they were added. */
type Definitions = Map<string, OwnDefinition>;

/**
 * The definitions after the modifications. Throws LdapError: invalidAttributeSyntax, attributeOrValueExists, noSuchAttribute, unwillingToPerform,
 * undefinedAttributeType, adminLimitExceeded.
 */
export function editDefinitions(
  base: Schema,
  own: readonly OwnDefinition[],
  modifications: readonly SchemaModification[],
): readonly OwnDefinition[] {
  const definitions = definitionsOf(own);
  const protectedKeys = new Map(
    base.sources.map(({ description }) => [definitionKey(description), description]),
  );
  for (const { operation, attribute, values } of modifications) {
    const kind = kindOf(attribute);
    switch (operation) {
      case 'add':
        for (const value of values) add(definitions, protectedKeys, kind, value);
        break;
      case 'delete':
        if (values.length === 0) removeAll(definitions, kind);
        for (const value of values) remove(definitions, protectedKeys, kind, value);
        break;
      case 'replace':
        replaceAll(definitions, protectedKeys, kind, values);
        break;
      case 'increment':
        throw new LdapError('constraintViolation', `attribute '${attribute}' holds no numbers`);
    }
  }
  if (definitions.size > LIMITS.ownDefinitions) {
    throw new LdapError(
      'adminLimitExceeded',
      `cn=schema may hold at most ${LIMITS.ownDefinitions} definitions of its own (ownDefinitions)`,
    );
  }
  return [...definitions.values()];
}

/** The same by key; of two with one key the later stands. What cannot be parsed stands under its text. */
function definitionsOf(own: readonly OwnDefinition[]): Definitions {
  const definitions: Definitions = new Map();
  for (const one of own) {
    const description = parseDescription(one.kind, one.text);
    definitions.set(typeof description === 'string' ? one.text : definitionKey(description), one);
  }
  return definitions;
}

function kindOf(attribute: string): OwnKind {
  const wanted = attribute.toLowerCase();
  const kind = OWN_KINDS.find((one) => one.toLowerCase() === wanted);
  if (kind !== undefined) return kind;
  if (DESCRIPTION_KINDS.some((one) => one.toLowerCase() === wanted)) {
    throw new LdapError(
      'unwillingToPerform',
      `'${attribute}' cannot be changed over LDAP: syntaxes and matching rules are part of the server`,
    );
  }
  throw new LdapError(
    'unwillingToPerform',
    `only definitions of cn=schema can be changed (${OWN_KINDS.join(', ')}), not '${attribute.slice(0, 64)}'`,
  );
}

function add(
  definitions: Definitions,
  protectedKeys: ReadonlyMap<string, Description>,
  kind: OwnKind,
  value: Uint8Array,
): void {
  const description = read(kind, value);
  const key = definitionKey(description);
  const standard = protectedKeys.get(key);
  if (standard !== undefined) {
    throw sameMeaning(standard, description)
      ? new LdapError('attributeOrValueExists', `${described(description)} is in the schema already`)
      : new LdapError(
          'unwillingToPerform',
          `${described(description)} has the OID of ${described(standard)}, which is protected: the installation or a schema file defines it`,
        );
  }
  if (definitions.has(key)) {
    throw new LdapError(
      'attributeOrValueExists',
      `${described(description)} is in the schema already; to change it, delete the old value in the same request before this one`,
    );
  }
  definitions.set(key, { kind, text: stored(description) });
}

function remove(
  definitions: Definitions,
  protectedKeys: ReadonlyMap<string, Description>,
  kind: OwnKind,
  value: Uint8Array,
): void {
  const text = textOf(kind, value).trim();
  const found = text.startsWith('(')
    ? definitionKey(read(kind, value))
    : (keyOfName(definitions, kind, text) ?? definitionKey({ kind, id: text }));
  if (definitions.delete(found)) return;
  const standard = protectedKeys.get(found) ?? namedIn(protectedKeys.values(), kind, text);
  if (standard !== undefined) {
    throw new LdapError(
      'unwillingToPerform',
      `${described(standard)} is protected: the installation or a schema file defines it`,
    );
  }
  throw new LdapError('noSuchAttribute', `${kind} has no value '${text.slice(0, 64)}'`);
}

function removeAll(definitions: Definitions, kind: OwnKind): void {
  for (const [key, one] of definitions) if (one.kind === kind) definitions.delete(key);
}

/** What is given and not protected takes the place of all definitions of the kind; protected ones stay, listed or not. */
function replaceAll(
  definitions: Definitions,
  protectedKeys: ReadonlyMap<string, Description>,
  kind: OwnKind,
  values: readonly Uint8Array[],
): void {
  removeAll(definitions, kind);
  for (const value of values) {
    const standard = protectedKeys.get(definitionKey(read(kind, value)));
    if (standard === undefined || !sameMeaning(standard, read(kind, value)))
      add(definitions, protectedKeys, kind, value);
  }
}

function keyOfName(definitions: Definitions, kind: OwnKind, name: string): string | undefined {
  for (const [key, one] of definitions) {
    if (one.kind !== kind) continue;
    const description = parseDescription(kind, one.text);
    if (typeof description !== 'string' && hasName(description, name)) return key;
  }
  return undefined;
}

function namedIn(all: Iterable<Description>, kind: OwnKind, name: string): Description | undefined {
  for (const one of all) if (one.kind === kind && hasName(one, name)) return one;
  return undefined;
}

function hasName(description: Description, name: string): boolean {
  return fieldValues(description, 'NAME').some((one) => one.toLowerCase() === name.toLowerCase());
}

function textOf(kind: OwnKind, value: Uint8Array): string {
  const text = value.length > LIMITS.schemaDescriptionBytes ? undefined : utf8Decode(value);
  if (text !== undefined) return text;
  throw new LdapError('invalidAttributeSyntax', `a value of ${kind} is not UTF-8 text, or too long`);
}

function read(kind: OwnKind, value: Uint8Array): Description {
  const description = parseDescription(kind, textOf(kind, value));
  if (typeof description !== 'string') return description;
  throw new LdapError('invalidAttributeSyntax', `a value of ${kind} cannot be read: ${description}`);
}

/** As it is kept: strictly RFC 4512, with where it came from. */
function stored(description: Description): string {
  const fields = new Map(description.fields);
  if (!hasField(description, 'X-ORIGIN')) fields.set('X-ORIGIN', ['user defined']);
  if (!hasField(description, 'X-SCHEMA-FILE')) fields.set('X-SCHEMA-FILE', [USER_FILE]);
  return formatDescription({ ...description, fields });
}

/** Whether two definitions say the same; words for people and extensions aside. */
function sameMeaning(a: Description, b: Description): boolean {
  return bare(a) === bare(b);
}

function bare(description: Description): string {
  const fields = [...description.fields].filter(
    ([keyword]) => keyword !== 'DESC' && !keyword.startsWith('X-'),
  );
  return formatDescription({ ...description, fields: new Map(fields) }).toLowerCase();
}

function described(description: Description): string {
  return `'${displayName(description)}' (${description.id})`;
}
