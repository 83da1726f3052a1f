/**
 * The usual delete, without the machinery of apply-change.ts: of an entry that never died, has nothing below it, holds its name alone, and of which
 * everything is known to the delete. It answers what the whole fold would; tests compare both.
 */
import type { Change } from '../change/change.js';
import { ROOT_UUID } from '../change/change.js';
import { rdnKeyOf } from '../change/named-rdn.js';
import { claimCsnOf } from './claim.js';
import type { DomainView, Outcome } from './domain-view.js';
import { type EntryState, type LifeEvent, LOST_AND_FOUND_UUID } from './entry-state.js';
import { historyNeeded } from './prefetch-plan.js';

/** The outcome of such a delete; undefined: it is another case. */
export function deleteAlone(
  view: Pick<DomainView, 'state' | 'rivals' | 'children'>,
  entry: EntryState,
  change: Change,
): Outcome | undefined {
  if (change.body.kind !== 'delete' || entry.life.length > 0) return undefined;
  if (!isShownInPlace(entry) || historyNeeded(entry, change, view.state) !== undefined) return undefined;
  if (view.rivals(entry.parent, rdnKeyOf(entry.rdn), entry.uuid).length > 0) return undefined;
  if (view.children(entry.uuid).length > 0) return undefined;
  const { parent, parentCsn, rdnCsn, rdnSince } = entry;
  const life: readonly LifeEvent[] = [{ csn: change.csn, kind: 'delete' }];
  const after: EntryState = {
    uuid: entry.uuid,
    created: entry.created,
    modified: { csn: change.csn, by: change.initiator },
    preserved: entry.preserved,
    life,
    parent,
    parentCsn,
    rdn: entry.rdn,
    rdnCsn,
    rdnSince,
    claimCsn: claimCsnOf({ parentCsn, rdnSince, life }),
    place: { parent, conflict: false },
    merged: entry.merged,
    attributes: entry.attributes,
  };
  return {
    entries: [after],
    delta: [],
    history: [{ entry: entry.uuid, row: { change, void: false, effects: [], rdnBefore: undefined } }],
    moves: [],
    journal: { put: [], delete: [] },
  };
}

/** Whether it stands where its register says, under the name that it asks for: its parent lives then, and no line tells of it. */
function isShownInPlace({ parent, place }: EntryState): boolean {
  return place.parent === parent && !place.conflict && parent !== ROOT_UUID && parent !== LOST_AND_FOUND_UUID;
}
