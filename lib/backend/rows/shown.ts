/** What an entry shows: its attributes with the values of its RDN (conflict/materialize.ts), the usual case found out cheaply. */
import { equalBytes } from '../../base/bytes.js';
import type { EntryState } from '../../conflict/entry-state.js';
import { shownAttributes } from '../../conflict/materialize.js';
import type { Attributes } from '../../entry/entry.js';
import { baseKey } from '../../entry/option-subtype.js';
import type { AttributeKey, AttributeType } from '../../schema/attribute-type.js';

/** The attributes as readers see them; the state's own map where the values of the RDN stand in it. */
export function shownOf(state: EntryState, isSingle: (key: AttributeKey) => boolean): Attributes {
  for (const ava of state.rdn.avas) {
    const attribute = state.attributes.get(ava.key);
    // Of many values, and of those that are written differently, shownAttributes() finds out.
    if (
      attribute === undefined ||
      attribute.many !== undefined ||
      !attribute.values.some((value) => equalBytes(value, ava.value))
    ) {
      return shownAttributes(state, isSingle, undefined);
    }
  }
  return state.attributes;
}

/** Whether the schema says that an attribute is single-valued. */
export function singleValued(schema: {
  attributeType(nameOrOid: string): AttributeType | undefined;
}): (key: AttributeKey) => boolean {
  return (key) => schema.attributeType(baseKey(key))?.singleValue ?? false;
}
