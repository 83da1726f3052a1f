/**
 * Virtual trees: entries that are computed when they are read (cn=schema, cn=monitor), and the interface by which other folders plug in theirs.
 *
 * Their entries answer searches and compares like stored ones; a tree may take modify requests, every other write is refused. Owns no tree of its own.
 */
import { utf8Encode } from '../../base/bytes.js';
import type { Dn } from '../../dn/dn.js';
import { parseDn } from '../../dn/dn-text.js';
import type { Attribute, Attributes, EntryView } from '../../entry/entry.js';
import type { SearchScope } from '../../ldap/message.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Schema } from '../../schema/schema.js';
import type { Answer, Operation } from '../operation.js';
import type { SearchPart } from '../search/search-parts.js';
import type { ServerParts } from '../server-parts.js';

/** An entry with the name that responses show. StoredEntry is one. */
export interface NamedEntry extends EntryView {
  readonly dnText: string;
}

/** Entries in a stable order, in slices; undefined at the end. */
export interface VirtualCandidates {
  next(): readonly NamedEntry[] | undefined | Promise<readonly NamedEntry[] | undefined>;
  close(): void;
}

export interface VirtualTree {
  /** Name of the top entry. */
  readonly baseDn: Dn;
  /** Only requesters whom the policy lets monitor see it. */
  readonly monitorOnly: boolean;
  /** What is written to it is this server's own and replicates nowhere: a read-only server takes it too. */
  readonly ownServer?: boolean;
  /** Whether there is, or may be, an entry of this name; it lies at or below baseDn. */
  holds(dn: Dn): boolean;
  /** Entries within base and scope; `base` lies at or below baseDn. Base scope gives the entry or none. */
  search(base: Dn, scope: SearchScope): VirtualCandidates;
  /** How a search is carried out where filter, controls or requester have a say; then search() is not asked. Throws LdapError. */
  part?(operation: Operation, base: Dn, scope: SearchScope): SearchPart;
  /** Takes modify requests for its entries; without it they are refused. */
  modify?(parts: ServerParts, operation: Operation): Promise<Answer>;
}

/** A computed entry. */
export class VirtualEntry implements NamedEntry {
  readonly dn: Dn;
  readonly dnText: string;
  readonly stored: Attributes;
  readonly #operational: Attributes;

  constructor(dn: Dn, dnText: string, user: Attributes, operational: Attributes) {
    this.dn = dn;
    this.dnText = dnText;
    this.stored = user;
    this.#operational = operational;
  }

  attribute(key: AttributeKey): Attribute | undefined {
    return this.stored.get(key) ?? this.#operational.get(key);
  }

  computed(): Attributes {
    return this.#operational;
  }
}

/** A virtual entry of texts: its attributes are made when they are asked for, so that a long list of entries costs little more than their names. */
class TextEntry implements NamedEntry {
  readonly dn: Dn;
  readonly dnText: string;
  readonly #schema: Schema;
  readonly #user: Texts;
  readonly #operational: Texts;
  #stored: Attributes | undefined;
  #computed: Attributes | undefined;

  constructor(schema: Schema, dnText: string, user: Texts, operational: Texts) {
    this.dn = parseDn(dnText);
    this.dnText = dnText;
    this.#schema = schema;
    this.#user = user;
    this.#operational = operational;
  }

  get stored(): Attributes {
    this.#stored ??= attributesOf(this.#schema, this.#user);
    return this.#stored;
  }

  attribute(key: AttributeKey): Attribute | undefined {
    return this.stored.get(key) ?? this.computed().get(key);
  }

  computed(): Attributes {
    this.#computed ??= attributesOf(this.#schema, this.#operational);
    return this.#computed;
  }
}

type Texts = Readonly<Record<string, VirtualValues>>;

/** Values of one attribute of a virtual entry: text is encoded as UTF-8. An empty list leaves the attribute out. */
export type VirtualValues = string | Uint8Array | readonly (string | Uint8Array)[];

