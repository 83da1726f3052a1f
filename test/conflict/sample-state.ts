/** A state of an entry to bend in tests. Owns no claims. */
import { utf8Encode } from '../../lib/base/bytes.js';
import type { EntryState } from '../../lib/conflict/entry-state.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { cn, csn, id } from './story.js';

export function sampleState(): EntryState {
  const stamp = { csn: csn(1, 1), by: 'cn=x' };
  return {
    uuid: id(1),
    created: stamp,
    modified: stamp,
    preserved: {},
    life: [],
    parent: id(2),
    parentCsn: stamp.csn,
    rdn: cn('one'),
    rdnCsn: stamp.csn,
    rdnSince: stamp.csn,
    claimCsn: stamp.csn,
    place: { parent: id(2), conflict: false },
    merged: false,
    attributes: new Map(),
  };
}

/** The state with other values of one attribute. */
export function withValues(
  state: EntryState,
  key: string,
  values: readonly string[],
  name = key,
): EntryState {
  const attributes = new Map(state.attributes);
  attributes.set(key as AttributeKey, { name, values: values.map(utf8Encode) });
  return { ...state, attributes };
}
