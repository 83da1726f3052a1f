/**
 * Which attributes are indexed and how: the options, their defaults, and the same resolved against a schema.
 *
 * The store remembers the indexes that it holds by description(); when configuration or schema would make other rows, the backend asks for a
 * rebuild. Presence is answered from the equality rows of the attribute, so it costs no rows of its own there. entryUUID is answered from
 * the uuid rows.
 */
import { isVirtualKey } from '../../entry/virtual-attributes.js';
import type { IndexCatalog } from '../../filter/filter-plan.js';
import { CommonKeys } from '../../filter/keys-without-rows.js';
import type { SubstringLookup } from '../../filter/substring-keys.js';
import type { AttributeKey, AttributeType } from '../../schema/attribute-type.js';
import type { EqualityRule, OrderingRule, SubstringRule } from '../../schema/matching-rule.js';
import { COMPUTED } from '../rows/computed-attributes.js';
import { INDEX_KIND, type IndexKind } from '../rows/key-space.js';
import { derivedRule } from './derived-indexes.js';

/** Kinds of index for one attribute. */
export interface IndexKinds {
  readonly equality?: boolean;
  readonly substring?: boolean;
  readonly ordering?: boolean;
  readonly presence?: boolean;
  /** Entries that a common key of the substring index has at least. Default COMMON_HOLDERS. */
  readonly commonFrom?: number;
}

/** Attribute type (any name) -> kinds. */
export type IndexOptions = Readonly<Record<string, IndexKinds>>;

const EQ: IndexKinds = { equality: true };
const EQ_SUB: IndexKinds = { equality: true, substring: true };
const EQ_ORD: IndexKinds = { equality: true, ordering: true };
const ORD: IndexKinds = { ordering: true };

export const DEFAULT_INDEXES: IndexOptions = {
  objectClass: EQ,
  uid: EQ_SUB,
  cn: EQ_SUB,
  sn: EQ_SUB,
  givenName: EQ_SUB,
  mail: EQ_SUB,
  telephoneNumber: EQ,
  employeeNumber: EQ,
  ou: EQ,
  o: EQ,
  dc: EQ,
  member: EQ,
  uniqueMember: EQ,
  memberUid: EQ,
  manager: EQ,
  uidNumber: EQ_ORD,
  gidNumber: EQ_ORD,
  createTimestamp: ORD,
  modifyTimestamp: ORD,
};

/** One attribute's indexes, rules at hand. */
export interface IndexSpec {
  readonly key: AttributeKey;
  readonly equality: EqualityRule | undefined;
  readonly substring: SubstringRule | undefined;
  readonly ordering: OrderingRule | undefined;
  readonly presence: boolean;
  /** Keys of the substring index that have no rows. */
  readonly common: CommonKeys;
  /** IndexKinds.commonFrom. */
  readonly commonFrom: number | undefined;
  /** The schema allows one value. */
  readonly single: boolean;
}

/** One index: the rows of one attribute and kind. */
export interface IndexItem {
  readonly key: AttributeKey;
  readonly kind: IndexKind;
  /** Attribute, kind and rule: equal texts make equal rows. */
  readonly text: string;
}

const KIND_NAMES = [
  ['equality', INDEX_KIND.equality, 'eq'],
  ['ordering', INDEX_KIND.ordering, 'ord'],
  ['presence', INDEX_KIND.presence, 'pres'],
  ['substring', INDEX_KIND.substring, 'sub'],
] as const;

/** What index resolution needs of the schema. */
export interface TypeLookup {
  attributeType(nameOrOid: string): AttributeType | undefined;
}

const ENTRY_UUID = 'entryuuid' as AttributeKey;

/** The indexes of one backend: specs for writers, catalog for the planner. */
export class IndexConfig implements IndexCatalog {
  readonly specs: readonly IndexSpec[];
  readonly #byKey = new Map<AttributeKey, IndexSpec>();
  /** Name of the rule of entryUUID. */
  readonly uuidRule: string | undefined;

