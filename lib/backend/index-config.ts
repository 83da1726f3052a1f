/**
 * Which attributes are indexed and how: the options, their defaults, and the same resolved against a schema.
 *
 * The store remembers the indexes that it holds by description(); when configuration or schema would make other rows, the backend asks for a
 * rebuild. Presence is answered from the equality rows of the attribute, so it costs no rows of its own there. entryUUID is answered from
 * the uuid rows.
 */
import type { IndexCatalog } from '../filter/filter-plan.js';
import type { AttributeKey, AttributeType } from '../schema/attribute-type.js';
import type { EqualityRule, OrderingRule, SubstringRule } from '../schema/matching-rule.js';

/** Kinds of index for one attribute. */
export interface IndexKinds {
  readonly equality?: boolean;
  readonly substring?: boolean;
  readonly ordering?: boolean;
  readonly presence?: boolean;
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
  memberOf: EQ,
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
}

/** What index resolution needs of the schema. */
export interface TypeLookup {
  attributeType(nameOrOid: string): AttributeType | undefined;
}

const ENTRY_UUID = 'entryuuid' as AttributeKey;

/** The indexes of one backend: specs for writers, catalog for the planner. */
export class IndexConfig implements IndexCatalog {
  readonly specs: readonly IndexSpec[];
  readonly #byKey = new Map<AttributeKey, IndexSpec>();
  readonly #uuidRule: string | undefined;

  /** Attributes that the schema does not know, or kinds that it has no rule for, are left out. */
  constructor(options: IndexOptions, schema: TypeLookup) {
    for (const [name, kinds] of Object.entries(options)) {
      const type = schema.attributeType(name);
      if (type === undefined || type.key === ENTRY_UUID) continue;
      this.#byKey.set(type.key, {
        key: type.key,
        equality: kinds.equality === true ? type.equality : undefined,
        substring: kinds.substring === true ? type.substring : undefined,
        ordering: kinds.ordering === true ? type.ordering : undefined,
        presence: kinds.presence === true,
      });
    }
    this.specs = [...this.#byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    this.#uuidRule = schema.attributeType(ENTRY_UUID)?.equality?.name;
  }

  /** The indexes of one attribute alone. */
  static only(spec: IndexSpec): IndexConfig {
    const config = new IndexConfig({}, { attributeType: () => undefined });
    return Object.assign(config, { specs: [spec] });
  }

  presence(key: AttributeKey): boolean {
    const spec = this.#byKey.get(key);
    return spec !== undefined && (spec.presence || spec.equality !== undefined);
  }

  equality(key: AttributeKey): string | undefined {
    return key === ENTRY_UUID ? this.#uuidRule : this.#byKey.get(key)?.equality?.name;
  }

  substring(key: AttributeKey): string | undefined {
    return this.#byKey.get(key)?.substring?.name;
  }

  ordering(key: AttributeKey): string | undefined {
    return this.#byKey.get(key)?.ordering?.name;
  }

  spec(key: AttributeKey): IndexSpec | undefined {
    return this.#byKey.get(key);
  }

  /** One line an attribute: equal descriptions make equal rows. */
  description(): string {
    const line = (spec: IndexSpec) => {
      const parts = [spec.key as string];
      if (spec.equality !== undefined) parts.push(`eq:${spec.equality.name}`);
      if (spec.ordering !== undefined) parts.push(`ord:${spec.ordering.name}`);
      if (spec.presence) parts.push('pres');
      if (spec.substring !== undefined) parts.push(`sub:${spec.substring.name}`);
      return parts.join(' ');
    };
    return this.specs.map(line).join('\n');
  }
}

/** Whether entryUUID is meant: its lookups read the uuid rows. */
export function isUuidLookup(key: AttributeKey): boolean {
  return key === ENTRY_UUID;
}
