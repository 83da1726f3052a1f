/**
 * A fraction: the part of every entry's attributes that a server holds of a domain (fractional replica).
 *
 * Owns which attributes those are, and what is left of a change or of an entry. The answer depends on the attribute's type and the structural classes of the entry
 * alone, which no ordinary change takes from it: so folding what is left of each change gives what is left of the fold (docs/replication.md). Objectclass, operational
 * attributes and what a structural class requires are always held; values of the name are shown whatever is held. The text form is fraction-text.ts.
 */
import type { AttributeChange, Change, ChangeBody } from '../change/change.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { Schema } from '../schema/schema.js';
import { type ClassProfile, classProfile, OBJECT_CLASS_KEY } from './class-profile.js';
import type { Attribute, Attributes } from './entry.js';
import { baseKey } from './option-subtype.js';

/** `all`: everything is held. `exclude`: all but what is listed. `include`: what is listed, and nothing else. */
export type FractionMode = 'all' | 'exclude' | 'include';

/** In place of a class: entries of every class. */
export const EVERY_CLASS = '*';

/** Attributes listed for a class: its lower-cased primary name, or EVERY_CLASS -> keys without options. */
export type FractionLists = ReadonlyMap<string, ReadonlySet<AttributeKey>>;

type Holds = (key: AttributeKey) => boolean;

const EVERYTHING: Holds = () => true;
const NO_LISTS: FractionLists = new Map();

export class Fraction {
  readonly mode: FractionMode;
  readonly lists: FractionLists;
  readonly #schema: Schema | undefined;
  #answers = new WeakMap<ClassProfile, Holds>();

  /** Everything. */
  static readonly ALL = new Fraction('all', NO_LISTS, undefined);

  /** `schema`: what types and classes are, at every moment. */
  constructor(mode: FractionMode, lists: FractionLists, schema: Schema | undefined) {
    this.mode = mode;
    this.lists = lists;
    this.#schema = schema;
  }

  get isAll(): boolean {
    return this.mode === 'all';
  }

  /** Whether an attribute is held of an entry with these attributes, of which only objectClass is looked at. */
  holding(attributes: Attributes): Holds {
    if (this.#schema === undefined) return EVERYTHING;
    const profile = classProfile(attributes, this.#schema);
    const known = this.#answers.get(profile);
    if (known !== undefined) return known;
    const answer = this.#answer(profile, this.#schema);
    this.#answers.set(profile, answer);
    return answer;
  }

  #answer({ structural }: ClassProfile, schema: Schema): Holds {
    const classes = new Set(structural.flatMap((one) => [...schema.superclasses(one)]));
    const listed = new Set(this.lists.get(EVERY_CLASS));
    const required = new Set<AttributeKey>([OBJECT_CLASS_KEY]);
    for (const one of classes) {
      for (const key of this.lists.get(one.name.toLowerCase()) ?? []) listed.add(key);
      for (const type of one.must) required.add(type.key);
    }
    const wanted = this.mode === 'include';
    return (key) => {
      const base = baseKey(key);
      if (required.has(base) || listed.has(base) === wanted) return true;
      return schema.describe(base)?.type?.operational === true;
    };
  }

  /** What is held of these attributes; they themselves where that is all. */
  attributes(attributes: Attributes): Attributes {
    if (this.isAll) return attributes;
    const holds = this.holding(attributes);
    let held: Map<AttributeKey, Attribute> | undefined;
    for (const key of attributes.keys()) {
      if (holds(key)) continue;
      held ??= new Map(attributes);
      held.delete(key);
    }
    return held ?? attributes;
  }

  /** What is left of a change; it itself where nothing is left out. `entry`: the attributes of its entry, which an add brings along. */
  change(change: Change, entry: Attributes | undefined): Change {
    if (this.isAll) return change;
    const { body } = change;
    const left = this.#body(body, entry);
    return left === body ? change : { ...change, body: left };
  }

  #body(body: ChangeBody, entry: Attributes | undefined): ChangeBody {
    if (body.kind === 'delete' || body.kind === 'undelete') return body;
    if (body.kind === 'add') {
      const holds = this.holding(new Map(body.attributes.map((one) => [one.key, one])));
      const attributes = body.attributes.filter(({ key }) => holds(key));
      return attributes.length === body.attributes.length ? body : { ...body, attributes };
    }
    if (entry === undefined) return body;
    const holds = this.holding(entry);
    const attributes = body.attributes.filter(({ key }: AttributeChange) => holds(key));
    return attributes.length === body.attributes.length ? body : { ...body, attributes };
  }

  /** Whether there may be entries of which this attribute (a key without options) is not held. */
  mayLack(key: AttributeKey): boolean {
    if (this.isAll) return false;
    return this.mode === 'exclude'
      ? everywhere(this.lists).has(key)
      : this.lists.get(EVERY_CLASS)?.has(key) !== true;
  }

  /** Whether this attribute is held of entries of every class, and so of one whose class nobody knows any more. */
  holdsOfAny(key: AttributeKey): boolean {
    const base = baseKey(key);
    if (base === OBJECT_CLASS_KEY || !this.mayLack(base)) return true;
    return this.#schema?.describe(base)?.type?.operational === true;
  }

  /** Whether everything that `other` holds is held here too. False where that is not sure. */
  covers(other: Fraction): boolean {
    if (this.isAll) return true;
    if (other.isAll) return false;
    if (this.mode === other.mode) {
      const [less, more] = this.mode === 'include' ? [other, this] : [this, other];
      return everyListed(less.lists, (name, key) => isListed(more.lists, name, key));
    }
    if (this.mode === 'include') return false;
    return everyListed(other.lists, (_, key) => !everywhere(this.lists).has(key));
  }
}

function everyListed(lists: FractionLists, holds: (name: string, key: AttributeKey) => boolean): boolean {
  for (const [name, keys] of lists) for (const key of keys) if (!holds(name, key)) return false;
  return true;
}

function isListed(lists: FractionLists, name: string, key: AttributeKey): boolean {
  return lists.get(name)?.has(key) === true || lists.get(EVERY_CLASS)?.has(key) === true;
}

/** Attributes that are listed for any class. */
function everywhere(lists: FractionLists): ReadonlySet<AttributeKey> {
  return new Set([...lists.values()].flatMap((keys) => [...keys]));
}