  /** Attributes that the schema does not know, or kinds that it has no rule for, are left out. */
  constructor(options: IndexOptions, schema: TypeLookup) {
    for (const [name, kinds] of Object.entries(options)) {
      const type = schema.attributeType(name);
      if (type === undefined || !isIndexable(type.key)) continue;
      this.#byKey.set(type.key, {
        key: type.key,
        equality: kinds.equality === true ? type.equality : undefined,
        substring: kinds.substring === true ? type.substring : undefined,
        ordering: kinds.ordering === true ? type.ordering : undefined,
        presence: kinds.presence === true,
        common: CommonKeys.NONE,
        commonFrom: kinds.commonFrom,
        single: type.singleValue,
      });
    }
    this.specs = [...this.#byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    this.uuidRule = schema.attributeType(ENTRY_UUID)?.equality?.name;
  }

  /** The indexes of one attribute alone. */
  static only(spec: IndexSpec): IndexConfig {
    return IndexConfig.#of([spec], undefined);
  }

  static #of(specs: readonly IndexSpec[], uuidRule: string | undefined): IndexConfig {
    const config = new IndexConfig({}, { attributeType: () => undefined });
    for (const spec of specs) config.#byKey.set(spec.key, spec);
    return Object.assign(config, { specs, uuidRule });
  }

  /** These indexes with other common keys, by attribute. */
  withCommon(common: ReadonlyMap<AttributeKey, CommonKeys>): IndexConfig {
    const of = (spec: IndexSpec) =>
      spec.substring === undefined ? CommonKeys.NONE : (common.get(spec.key) ?? CommonKeys.NONE);
    return IndexConfig.#of(
      this.specs.map((spec) => ({ ...spec, common: of(spec) })),
      this.uuidRule,
    );
  }

  /** The common keys of each attribute that has any. */
  commonKeys(): ReadonlyMap<AttributeKey, CommonKeys> {
    return new Map(this.specs.flatMap(({ key, common }) => (common.size === 0 ? [] : [[key, common]])));
  }

  /** Those of these indexes for which `keep` answers true. */
  restricted(keep: (item: IndexItem) => boolean): IndexConfig {
    const specs: IndexSpec[] = [];
    for (const spec of this.specs) {
      const kept = new Set(
        itemsOf(spec)
          .filter(keep)
          .map(({ kind }) => kind),
      );
      if (kept.size === 0) continue;
      specs.push({
        key: spec.key,
        equality: kept.has(INDEX_KIND.equality) ? spec.equality : undefined,
        ordering: kept.has(INDEX_KIND.ordering) ? spec.ordering : undefined,
        substring: kept.has(INDEX_KIND.substring) ? spec.substring : undefined,
        presence: kept.has(INDEX_KIND.presence),
        common: kept.has(INDEX_KIND.substring) ? spec.common : CommonKeys.NONE,
        commonFrom: spec.commonFrom,
        single: spec.single,
      });
    }
    return IndexConfig.#of(specs, this.uuidRule);
  }

  /** Every index, attribute by attribute. */
  items(): readonly IndexItem[] {
    return this.specs.flatMap(itemsOf);
  }

  presence(key: AttributeKey): boolean {
    const spec = this.#byKey.get(key);
    return spec !== undefined && (spec.presence || spec.equality !== undefined);
  }

  equality(key: AttributeKey): string | undefined {
    return key === ENTRY_UUID ? this.uuidRule : (derivedRule(key) ?? this.#byKey.get(key)?.equality?.name);
  }

  substring(key: AttributeKey): string | undefined {
    return this.#byKey.get(key)?.substring?.name;
  }

  common(key: AttributeKey, lookup: SubstringLookup): boolean {
    return this.#byKey.get(key)?.common.concern(lookup) ?? false;
  }

  ordering(key: AttributeKey): string | undefined {
    return this.#byKey.get(key)?.ordering?.name;
  }

  spec(key: AttributeKey): IndexSpec | undefined {
    return this.#byKey.get(key);
  }

  /** What entries have is not known here. */
  absent(): boolean {
    return false;
  }

  single(key: AttributeKey): boolean {
    return this.#byKey.get(key)?.single ?? false;
  }

  /** One line an attribute: equal descriptions make equal rows. */
  description(): string {
    const line = (spec: IndexSpec) =>
      [spec.key, ...itemsOf(spec).map(({ key, text }) => text.slice(key.length + 1))].join(' ');
    return this.specs.map(line).join('\n');
  }
}

function itemsOf(spec: IndexSpec): IndexItem[] {
  const { key } = spec;
  const items: IndexItem[] = [];
  for (const [name, kind, short] of KIND_NAMES) {
    const of = spec[name];
    if (of === undefined || of === false) continue;
    items.push({ key, kind, text: of === true ? `${key} ${short}` : `${key} ${short}:${of.name}` });
  }
  return items;
}

/** Stands in place of the description while all index rows are made anew. */
export const REBUILDING = 'rebuilding';

/** Texts of the indexes (IndexItem.text) that a description() lists. */
export function describedItems(description: string): ReadonlySet<string> {
  const texts = new Set<string>();
  for (const line of description.split('\n')) {
    const [key, ...kinds] = line.split(' ');
    for (const kind of kinds) texts.add(`${key} ${kind}`);
  }
  return texts;
}

/** The option's word for a kind of index. */
export function kindName(kind: IndexKind): (typeof KIND_NAMES)[number][0] {
  for (const [name, one] of KIND_NAMES) if (one === kind) return name;
  throw new Error('no such kind of index');
}

/** Attributes computed from an entry's state that have index rows all the same (index-keys.ts). */
const STAMPS: ReadonlySet<string> = new Set(['createtimestamp', 'modifytimestamp']);

/** Whether every entry has a value of the attribute, computed from its state. */
export function isStamp(key: AttributeKey): boolean {
  return STAMPS.has(key);
}

/** Whether rows of an attribute (without options) can be kept: not of what is computed or derived when it is read. */
export function isIndexable(key: AttributeKey): boolean {
  return STAMPS.has(key) || (!COMPUTED.has(key) && !isVirtualKey(key));
}

/** Whether entryUUID is meant: its lookups read the uuid rows. */
export function isUuidLookup(key: AttributeKey): boolean {
  return key === ENTRY_UUID;
}
