/**
 * Matched values (RFC 3876): of each attribute, the values that one of the control's filter items matches.
 *
 * An attribute of which no value matches is left out, as OpenLDAP does. The work for one entry is bounded by LIMITS.filterWorkBytes.
 */
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { Dn } from '../dn/dn.js';
import type { Attribute, Attributes, EntryView } from '../entry/entry.js';
import { compileFilter } from '../filter/compile-filter.js';
import type { Filter } from '../filter/filter.js';
import { prepareMatch } from '../filter/filter-match.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { Schema } from '../schema/schema.js';

/** What a look at one value by one item costs beside its octets. */
const VISIT_BYTES = 32;

/** Makes the choice among the values of selected attributes of an entry. Throws LdapError adminLimitExceeded for too much work. */
export function valueFilter(
  schema: Schema,
  items: readonly Filter[],
): (entry: EntryView, selected: readonly Attribute[]) => readonly Attribute[] {
  const matches = prepareMatch(compileFilter({ kind: 'or', clauses: items }, schema));
  return (entry, selected) => {
    let work = 0;
    const kept: Attribute[] = [];
    for (const attribute of selected) {
      const key = schema.describe(attribute.name)?.key;
      if (key === undefined) continue;
      const values: Uint8Array[] = [];
      for (const value of attribute.values) {
        work += (value.length + VISIT_BYTES) * items.length;
        if (work > LIMITS.filterWorkBytes) throw tooMuch();
        if (matches(new OneValue(entry.dn, key, attribute.name, value)) === true) values.push(value);
      }
      if (values.length > 0) kept.push({ name: attribute.name, values });
    }
    return kept;
  };
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
