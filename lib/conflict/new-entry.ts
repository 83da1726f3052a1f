/**
 * The state that an add makes, and which changes of an entry it stands before.
 *
 * Owns the test whether a change is of the entry as its founding add made it. Places are settled elsewhere.
 */
import type { AddedAttribute, Change, ChangeBody } from '../change/change.js';
import type { Csn } from '../csn/csn.js';
import type { Attribute, Attributes } from '../entry/entry.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { Witness } from './concurrency.js';
import type { EntryState, Stamp } from './entry-state.js';

export type AddBody = Extract<ChangeBody, { readonly kind: 'add' }>;

/** An entry as its add makes it, shown under the parent that the add names. */
export function newState(change: Change, body: AddBody): EntryState {
  const { csn, entry: uuid } = change;
  const stamp: Stamp = { csn, by: change.initiator };
  return {
    uuid,
    created: stamp,
    modified: stamp,
    preserved: body.preserved ?? {},
    life: [],
    parent: body.parent,
    parentCsn: csn,
    rdn: body.rdn,
    rdnCsn: csn,
    rdnSince: csn,
    claimCsn: csn,
    place: { parent: body.parent, conflict: false },
    merged: false,
    attributes: toAttributes(body.attributes),
  };
}

function toAttributes(added: readonly AddedAttribute[]): Attributes {
  const attributes = new Map<AttributeKey, Attribute>();
  for (const { key, name, values } of added) attributes.set(key, { name, values });
  return attributes;
}

/** Whether a change comes after the add `founder` or knew it: else it is of an earlier life of the entry, or of an add that is not here yet. */
export function isOf(founder: Csn, change: Witness): boolean {
  return change.csn >= founder || change.seen.covers(founder);
}