/** Builds a virtual entry from its user and its operational attributes. */
export function virtualEntry(
  schema: Schema,
  dnText: string,
  user: Texts,
  operational: Texts = {},
): NamedEntry {
  return new TextEntry(schema, dnText, user, operational);
}

function attributesOf(schema: Schema, given: Texts): Attributes {
  const attributes = new Map<AttributeKey, Attribute>();
  for (const [name, value] of Object.entries(given)) {
    const list = typeof value === 'string' || value instanceof Uint8Array ? [value] : value;
    const description = schema.describe(name);
    if (list.length === 0 || description === undefined) continue;
    const values = list.map((one) => (typeof one === 'string' ? utf8Encode(one) : one));
    attributes.set(description.key, { name: description.text, values });
  }
  return attributes;
}

/** Candidates from a list that is made at the first next(). */
export function candidatesOf(list: () => readonly NamedEntry[]): VirtualCandidates {
  let given = false;
  return {
    next: () => {
      if (given) return undefined;
      given = true;
      return list();
    },
    close: () => undefined,
  };
}

/** Whether `dn` lies within the scope of a search from a base that has `baseDepth` RDNs and is at or above it. */
export function inScope(depth: number, baseDepth: number, scope: SearchScope): boolean {
  switch (scope) {
    case 'base':
      return depth === baseDepth;
    case 'one':
      return depth === baseDepth + 1;
    case 'sub':
      return depth >= baseDepth;
    case 'subordinates':
      return depth > baseDepth;
  }
}

/** A tree small enough to be listed whole at every read. */
export class ListedTree implements VirtualTree {
  readonly baseDn: Dn;
  readonly monitorOnly: boolean;
  readonly #schema: Schema;
  readonly #list: () => readonly NamedEntry[];

  /** `list`: all entries, the top among them, parents before children. */
  constructor(schema: Schema, baseDn: Dn, monitorOnly: boolean, list: () => readonly NamedEntry[]) {
    this.#schema = schema;
    this.baseDn = baseDn;
    this.monitorOnly = monitorOnly;
    this.#list = list;
  }

  holds(dn: Dn): boolean {
    const keys = rdnKeys(this.#schema, dn);
    if (keys === undefined) return false;
    // The top is there without a look at all that stands below it.
    if (keys.length === this.baseDn.rdns.length && isUnder(this.#schema, this.baseDn, keys)) return true;
    return this.#list().some((entry) => this.#isAt(entry, keys));
  }

  search(base: Dn, scope: SearchScope): VirtualCandidates {
    return candidatesOf(() => {
      const keys = rdnKeys(this.#schema, base);
      if (keys === undefined) return [];
      return this.#list().filter(
        (entry) => inScope(entry.dn.rdns.length, keys.length, scope) && isUnder(this.#schema, entry.dn, keys),
      );
    });
  }

  #isAt(entry: NamedEntry, keys: readonly string[]): boolean {
    return entry.dn.rdns.length === keys.length && isUnder(this.#schema, entry.dn, keys);
  }
}

/** Keys of a name's RDNs, leaf first, or undefined when a value violates its syntax. */
export function rdnKeys(schema: Schema, dn: Dn): readonly string[] | undefined {
  const keys: string[] = [];
  for (const rdn of dn.rdns) {
    const key = schema.rdnKey(rdn);
    if (key === undefined) return undefined;
    keys.push(key);
  }
  return keys;
}

/** Whether `dn` is the name with these RDN keys or lies below it. */
export function isUnder(schema: Schema, dn: Dn, ancestor: readonly string[]): boolean {
  const skip = dn.rdns.length - ancestor.length;
  if (skip < 0) return false;
  for (let i = ancestor.length - 1; i >= 0; i--) {
    const rdn = dn.rdns[skip + i];
    if (rdn === undefined || schema.rdnKey(rdn) !== ancestor[i]) return false;
  }
  return true;
}
