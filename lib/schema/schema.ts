/**
 * The schema: attribute types, object classes, syntaxes and rules of one server, resolved.
 *
 * Owns lookups, descriptions of attributes as clients write them, keys of names, and what cn=schema publishes. Made by buildSchema
 * (load-schema.ts) after every check; its elements never change. A change of schema makes another one, and become() lets the one that all parts
 * of a server hold take its content in one step. Invariant: whoever remembers what follows from a schema looks at `version`. Lookups take any name
 * or OID in any case.
 */

import { must } from '../base/assert.js';
import { LIMITS } from '../base/limits.js';
import { type Steps, whole } from '../base/steps.js';
import type { Ava, Dn, Rdn } from '../dn/dn.js';
import { readAttributeDescription } from './attribute-text.js';
import type { AttributeDescription, AttributeKey, AttributeType } from './attribute-type.js';
import type { DescriptionKind } from './description.js';
import type { DitRules } from './dit-structure.js';
import type { DnKey, KeyedAva } from './dn-key.js';
import { rdnKeyOfAvas } from './dn-key.js';
import { equalityRule } from './equality-rules.js';
import type { EqualityRule } from './matching-rule.js';
import type { NameTable } from './name-table.js';
import { namingAttribute } from './naming-attributes.js';
import type { ObjectClass } from './object-class.js';
import type { SourcedDescription } from './schema-fault.js';
import { publishSchema } from './schema-publication.js';
import type { Syntax } from './syntax.js';
import { needsBinaryTransfer } from './syntaxes.js';

/** Descriptions kept after parsing: names that clients use are few, names that attackers make up are many. */
const MAX_CACHED_DESCRIPTIONS = 4096;

const OCTETS = must(equalityRule('octetStringMatch'), 'octetStringMatch is built in');

/** One part of an RDN as a change carries it (change/change.ts NamedAva is this type). */
export interface RegisterAva extends KeyedAva {
  readonly key: AttributeKey;
  /** Attribute type as shown. */
  readonly name: string;
}

/** What a Schema is made of; buildSchema fills it. */
export interface SchemaParts {
  readonly sources: readonly SourcedDescription[];
  readonly syntaxes: ReadonlyMap<string, Syntax>;
  readonly attributeTypes: NameTable<AttributeType>;
  readonly objectClasses: NameTable<ObjectClass>;
  readonly ditRules: DitRules;
  /** Types with themselves and everything below them. */
  readonly subtypes: ReadonlyMap<AttributeType, readonly AttributeType[]>;
}

export class Schema {
  #sources: readonly SourcedDescription[];
  #syntaxes: ReadonlyMap<string, Syntax>;
  #types: NameTable<AttributeType>;
  #classes: NameTable<ObjectClass>;
  #ditRules: DitRules;
  #subtypes: ReadonlyMap<AttributeType, readonly AttributeType[]>;
  #superclasses = new Map<ObjectClass, ReadonlySet<ObjectClass>>();
  #descriptions = new Map<string, AttributeDescription>();
  #version = 0;
  #publication: ReadonlyMap<DescriptionKind, readonly string[]> | undefined;

  constructor(parts: SchemaParts) {
    this.#sources = parts.sources;
    this.#syntaxes = parts.syntaxes;
    this.#types = parts.attributeTypes;
    this.#classes = parts.objectClasses;
    this.#ditRules = parts.ditRules;
    this.#subtypes = parts.subtypes;
  }

  /** The definitions it was made from, in order. */
  get sources(): readonly SourcedDescription[] {
    return this.#sources;
  }

  /** Another number after each become(). */
  get version(): number {
    return this.#version;
  }

  /** Another schema of the same content. */
  copy(): Schema {
    return new Schema({
      sources: this.#sources,
      syntaxes: this.#syntaxes,
      attributeTypes: this.#types,
      objectClasses: this.#classes,
      ditRules: this.#ditRules,
      subtypes: this.#subtypes,
    });
  }

  /** Takes the content of another schema; everything asked from now on is answered from it. */
  become(next: Schema): void {
    this.#sources = next.#sources;
    this.#syntaxes = next.#syntaxes;
    this.#types = next.#types;
    this.#classes = next.#classes;
    this.#ditRules = next.#ditRules;
    this.#subtypes = next.#subtypes;
    this.#superclasses = next.#superclasses;
    this.#descriptions = new Map();
    this.#publication = undefined;
    this.#version += 1;
  }

  get attributeTypes(): readonly AttributeType[] {
    return this.#types.all;
  }

  get objectClasses(): readonly ObjectClass[] {
    return this.#classes.all;
  }

  get ditRules(): DitRules {
    return this.#ditRules;
  }

  attributeType(nameOrOid: string): AttributeType | undefined {
    return this.#types.get(nameOrOid);
  }

  objectClass(nameOrOid: string): ObjectClass | undefined {
    return this.#classes.get(nameOrOid);
  }

  syntax(oid: string): Syntax | undefined {
    return this.#syntaxes.get(oid);
  }

