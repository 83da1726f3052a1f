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
import { eachInSteps, type Steps, whole } from '../base/steps.js';
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

/** Definitions that one step reads. */
const STEP_DEFINITIONS = 32;

/** Definitions by definitionKey(), in the order in which they were added; and which have a name. */
class Definitions {
  readonly all = new Map<string, OwnDefinition>();
  readonly #names = new Map<string, Set<string>>();
  readonly #descriptions = new Map<string, Description>();

  /** `description`: what the definition says; undefined where it cannot be read. */
  set(key: string, one: OwnDefinition, description: Description | undefined): void {
    this.delete(key);
    this.all.set(key, one);
    if (description === undefined) return;
    this.#descriptions.set(key, description);
    for (const name of namesOf(description)) {
      const keys = this.#names.get(name);
      if (keys === undefined) this.#names.set(name, new Set([key]));
      else keys.add(key);
    }
  }

  delete(key: string): boolean {
    const description = this.#descriptions.get(key);
    this.#descriptions.delete(key);
    if (description !== undefined)
      for (const name of namesOf(description)) this.#names.get(name)?.delete(key);
    return this.all.delete(key);
  }

  /** The one of this kind that has the name and was added first. */
  keyOfName(kind: OwnKind, name: string): string | undefined {
    for (const key of this.#names.get(`${kind} ${name.toLowerCase()}`) ?? []) return key;
    return undefined;
  }
}

function namesOf(description: Description): readonly string[] {
  return fieldValues(description, 'NAME').map((name) => `${description.kind} ${name.toLowerCase()}`);
}

/**
 * The definitions after the modifications. Throws LdapError: invalidAttributeSyntax, attributeOrValueExists, noSuchAttribute, unwillingToPerform,
 * undefinedAttributeType, adminLimitExceeded.
 */
export function editDefinitions(
  base: Schema,
  own: readonly OwnDefinition[],
  modifications: readonly SchemaModification[],
): readonly OwnDefinition[] {
  return whole(editInSteps(base, own, modifications));
}

/** The same in steps. */
export function* editInSteps(
  base: Schema,
  own: readonly OwnDefinition[],
  modifications: readonly SchemaModification[],
): Steps<readonly OwnDefinition[]> {
  const definitions = yield* definitionsOf(own);
  const protectedKeys = new Map(
    base.sources.map(({ description }) => [definitionKey(description), description]),
  );
  for (const { operation, attribute, values } of modifications) {
    const kind = kindOf(attribute);
    yield;
    switch (operation) {
      case 'add':
        yield* eachInSteps(values, (value) => add(definitions, protectedKeys, kind, value), STEP_DEFINITIONS);
        break;
      case 'delete':
        if (values.length === 0) removeAll(definitions, kind);
        yield* eachInSteps(
          values,
          (value) => remove(definitions, protectedKeys, kind, value),
          STEP_DEFINITIONS,
        );
        break;
      case 'replace':
        yield* replaceAll(definitions, protectedKeys, kind, values);
        break;
      case 'increment':
        throw new LdapError('constraintViolation', `attribute '${attribute}' holds no numbers`);
    }
  }
  if (definitions.all.size > LIMITS.ownDefinitions) {
    throw new LdapError(
      'adminLimitExceeded',
      `cn=schema may hold at most ${LIMITS.ownDefinitions} definitions of its own (ownDefinitions)`,
    );
  }
  return [...definitions.all.values()];
}

/** The same by key; of two with one key the later stands. What cannot be parsed stands under its text. */
function* definitionsOf(own: readonly OwnDefinition[]): Steps<Definitions> {
  const definitions = new Definitions();
  yield* eachInSteps(
    own,
    (one) => {
      const description = parseDescription(one.kind, one.text);
      if (typeof description === 'string') definitions.set(one.text, one, undefined);
      else definitions.set(definitionKey(description), one, description);
    },
    STEP_DEFINITIONS,
  );
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
  if (definitions.all.has(key)) {
    throw new LdapError(
      'attributeOrValueExists',
      `${described(description)} is in the schema already; to change it, delete the old value in the same request before this one`,
    );
  }
  definitions.set(key, { kind, text: stored(description) }, description);
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
    : (definitions.keyOfName(kind, text) ?? definitionKey({ kind, id: text }));
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
  for (const [key, one] of definitions.all) if (one.kind === kind) definitions.delete(key);
}

/** What is given and not protected takes the place of all definitions of the kind; protected ones stay, listed or not. */
function* replaceAll(
  definitions: Definitions,
  protectedKeys: ReadonlyMap<string, Description>,
  kind: OwnKind,
  values: readonly Uint8Array[],
): Steps<void> {
  removeAll(definitions, kind);
  yield* eachInSteps(
    values,
    (value) => {
      const description = read(kind, value);
      const standard = protectedKeys.get(definitionKey(description));
      if (standard === undefined || !sameMeaning(standard, description))
        add(definitions, protectedKeys, kind, value);
    },
    STEP_DEFINITIONS,
  );
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
