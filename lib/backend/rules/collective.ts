/**
 * CollectiveAttributes: what collective subentries (RFC 3671) give to the other entries of a domain, derived when it is read.
 *
 * Data are the subentries alone: they are stored and replicated as any entry is. Owns which entries those are (told of every commit), which of them are for an
 * entry (RFC 3672 section 2.1; X.501: not beyond a specific point below theirs, and never for subentries), what an entry excludes, and what of that a plan may rely
 * on. As of the last durable state. Invariant: a domain that never held a collective attribute pays one look at the dictionary a commit.
 */
import { latin1, utf8Decode } from '../../base/bytes.js';
import type { Attribute, Attributes } from '../../entry/entry.js';
import { baseKey } from '../../entry/option-subtype.js';
import { type ValueKey, valueKey } from '../../entry/value-index.js';
import { prepareMatch } from '../../filter/filter-match.js';
import type { KeyedClause } from '../../filter/filter-plan.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { dnKey, isAtOrBelow, parentKey } from '../../schema/dn-key.js';
import type { Schema } from '../../schema/schema.js';
import {
  type Refinement,
  readSubtreeSpecification,
  refines,
  type SubtreeScope,
  subtreeScope,
} from '../../schema/subtree-specification.js';
import { objectIdentifierForm } from '../../schema/value-forms.js';
import type { EntryId } from '../backend.js';
import type { Layer } from '../layer.js';
import { HalfLifeMap } from '../memory/half-life-map.js';
import type { Dictionary } from '../rows/dictionary.js';
import type { HeldEntry } from '../rows/stored-entry.js';

const OBJECT_CLASS = 'objectclass' as AttributeKey;
const SPECIFICATION = 'subtreespecification' as AttributeKey;
const EXCLUSIONS = 'collectiveexclusions' as AttributeKey;
const ROLE = 'administrativerole' as AttributeKey;
/** Normal forms of names (schema/standard-names.ts). */
const CLASS = 'collectiveattributesubentry';
const SUBENTRY = 'subentry';
/** RFC 3671 section 2.3. */
const EXCLUDE_ALL = 'excludeallcollectiveattributes';
/** RFC 3672 section 2.2: what stands above ends there. */
const SPECIFIC_POINTS: ReadonlySet<string> = new Set(['autonomousarea', 'collectiveattributespecificarea']);
/** Parents of which it is remembered what is near. */
const KEPT_PARENTS = 10_000;
/** A clause other than equality is tried with so many values; with more, some entry is taken to match. */
const PROBED_VALUES = 32;

/** A subentry and what it gives. */
interface Area {
  readonly id: EntryId;
  /** Normal name of its administrative point: the entry above it. */
  readonly point: string;
  readonly scope: SubtreeScope;
  readonly refinement: Refinement | undefined;
  readonly dn: Uint8Array;
  readonly attributes: Attributes;
}

/** Areas that may be for the children of one entry. */
interface Near {
  /** For all of them. */
  readonly all: readonly Area[];
  /** For some. */
  readonly some: readonly Area[];
  /** What `all` give. */
  readonly given: Attributes;
}

/** Values under a collective attribute, of all subentries. */
interface Probe {
  readonly values: readonly Uint8Array[];
  readonly normals: Map<string, ReadonlySet<ValueKey>>;
}

/** Durable entries. */
export interface CollectiveTree {
  byId(id: EntryId): HeldEntry | undefined;
  parent(entry: HeldEntry): HeldEntry | undefined;
}

const NONE: Attributes = new Map();
const NO_AREAS: readonly Area[] = [];

/** See the file header. */
export class CollectiveAttributes {
  readonly #schema: Schema;
  readonly #dictionary: Dictionary;
  /** Set once it is there. */
  tree: CollectiveTree | undefined;
  /** Live entries that are collective subentries, or hold collective attributes without right. */
  readonly #holders = new Set<EntryId>();
  /** What follows from the holders, until something of it changes. */
  #areas: readonly Area[] | undefined;
  #probes = new Map<AttributeKey, Probe>();
  readonly #near = new HalfLifeMap<EntryId, Near>(KEPT_PARENTS);
  /** Administrative points that were met. */
  readonly #points = new Set<EntryId>();
  #types: ReadonlySet<AttributeKey> = new Set();
  #version = -1;

  constructor(schema: Schema, dictionary: Dictionary) {
    this.#schema = schema;
    this.#dictionary = dictionary;
  }

  /** Keys of the collective types. */
  get types(): ReadonlySet<AttributeKey> {
    if (this.#version !== this.#schema.version) {
      this.#version = this.#schema.version;
      const types = this.#schema.attributeTypes.filter((type) => type.collective);
      this.#types = new Set(types.map(({ key }) => key));
      this.#changed();
    }
    return this.#types;
  }

