/**
 * Attributes that only the administrator may see, and the views and filters from which they are cut out.
 *
 * One rule for every way in which a value could leak: an attribute that is hidden is absent. A filter clause on it is Undefined
 * (RFC 4511 section 4.5.1.7), so neither the clause nor its negation tells anything.
 */
import type { Dn } from '../dn/dn.js';
import type { Attribute, Attributes, EntryView } from '../entry/entry.js';
import type { CompiledFilter } from '../filter/compiled-filter.js';
import type { AttributeKey } from '../schema/attribute-type.js';

/** Keys, without options, of attributes that hold passwords or what stands for them. */
export const SECRET_ATTRIBUTES: readonly string[] = [
  'userpassword',
  'authpassword',
  'pwdhistory',
  'krbprincipalkey',
  'krbmkey',
  'krbpwdhistory',
  'sambalmpassword',
  'sambantpassword',
  'sambapasswordhistory',
  'sambacleartextpassword',
  'sambapreviouscleartextpassword',
  'sambatrustauthoutgoing',
  'sambatrustauthincoming',
  'radiustunnelpassword',
  'radiusclientsecret',
  'dhcpkeysecret',
  'ds-topology-secret',
];

/** The key without its options: `userpassword;x-old` is as secret as `userpassword`. */
export function baseKey(key: string): string {
  const semicolon = key.indexOf(';');
  return semicolon < 0 ? key : key.slice(0, semicolon);
}

/** An entry without the attributes that `hides` names. */
export class RestrictedView implements EntryView {
  readonly dn: Dn;
  readonly #entry: EntryView;
  readonly #hides: (key: AttributeKey) => boolean;
  #stored: Attributes | undefined;

  constructor(entry: EntryView, hides: (key: AttributeKey) => boolean) {
    this.dn = entry.dn;
    this.#entry = entry;
    this.#hides = hides;
  }

  attribute(key: AttributeKey): Attribute | undefined {
    return this.#hides(key) ? undefined : this.#entry.attribute(key);
  }

  get stored(): Attributes {
    this.#stored ??= without(this.#entry.stored, this.#hides);
    return this.#stored;
  }

  computed(): Attributes {
    return without(this.#entry.computed(), this.#hides);
  }

  collective(): Attributes | undefined {
    const attributes = this.#entry.collective?.();
    return attributes === undefined ? undefined : without(attributes, this.#hides);
  }

  expanded(key: AttributeKey): Attribute | undefined {
    return this.#hides(key) ? undefined : this.#entry.expanded?.(key);
  }
}

function without(attributes: Attributes, hides: (key: AttributeKey) => boolean): Attributes {
  for (const key of attributes.keys()) {
    if (!hides(key)) continue;
    const left = new Map(attributes);
    for (const hidden of attributes.keys()) if (hides(hidden)) left.delete(hidden);
    return left;
  }
  return attributes;
}

/** The filter with every clause on a hidden attribute made Undefined. The filter's depth was bounded when it was decoded. */
export function restrictFilter(
  filter: CompiledFilter,
  hides: (key: AttributeKey) => boolean,
): CompiledFilter {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const clauses = filter.clauses.map((clause) => restrictFilter(clause, hides));
      return clauses.every((clause, i) => clause === filter.clauses[i])
        ? filter
        : { kind: filter.kind, clauses };
    }
    case 'not': {
      const clause = restrictFilter(filter.clause, hides);
      return clause === filter.clause ? filter : { kind: 'not', clause };
    }
    case 'constant':
      return filter;
    case 'extensible': {
      const { applies } = filter;
      const restricted = { ...filter, applies: (key: AttributeKey) => !hides(key) && applies(key) };
      return filter.keys === undefined ? restricted : withKeys(restricted, filter.keys, hides);
    }
    default:
      return withKeys(filter, filter.keys, hides);
  }
}

/** `clause` looks at `keys`; every kind of clause that does takes any list of them. */
function withKeys(
  clause: CompiledFilter,
  keys: readonly AttributeKey[],
  hides: (key: AttributeKey) => boolean,
): CompiledFilter {
  const left = keys.filter((key) => !hides(key));
  if (left.length === keys.length) return clause;
  return left.length === 0
    ? { kind: 'constant', value: undefined }
    : ({ ...clause, keys: left } as CompiledFilter);
}
