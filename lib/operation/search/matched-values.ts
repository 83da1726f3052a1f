/**
 * Matched values (RFC 3876): of each attribute, the values that one of the control's filter items matches.
 *
 * An attribute of which no value matches is left out, as OpenLDAP does. The work for one entry is bounded by LIMITS.filterWorkBytes, and done in steps.
 */
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { Dn } from '../../dn/dn.js';
import type { Attribute, Attributes, EntryView } from '../../entry/entry.js';
import { compileFilter } from '../../filter/compile-filter.js';
import type { Filter } from '../../filter/filter.js';
import { prepareMatch } from '../../filter/filter-match.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Schema } from '../../schema/schema.js';

/** What a look at one value by one item costs beside its octets. */
const VISIT_BYTES = 32;
/** Octets that are looked at in one step: a few milliseconds. */
const STEP_BYTES = 65_536;

/** A choice of attributes that takes its time. */
export interface Choice {
  /** Looks at some values, for a few milliseconds. False: `attributes` is the whole answer. Throws LdapError adminLimitExceeded for too much work. */
  step(): boolean;
  readonly attributes: readonly Attribute[];
}

/** Makes the choice among the values of selected attributes of an entry. */
export function valueFilter(
  schema: Schema,
  items: readonly Filter[],
): (entry: EntryView, selected: readonly Attribute[]) => Choice {
  const matches = prepareMatch(compileFilter({ kind: 'or', clauses: items }, schema));
  return (entry, selected) => {
    const known = selected.flatMap((attribute) => {
      const key = schema.describe(attribute.name)?.key;
      return key === undefined ? [] : [{ key, attribute }];
    });
    return new ValueChoice(known, items.length, (key, name, value) => {
      return matches(new OneValue(entry.dn, key, name, value)) === true;
    });
  };
}

interface Selected {
  readonly key: AttributeKey;
  readonly attribute: Attribute;
}

type Keeps = (key: AttributeKey, name: string, value: Uint8Array) => boolean;

class ValueChoice implements Choice {
  readonly #selected: readonly Selected[];
  readonly #items: number;
  readonly #keeps: Keeps;
  readonly #kept: Attribute[] = [];
  #values: Uint8Array[] = [];
  /** Values of the attribute in hand: many are read again where nobody holds them. */
  #all: readonly Uint8Array[] | undefined;
  /** The next value. */
  #attribute = 0;
  #value = 0;
  #work = 0;

  constructor(selected: readonly Selected[], items: number, keeps: Keeps) {
    this.#selected = selected;
    this.#items = items;
    this.#keeps = keeps;
  }

  get attributes(): readonly Attribute[] {
    return this.#kept;
  }

  step(): boolean {
    const end = this.#work + STEP_BYTES;
    for (; this.#attribute < this.#selected.length; this.#attribute++) {
      const { key, attribute } = this.#selected[this.#attribute] as Selected;
      const { name } = attribute;
      this.#all ??= attribute.values;
      const values = this.#all;
      for (; this.#value < values.length; this.#value++) {
        if (this.#work > end) return true;
        const value = values[this.#value] as Uint8Array;
        this.#work += (value.length + VISIT_BYTES) * this.#items;
        if (this.#work > LIMITS.filterWorkBytes) throw tooMuch();
        if (this.#keeps(key, name, value)) this.#values.push(value);
      }
      if (this.#values.length > 0) this.#kept.push({ name, values: this.#values });
      this.#values = [];
      this.#all = undefined;
      this.#value = 0;
    }
    return false;
  }
}

function tooMuch(): LdapError {
  return new LdapError(
    'adminLimitExceeded',
    `the matched values control looks at more than ${LIMITS.filterWorkBytes} octets of one entry (limit filterWorkBytes)`,
  );
}

/** An entry that has one value. */
class OneValue implements EntryView {
  readonly dn: Dn;
  readonly stored: Attributes;
  readonly #key: AttributeKey;
  readonly #attribute: Attribute;

  constructor(dn: Dn, key: AttributeKey, name: string, value: Uint8Array) {
    this.dn = dn;
    this.#key = key;
    this.#attribute = { name, values: [value] };
    this.stored = new Map([[key, this.#attribute]]);
  }

  attribute(key: AttributeKey): Attribute | undefined {
    return key === this.#key ? this.#attribute : undefined;
  }

  computed(): Attributes {
    return new Map();
  }
}