  /** Whether an entry may hold a collective attribute; once true, it stays so. */
  get possible(): boolean {
    for (const key of this.types) if (this.#dictionary.mayHold(key)) return true;
    return false;
  }

  /** All holders, as the rows tell them. */
  begin(holders: Iterable<EntryId>): void {
    this.#holders.clear();
    for (const id of holders) this.#holders.add(id);
    this.#changed();
  }

  /** Whether a stored entry is one of them. */
  isHolder(attributes: Attributes): boolean {
    for (const key of attributes.keys()) if (this.types.has(baseKey(key))) return true;
    return hasClass(attributes.get(OBJECT_CLASS), CLASS);
  }

  /** A batch is durable, and the tree was told. */
  committed(layer: Layer): void {
    if (this.#holders.size === 0 && !this.possible) return;
    let changed = layer.renames;
    for (const [id, { alive, state }] of layer.entries) {
      const was = this.#holders.has(id);
      const is = alive && this.isHolder(state.attributes);
      if (is) this.#holders.add(id);
      else this.#holders.delete(id);
      this.#near.delete(id);
      changed ||= was || is || this.#points.has(id) || state.attributes.has(ROLE);
    }
    if (changed) this.#changed();
  }

  #changed(): void {
    this.#areas = undefined;
    this.#probes = new Map();
    this.#near.clear();
    this.#points.clear();
  }

  /** Whether entries may get an attribute under this key. */
  gives(key: AttributeKey): boolean {
    return this.#holders.size > 0 && this.types.has(baseKey(key));
  }

  /** What subentries give to the entry; undefined: nothing. */
  of(entry: HeldEntry): Attributes | undefined {
    if (this.#holders.size === 0) return undefined;
    const near = this.#nearOf(entry);
    if (near === undefined) return undefined;
    const areas = this.#areasOf(entry, near);
    if (areas.length === 0) return undefined;
    const given = areas === near.all ? near.given : merged(areas, this.#schema);
    const left = this.#without(given, entry);
    return left.size === 0 ? undefined : left;
  }

  /** Names of the subentries that are for the entry (RFC 3671 section 2.2), what it excludes aside. */
  subentriesOf(entry: HeldEntry): readonly Uint8Array[] {
    const near = this.#holders.size === 0 ? undefined : this.#nearOf(entry);
    return near === undefined ? [] : this.#areasOf(entry, near).map(({ dn }) => dn);
  }

  /**
   * For a plan: whether some entry may have a value under the key for which the clause is TRUE. Undefined where rows tell all.
   */
  shared(clause: KeyedClause, key: AttributeKey): boolean | undefined {
    const base = baseKey(key);
    if (!this.gives(base)) return undefined;
    const { values, normals } = this.#probe(base);
    if (values.length === 0) return false;
    if (clause.kind === 'equality') {
      let known = normals.get(clause.rule.name);
      if (known === undefined) {
        known = new Set(values.map((value) => valueKey(value, clause.rule)));
        normals.set(clause.rule.name, known);
      }
      return known.has(latin1(clause.normal) as ValueKey);
    }
    if (clause.kind === 'present' || values.length > PROBED_VALUES) return true;
    const stored: Attributes = new Map([[base, { name: base, values }]]);
    const matches = prepareMatch({ ...clause, keys: [base] });
    return (
      matches({ dn: { rdns: [] }, stored, attribute: (one) => stored.get(one), computed: () => NONE }) ===
      true
    );
  }

  /** All values that any holder has under the key, whatever its options. */
  #probe(base: AttributeKey): Probe {
    let probe = this.#probes.get(base);
    if (probe === undefined) {
      const values: Uint8Array[] = [];
      for (const id of this.#holders) {
        for (const [key, attribute] of this.tree?.byId(id)?.stored ?? [])
          if (baseKey(key) === base) values.push(...attribute.values);
      }
      probe = { values, normals: new Map() };
      this.#probes.set(base, probe);
    }
    return probe;
  }

  #allAreas(): readonly Area[] {
    this.#areas ??= [...this.#holders].sort((a, b) => a - b).flatMap((id) => this.#area(id) ?? []);
    return this.#areas;
  }

  #area(id: EntryId): Area | undefined {
    const entry = this.tree?.byId(id);
    if (entry === undefined || !isSubentry(entry) || !hasClass(entry.stored.get(OBJECT_CLASS), CLASS))
      return undefined;
    const [value] = entry.stored.get(SPECIFICATION)?.values ?? [];
    const specification = value === undefined ? undefined : readSubtreeSpecification(value);
    const point = parentKey(dnKey(entry.dn));
    if (specification === undefined || point === undefined) return undefined;
    const attributes = new Map([...entry.stored].filter(([key]) => this.types.has(baseKey(key))));
    // It is for nobody, also where it is not among the holders yet.
    if (attributes.size === 0) return undefined;
    const { refinement } = specification;
    const scope = subtreeScope(specification, point);
    return { id, point, scope, refinement, dn: entry.dnBytes, attributes };
  }

