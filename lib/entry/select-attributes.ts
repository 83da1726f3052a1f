/**
 * What a search returns of an entry (RFC 4511 section 4.5.1.8; '+': RFC 3673; '@class': RFC 4529): compiled once a search, applied to each entry.
 *
 * A name asks for the type, its subtypes, and all option subtypes. Unknown names and malformed ones are passed over; an attribute asked for twice comes
 * once. Attributes come in the entry's order, those that others give it and computed ones last. Access rules are not here: hand in a view without what is hidden.
 */
import { LIMITS } from '../base/limits.js';
import type { AttributeKey, AttributeType } from '../schema/attribute-type.js';
import type { ObjectClass } from '../schema/object-class.js';
import type { Schema } from '../schema/schema.js';
import type { Attribute, EntryView } from './entry.js';
import { baseKey, hasAllOptions, hasOptions, optionsOf } from './option-subtype.js';

const EXTENSIBLE_OBJECT_OID = '1.3.6.1.4.1.1466.101.120.111';

const MEMBER = 'member' as AttributeKey;

/** Option lists of which an attribute must have one wholly; 'any' when the bare type was asked for. */
type WantedOptions = 'any' | string[][];

/** What is asked for. */
export interface Selection {
  /** All user attributes ('*', or an empty list). */
  readonly userAttributes: boolean;
  /** All operational attributes ('+'). */
  readonly operationalAttributes: boolean;
  /** By key without options: what was named, subtypes included. */
  readonly named: ReadonlyMap<AttributeKey, WantedOptions>;
  /** Keys of `named` that may be computed. */
  readonly namedOperational: readonly AttributeKey[];
  readonly typesOnly: boolean;
  /** Exactly the user attributes with their values: the common case, and the one worth caching encoded. */
  readonly plain: boolean;
  /** Whether a key is operational; kept for the search. */
  isOperational(key: AttributeKey): boolean;
}

/** Compiles the attribute list of a search. Names beyond LIMITS.requestedAttributes were refused by the decoder and are passed over here. */
export function compileSelection(list: readonly string[], schema: Schema, typesOnly = false): Selection {
  let userAttributes = list.length === 0;
  let operationalAttributes = false;
  const named = new Map<AttributeKey, WantedOptions>();
  for (const text of list.slice(0, LIMITS.requestedAttributes)) {
    if (text === '*') userAttributes = true;
    else if (text === '+') operationalAttributes = true;
    else if (text.startsWith('@'))
      userAttributes = selectClass(named, text.slice(1), schema) || userAttributes;
    else selectName(named, text, schema);
  }
  const namedOperational = [...named.keys()].filter(
    (key) => schema.describe(key)?.type?.operational !== false,
  );
  return {
    userAttributes,
    operationalAttributes,
    named,
    namedOperational,
    typesOnly,
    plain: userAttributes && !operationalAttributes && namedOperational.length === 0 && !typesOnly,
    isOperational: rememberOperational(schema),
  };
}

/** The attributes of the entry that are asked for; with typesOnly, without values. */
export function selectAttributes(selection: Selection, entry: EntryView): Attribute[] {
  const selected: Attribute[] = [];
  for (const [key, attribute] of entry.stored) {
    if (isSelected(selection, key)) selected.push(attribute);
  }
  if (selection.operationalAttributes) {
    for (const [key, attribute] of entry.computed()) {
      if (!entry.stored.has(key)) selected.push(attribute);
    }
  } else {
    for (const key of selection.namedOperational) {
      if (entry.stored.has(key) || selection.named.get(key) !== 'any') continue;
      const attribute = entry.attribute(key);
      if (attribute !== undefined) selected.push(attribute);
    }
  }
  const collective = entry.collective?.();
  if (collective !== undefined) {
    for (const [key, attribute] of collective) if (isSelected(selection, key)) selected.push(attribute);
  }
  if (entry.expanded !== undefined && isSelected(selection, MEMBER) && !entry.stored.has(MEMBER)) {
    const members = entry.expanded(MEMBER);
    if (members !== undefined) selected.push(members);
  }
  return selection.typesOnly ? selected.map(({ name }) => ({ name, values: [] })) : selected;
}

/** Whether an attribute of an entry is asked for. */
export function isSelected(selection: Selection, key: AttributeKey): boolean {
  if (selection.userAttributes || selection.operationalAttributes) {
    const all = selection.isOperational(key) ? selection.operationalAttributes : selection.userAttributes;
    if (all) return true;
  }
  if (selection.named.size === 0) return false;
  if (!hasOptions(key)) return selection.named.get(key) === 'any';
  const wanted = selection.named.get(baseKey(key));
  if (wanted === undefined || wanted === 'any') return wanted === 'any';
  const options = optionsOf(key);
  return wanted.some((want) => hasAllOptions(options, want));
}

function selectName(named: Map<AttributeKey, WantedOptions>, text: string, schema: Schema): void {
  const description = schema.describe(text);
  if (description === undefined) return;
  if (description.type === undefined) {
    // An entry may hold it all the same, from a server whose schema knows it.
    want(named, baseKey(description.key), description.options);
    return;
  }
  for (const type of schema.subtypes(description.type)) want(named, type.key, description.options);
}

/** Names all attributes of a class. True: the class stands for all user attributes. */
function selectClass(named: Map<AttributeKey, WantedOptions>, text: string, schema: Schema): boolean {
  const [name = '', ...options] = text.toLowerCase().split(';');
  const objectClass = schema.objectClass(name);
  if (objectClass === undefined) return false;
  if (objectClass.oid === EXTENSIBLE_OBJECT_OID && options.length === 0) return true;
  for (const type of typesOf(objectClass)) {
    for (const subtype of schema.subtypes(type)) want(named, subtype.key, options);
  }
  return false;
}

function typesOf(objectClass: ObjectClass): readonly AttributeType[] {
  return [...objectClass.must, ...objectClass.may];
}

function want(named: Map<AttributeKey, WantedOptions>, key: AttributeKey, options: readonly string[]): void {
  const known = named.get(key);
  if (known === 'any') return;
  if (options.length === 0) named.set(key, 'any');
  else if (known === undefined) named.set(key, [[...options]]);
  else known.push([...options]);
}

function rememberOperational(schema: Schema): (key: AttributeKey) => boolean {
  const known = new Map<AttributeKey, boolean>();
  return (key) => {
    let operational = known.get(key);
    if (operational === undefined) {
      operational = schema.describe(key)?.type?.operational ?? false;
      known.set(key, operational);
    }
    return operational;
  };
}
