/**
 * Life and death of an entry over the order of changes. EntryState.life holds the events that took effect; those that found nothing to do
 * are void rows of the history and count again when an older event arrives late.
 */
import type { Csn } from '../csn/csn.js';
import type { LifeEvent } from './entry-state.js';
import type { FoldRow } from './fold-row.js';

/** Whether the entry lived just before `csn`. */
export function aliveAt(life: readonly LifeEvent[], csn: Csn): boolean {
  let alive = true;
  for (const event of life) {
    if (event.csn >= csn) break;
    alive = event.kind === 'undelete';
  }
  return alive;
}

/** The delete in force just before `csn`, or undefined when the entry lived. */
export function deathAt(life: readonly LifeEvent[], csn: Csn): Csn | undefined {
  let death: Csn | undefined;
  for (const event of life) {
    if (event.csn >= csn) break;
    death = event.kind === 'delete' ? event.csn : undefined;
  }
  return death;
}

/** The delete in force now, or undefined for a live entry. */
export function deathOf(life: readonly LifeEvent[]): Csn | undefined {
  const last = life[life.length - 1];
  return last?.kind === 'delete' ? last.csn : undefined;
}

/**
 * Folds the life of an entry anew: `rows` are the arriving change and every younger row, ascending; their `void` is set. Answers the life after them.
 */
export function refoldLife(life: readonly LifeEvent[], rows: readonly FoldRow[]): readonly LifeEvent[] {
  const first = rows[0];
  if (first === undefined) return life;
  const folded = life.filter((event) => event.csn < first.change.csn);
  let alive = aliveAt(life, first.change.csn);
  for (const row of rows) {
    const { kind } = row.change.body;
    row.void = kind === 'undelete' ? alive : !alive;
    if (row.void || (kind !== 'delete' && kind !== 'undelete')) continue;
    alive = kind === 'undelete';
    folded.push({ csn: row.change.csn, kind });
  }
  return folded;
}