  /** What is near the entry; undefined: nothing. */
  #nearOf(entry: HeldEntry): Near | undefined {
    // Another schema has other collective types.
    if (this.types.size === 0) return undefined;
    const { parentId } = entry;
    let near = this.#near.get(parentId);
    if (near === undefined) {
      near = this.#makeNear(entry);
      this.#near.set(parentId, near);
    }
    return near.all.length === 0 && near.some.length === 0 ? undefined : near;
  }

  #makeNear(child: HeldEntry): Near {
    const parent = dnKey(child.above.dn);
    const all: Area[] = [];
    const some: Area[] = [];
    const point = this.#pointAbove(child);
    for (const area of this.#allAreas()) {
      const { baseKey: base, whole } = area.scope;
      if (!isAtOrBelow(area.point, point)) continue;
      const above = isAtOrBelow(parent, base);
      if (above && whole && area.refinement === undefined) all.push(area);
      else if (above || parentKey(base) === parent) some.push(area);
    }
    return { all, some, given: merged(all, this.#schema) };
  }

  /** Normal name of the nearest specific point above the entry; '' for none. */
  #pointAbove(entry: HeldEntry): string {
    if (!this.#dictionary.mayHold(ROLE)) return '';
    const { tree } = this;
    for (let at = tree?.parent(entry); at !== undefined; at = tree?.parent(at)) {
      if (!isSpecificPoint(at)) continue;
      this.#points.add(at.id);
      return dnKey(at.dn);
    }
    return '';
  }

  #areasOf(entry: HeldEntry, near: Near): readonly Area[] {
    if (isSubentry(entry)) return NO_AREAS;
    const own = this.#dictionary.mayHold(ROLE) && isSpecificPoint(entry);
    if (near.some.length === 0 && !own) return near.all;
    const key = dnKey(entry.dn);
    return [...near.all, ...near.some]
      .filter(({ point, scope, refinement }) => {
        if (own && point !== key) return false;
        if (!scope.holds(key)) return false;
        return refinement === undefined || refines(refinement, (name) => this.#isOf(entry, name));
      })
      .sort((a, b) => a.id - b.id);
  }

  #isOf(entry: HeldEntry, objectClass: string): boolean {
    const wanted = this.#schema.objectClass(objectClass);
    if (wanted === undefined) return false;
    const values = entry.attribute(OBJECT_CLASS)?.values ?? [];
    return values.some((value) => this.#schema.objectClass(latin1(value)) === wanted);
  }

  /** Without what the entry does without (RFC 3671 section 2.3): a type is meant with its options, its subtypes are not. */
  #without(given: Attributes, entry: HeldEntry): Attributes {
    if (!this.#dictionary.mayHold(EXCLUSIONS)) return given;
    const values = entry.attribute(EXCLUSIONS)?.values ?? [];
    if (values.length === 0) return given;
    const excluded = new Set<AttributeKey>();
    for (const value of values) {
      if (formOf(value) === EXCLUDE_ALL) return NONE;
      const type = this.#schema.attributeType(latin1(value));
      if (type !== undefined) excluded.add(type.key);
    }
    return new Map([...given].filter(([key]) => !excluded.has(baseKey(key))));
  }
}

function formOf(value: Uint8Array): string | undefined {
  const form = objectIdentifierForm(value);
  return form === undefined ? undefined : utf8Decode(form);
}

function hasClass(classes: Attribute | undefined, name: string): boolean {
  return classes?.values.some((value) => formOf(value) === name) === true;
}

function isSpecificPoint(entry: HeldEntry): boolean {
  const values = entry.attribute(ROLE)?.values ?? [];
  return values.some((value) => SPECIFIC_POINTS.has(formOf(value) ?? ''));
}

function isSubentry(entry: HeldEntry): boolean {
  return entry.isSubentry ?? hasClass(entry.attribute(OBJECT_CLASS), SUBENTRY);
}

/** All values of all areas, each once. */
function merged(areas: readonly Area[], schema: Schema): Attributes {
  const [only] = areas;
  if (only === undefined) return NONE;
  if (areas.length === 1) return only.attributes;
  const all = new Map<AttributeKey, Attribute>();
  for (const { attributes } of areas) {
    for (const [key, attribute] of attributes) {
      const known = all.get(key);
      all.set(key, known === undefined ? attribute : united(known, attribute, key, schema));
    }
  }
  return all;
}

function united(a: Attribute, b: Attribute, key: AttributeKey, schema: Schema): Attribute {
  const rule = schema.describe(key)?.type?.equality;
  const values = new Map<ValueKey | string, Uint8Array>();
  for (const value of [...a.values, ...b.values]) {
    const name = rule === undefined ? latin1(value) : valueKey(value, rule);
    if (!values.has(name)) values.set(name, value);
  }
  return { name: a.name, values: [...values.values()] };
}
