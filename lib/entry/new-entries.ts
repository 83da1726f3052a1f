/**
 * NewEntries: builds and checks many new entries one after another, as buildEntry() and checkNewEntry() do, faster where neighbours are alike.
 *
 * Entries are alike when they have the same attribute descriptions in the same order and the same object classes. What the schema says of these was
 * found out for the one before; of the next only its values are looked at. Whatever is not plainly sound goes the long way, which alone says what is
 * wrong with an entry. One kind of entry is remembered.
 */
import { equalByteLists, equalBytes } from '../base/bytes.js';
import type { NamedRdn } from '../change/change.js';
import type { AttributeKey, AttributeType } from '../schema/attribute-type.js';
import type { Schema } from '../schema/schema.js';
import { buildEntry } from './build-entry.js';
import { checkNewEntry, type EntryPolicy, hasTwins } from './check-entry.js';
import { OBJECT_CLASS_KEY } from './class-profile.js';
import type { Attribute, Attributes } from './entry.js';
import type { RawValues } from './modification.js';
import { resolveAttribute } from './resolve-attribute.js';

/** An entry with more attributes is not worth remembering. */
const KEPT_ATTRIBUTES = 64;

interface Part {
  readonly description: string;
  readonly key: AttributeKey;
  readonly name: string;
  readonly type: AttributeType;
}

/** What alike entries have in common. */
interface Kind {
  readonly version: number;
  readonly parts: readonly Part[];
  /** Values of objectClass, and which of the parts they are. */
  readonly classes: readonly Uint8Array[];
  readonly classesAt: number;
}

/** Whether the attributes have these descriptions, in this order. */
export function hasDescriptions(
  list: readonly RawValues[],
  parts: readonly { readonly description: string }[],
): boolean {
  if (list.length !== parts.length) return false;
  for (let i = 0; i < parts.length; i++) if (list[i]?.description !== parts[i]?.description) return false;
  return true;
}

/** See the file header. */
export class NewEntries {
  readonly #schema: Schema;
  readonly #policy: EntryPolicy;
  #kind: Kind | undefined;

  constructor(schema: Schema, policy: EntryPolicy) {
    this.#schema = schema;
    this.#policy = policy;
  }

  /** The attributes of the entry that `list` and the RDN describe, checked. Throws LdapError as buildEntry() and checkNewEntry() do. */
  attributes(list: readonly RawValues[], rdn: NamedRdn): Attributes {
    const kind = this.#kind;
    const alike = kind?.version === this.#schema.version ? alikeAttributes(kind, list, rdn) : undefined;
    if (alike !== undefined) return alike;
    const { attributes } = checkNewEntry(
      buildEntry(list, rdn, this.#schema),
      rdn,
      this.#schema,
      this.#policy,
    );
    this.#kind = this.#policy.syntax ? this.#kindOf(list, attributes) : undefined;
    return attributes;
  }

  /** What a sound entry has in common with those alike; undefined: the RDN or its classes added something to it. */
  #kindOf(list: readonly RawValues[], attributes: Attributes): Kind | undefined {
    if (list.length > KEPT_ATTRIBUTES || attributes.size !== list.length) return undefined;
    const parts = list.map(({ description }): Part => {
      const { key, text, type } = resolveAttribute(description, this.#schema);
      return { description, key, name: text, type };
    });
    const classesAt = parts.findIndex(({ key }) => key === OBJECT_CLASS_KEY);
    const given = list[classesAt]?.values;
    if (given === undefined || attributes.get(OBJECT_CLASS_KEY)?.values.length !== given.length)
      return undefined;
    return {
      version: this.#schema.version,
      parts,
      classes: given.map((value) => value.slice()),
      classesAt,
    };
  }
}

/** The attributes of an entry that is alike and sound; undefined: it is not, or not plainly so. */
function alikeAttributes(kind: Kind, list: readonly RawValues[], rdn: NamedRdn): Attributes | undefined {
  const { parts, classes, classesAt } = kind;
  if (!hasDescriptions(list, parts)) return undefined;
  if (!equalByteLists(classes, (list[classesAt] as RawValues).values)) return undefined;
  const attributes = new Map<AttributeKey, Attribute>();
  for (let i = 0; i < parts.length; i++) {
    const { values } = list[i] as RawValues;
    const { key, name, type } = parts[i] as Part;
    if (i !== classesAt && !areSound(values, type)) return undefined;
    attributes.set(key, { name, values });
  }
  return holdsRdn(attributes, rdn) ? attributes : undefined;
}

function areSound(values: readonly Uint8Array[], type: AttributeType): boolean {
  if (values.length !== 1) {
    if (values.length === 0 || type.singleValue || hasTwins(values, type)) return false;
  }
  const { syntax } = type;
  for (const value of values) if (!syntax.isValid(value)) return false;
  return true;
}

/** Whether the one value of the RDN stands among the attributes, octet by octet. */
function holdsRdn(attributes: Attributes, { avas }: NamedRdn): boolean {
  const [ava] = avas;
  if (ava === undefined || avas.length > 1) return false;
  for (const value of attributes.get(ava.key)?.values ?? []) if (equalBytes(value, ava.value)) return true;
  return false;
}
