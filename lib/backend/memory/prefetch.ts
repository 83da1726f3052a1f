/**
 * Loads what the changes of a replay slice are known to ask for, all scans at once (conflict/prefetch-plan.ts). What it misses, the fold asks for itself.
 */
import type { Change } from '../../change/change.js';
import { prefetchPlan } from '../../conflict/prefetch-plan.js';
import type { Csn } from '../../csn/csn.js';
import type { FoldView, Needed } from '../fold-view.js';

/** Resolves when everything is at hand. Nothing is decided meanwhile. */
export async function prefetch(view: FoldView, slice: readonly Change[]): Promise<void> {
  const needs = new Map<string, Needed>();
  let movesAfter: Csn | undefined;
  for (const change of slice) {
    if (change.body.kind === 'add' || view.state.covers(change.csn)) continue;
    const plan = prefetchPlan(view, change);
    if (plan.history !== undefined && !view.historyAtHand(change.entry, plan.history.after)) {
      const known = needs.get(`h${change.entry}`);
      const after = known?.kind === 'history' ? older(known.after, plan.history.after) : plan.history.after;
      needs.set(`h${change.entry}`, { kind: 'history', entry: change.entry, after });
    }
    if (plan.movesAfter !== undefined && (movesAfter === undefined || plan.movesAfter < movesAfter)) {
      movesAfter = plan.movesAfter;
    }
    for (const parent of plan.children) {
      if (view.hasChildren(parent)) needs.set(`c${parent}`, { kind: 'children', parent });
    }
  }
  if (movesAfter !== undefined && view.hasMoves(movesAfter)) {
    needs.set('m', { kind: 'moves', after: movesAfter });
  }
  if (needs.size > 0) await Promise.all([...needs.values()].map((needed) => view.load(needed)));
}

function older(a: Csn | undefined, b: Csn | undefined): Csn | undefined {
  return a === undefined || b === undefined ? undefined : a < b ? a : b;
}