  /**
   * What an attribute description says (RFC 4512 section 2.5): `cn;lang-en`. undefined only when it is malformed; a type that the schema
   * does not know stands for itself. The transfer option `binary` (RFC 4522) is no part of the key: it names the same attribute. Values that are
   * text in LDAP have no such form: with the option the description is one that nobody knows (section 3).
   */
  describe(text: string): AttributeDescription | undefined {
    const cached = this.#descriptions.get(text);
    if (cached !== undefined) return cached;
    if (text.length > LIMITS.attributeDescriptionBytes) return undefined;
    const parsed = readAttributeDescription(text);
    if (parsed === undefined) return undefined;
    const named = this.#types.get(parsed.type);
    const isFormOfText = parsed.binary && named?.syntax.humanReadable === true;
    const type = isFormOfText ? undefined : named;
    const options = isFormOfText ? [...parsed.options, 'binary'].sort() : parsed.options;
    const suffix = options.length === 0 ? '' : `;${options.join(';')}`;
    const binary = type === undefined ? parsed.binary && !isFormOfText : needsBinaryTransfer(type.syntax.oid);
    const description: AttributeDescription = {
      text: `${type?.name ?? parsed.type}${binary ? ';binary' : ''}${suffix}`,
      key: `${type?.key ?? parsed.type.toLowerCase()}${suffix}` as AttributeKey,
      type,
      options,
    };
    if (this.#descriptions.size >= MAX_CACHED_DESCRIPTIONS) this.#descriptions.clear();
    this.#descriptions.set(text, description);
    return description;
  }

  /** The type and everything below it, itself first. */
  subtypes(type: AttributeType): readonly AttributeType[] {
    return this.#subtypes.get(type) ?? [type];
  }

  /** Every class above this one, itself included (RFC 4512 section 2.4.1). */
  superclasses(objectClass: ObjectClass): ReadonlySet<ObjectClass> {
    const known = this.#superclasses.get(objectClass);
    if (known !== undefined) return known;
    const closure = closureOf(objectClass);
    if (this.#classes.get(objectClass.oid) === objectClass) this.#superclasses.set(objectClass, closure);
    return closure;
  }

  /** Whether `objectClass` is `other` or below it. */
  isSubclass(objectClass: ObjectClass, other: ObjectClass): boolean {
    return this.superclasses(objectClass).has(other);
  }

  /** The rule by which values of the attribute compare; octetStringMatch when there is none or the type is unknown. */
  equalityOf(description: AttributeDescription): EqualityRule {
    return description.type?.equality ?? OCTETS;
  }

  /** Normal form of an RDN; undefined when it names one type twice (RFC 4512 section 2.3.1). See dn-key.ts. */
  rdnKey(rdn: Rdn): string | undefined {
    const only = rdn[0];
    if (rdn.length === 1 && only !== undefined) return rdnKeyOfAvas([this.#keyed(only)]);
    const avas = rdn.map((ava) => this.#keyed(ava));
    return repeatsKey(avas) ? undefined : rdnKeyOfAvas(avas);
  }

  /** Normal form of a name; undefined when an RDN names one type twice. */
  dnKey(dn: Dn): DnKey | undefined {
    let key = '';
    for (let i = 0; i < dn.rdns.length; i++) {
      const part = this.rdnKey(dn.rdns[i] as Rdn);
      if (part === undefined) return undefined;
      key = i === 0 ? part : `${key},${part}`;
    }
    return key as DnKey;
  }

  /** The RDN as a register value: how it compares is fixed here and travels with it. undefined as for rdnKey. */
  namedRdn(rdn: Rdn): { readonly avas: readonly RegisterAva[] } | undefined {
    const avas = rdn.map((ava) => {
      const { key, equality, value } = this.#keyed(ava);
      return { key, name: this.#types.get(ava.type)?.name ?? ava.type, value, equality };
    });
    return repeatsKey(avas) ? undefined : { avas };
  }

  /** Values of an attribute of cn=schema, in RFC 4512's syntax. */
  definitions(kind: DescriptionKind): readonly string[] {
    this.#publication ??= whole(publishSchema(this.#sources, this.#syntaxes, this.#types.all));
    return this.#publication.get(kind) ?? [];
  }

  /** Makes what definitions() answers, in steps; anew where the schema becomes another meanwhile. */
  *publishInSteps(): Steps<void> {
    while (this.#publication === undefined) {
      const version = this.#version;
      const made = yield* publishSchema(this.#sources, this.#syntaxes, this.#types.all);
      if (version === this.#version) this.#publication = made;
    }
  }

  #keyed(ava: Ava): KeyedAva & { readonly key: AttributeKey } {
    const key = this.#types.get(ava.type)?.key ?? namingAttribute(ava.type).key;
    return { key: key as AttributeKey, value: ava.value, equality: namingAttribute(key).equality };
  }
}

function repeatsKey(avas: readonly KeyedAva[]): boolean {
  return avas.length > 1 && new Set(avas.map((ava) => ava.key)).size < avas.length;
}

function closureOf(objectClass: ObjectClass): ReadonlySet<ObjectClass> {
  const closure = new Set<ObjectClass>([objectClass]);
  for (const one of closure) for (const superior of one.superiors) closure.add(superior);
  return closure;
}
