/**
 * What applyChange will ask a view for, so that an engine can load it before the synchronous decision.
 *
 * The plan names what is certain from the target and its parent. A late move may touch more names than it says: applyChange is pure, so a
 * view that lacks a fact may throw an error of its own, load it, and the engine calls again.
 */
import { type Change, type EntryUuid, ROOT_UUID } from '../change/change.js';
import { rdnKeyOf } from '../change/named-rdn.js';
import { type Csn, ZERO_CSN } from '../csn/csn.js';
import type { ServerState } from '../csn/server-state.js';
import { claimOf } from './claim.js';
import { unknownSince } from './concurrency.js';
import type { DomainView } from './domain-view.js';
import { type EntryState, isAlive, LOST_AND_FOUND_UUID } from './entry-state.js';

export interface PrefetchPlan {
  /** Entries to load: the target, its parents. Ancestors of a new parent are walked too when an entry moves. */
  readonly entries: readonly EntryUuid[];
  /** Rows of the target after this CSN (all when `after` is undefined); undefined: none are read. */
  readonly history: { readonly after: Csn | undefined } | undefined;
  /** Moves after this CSN; undefined: none are read. */
  readonly movesAfter: Csn | undefined;
  /** Names whose claims are read. */
  readonly claims: readonly { readonly parent: EntryUuid; readonly rdnKey: string }[];
  /** Entries whose children are read. */
  readonly children: readonly EntryUuid[];
}

/**
 * Which rows of the target the fold reads. None for a change that is newer than all of the entry's and knew them: the usual case.
 * Rows that are older than the change tell what was lost to what, and that two changes were concurrent. A rename judges old losses anew
 * (rdn-timeline.ts). An entry with life events may have void rows that its `modified` does not tell of.
 */
export function historyNeeded(
  entry: EntryState,
  change: Change,
  held: ServerState,
): { readonly after: Csn | undefined } | undefined {
  const { kind } = change.body;
  if (change.csn < entry.created.csn) return { after: undefined };
  const newest = held.newest();
  const youngest = newest === undefined || change.csn > newest;
  if ((kind === 'delete' || kind === 'undelete') && !youngest) return { after: undefined };
  const everDead = entry.life.length > 0;
  if (!youngest && (everDead || entry.modified.csn > change.csn)) return { after: undefined };
  if (!everDead && entry.modified.csn === entry.created.csn) return undefined;
  const floor = unknownSince(change, held);
  if (floor === undefined || (!everDead && entry.modified.csn <= floor)) return undefined;
  const renames = change.body.kind === 'modifyDn' && change.body.rdn !== undefined;
  return { after: renames || floor === ZERO_CSN ? undefined : floor };
}

/** The plan for one change; `view` answers for entries and the state held. */
export function prefetchPlan(view: Pick<DomainView, 'entry' | 'state'>, change: Change): PrefetchPlan {
  const { body } = change;
  const entry = view.entry(change.entry);
  if (body.kind === 'add') {
    const wanted = { parent: shownParent(view, body.parent), rdnKey: rdnKeyOf(body.rdn) };
    if (entry === undefined)
      return {
        entries: [body.parent],
        history: undefined,
        movesAfter: undefined,
        claims: [wanted],
        children: [],
      };
    return {
      entries: [change.entry, body.parent],
      history: { after: undefined },
      movesAfter: ZERO_CSN,
      claims: [...claimsAround(view, entry, change), wanted],
      children: [entry.uuid, LOST_AND_FOUND_UUID],
    };
  }
  const nothing: PrefetchPlan = {
    entries: [change.entry],
    history: undefined,
    movesAfter: undefined,
    claims: [],
    children: [],
  };
  if (entry === undefined) return nothing;
  const plan: PrefetchPlan = { ...nothing, history: historyNeeded(entry, change, view.state) };
  if (body.kind === 'modify') return plan;
  const claims = claimsAround(view, entry, change);
  if (body.kind === 'modifyDn') {
    if (body.parent === undefined) return { ...plan, claims };
    return { ...plan, entries: [change.entry, body.parent], movesAfter: change.csn, claims };
  }
  const children = [entry.uuid, LOST_AND_FOUND_UUID];
  return { ...plan, movesAfter: change.csn, claims, children };
}

/** The name claimed now and the one that the change asks for. */
function claimsAround(
  view: Pick<DomainView, 'entry'>,
  entry: EntryState,
  { body }: Change,
): { readonly parent: EntryUuid; readonly rdnKey: string }[] {
  const rdn = (body.kind === 'modifyDn' && body.rdn) || entry.rdn;
  const parent = (body.kind === 'modifyDn' && body.parent) || entry.parent;
  const wanted = { parent: shownParent(view, parent), rdnKey: rdnKeyOf(rdn) };
  const now = claimOf(entry);
  return now === undefined ? [wanted] : [{ parent: now.parent, rdnKey: now.rdnKey }, wanted];
}

function shownParent(view: Pick<DomainView, 'entry'>, parent: EntryUuid): EntryUuid {
  if (parent === ROOT_UUID || parent === LOST_AND_FOUND_UUID) return parent;
  const state = view.entry(parent);
  return state === undefined || isAlive(state) ? parent : LOST_AND_FOUND_UUID;
}
