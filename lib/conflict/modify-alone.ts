/**
 * The usual change, without the machinery of apply-change.ts: a modify that has no other row to look at and can lose nothing. It answers what the whole
 * fold would; the tests of the fold compare both with the oracle.
 */
import { type Steps, whole } from '../base/steps.js';
import type { AttributeChange, Change } from '../change/change.js';
import type { AttributeEffect, DomainView, Outcome } from './domain-view.js';
import { type EntryState, type Stamp, withAttributes } from './entry-state.js';
import { foldInSteps } from './fold-many.js';
import { historyNeeded } from './prefetch-plan.js';
import type { AttributeRow } from './refold-attribute.js';

/** The outcome of a modify of an entry that never died, newer than all that it holds and aware of it; undefined: it is another case. */
export function modifyAlone(
  view: Pick<DomainView, 'state'>,
  entry: EntryState,
  change: Change,
): Outcome | undefined {
  return whole(modifyInSteps(view, entry, change));
}

/** modifyAlone() in steps, where attributes of many values take their time. */
export function* modifyInSteps(
  view: Pick<DomainView, 'state'>,
  entry: EntryState,
  change: Change,
): Steps<Outcome | undefined> {
  const { body } = change;
  if (body.kind !== 'modify' || entry.life.length > 0) return undefined;
  if (historyNeeded(entry, change, view.state) !== undefined || body.attributes.some(canLose))
    return undefined;
  const delta: AttributeEffect[] = [];
  const effects: AttributeEffect[] = [];
  const attributes = new Map(entry.attributes);
  for (const of of body.attributes) {
    const row: AttributeRow = {
      change: of,
      before: undefined,
      active: true,
      moved: true,
      after: undefined,
      concerned: true,
    };
    const refolded = yield* foldInSteps(of.key, entry.attributes.get(of.key), [row]);
    if (row.after !== undefined) effects.push(row.after);
    if (refolded.delta === undefined) continue;
    delta.push(refolded.delta);
    if (refolded.attribute === undefined) attributes.delete(of.key);
    else attributes.set(of.key, refolded.attribute);
  }
  const modified: Stamp = { csn: change.csn, by: change.initiator };
  return {
    entries: [withAttributes(entry, delta.length === 0 ? entry.attributes : attributes, modified)],
    delta,
    history: [{ entry: entry.uuid, row: { change, void: false, effects, rdnBefore: undefined } }],
    moves: [],
    journal: { put: [], delete: [] },
  };
}

/** Whether a change of an attribute may say a line though it stands alone. */
function canLose({ single, add, increment }: AttributeChange): boolean {
  return increment !== 0n || (single && add.length > 0);
}
