/**
 * Journal lines about changes that a delete took with it (docs/conflicts.md, Deletes): those that found the entry dead, and those that the delete
 * had not known and undid. Which of both it was is a matter of CSN order alone, and the lines are the same.
 */
import { knew } from './concurrency.js';
import { deathAt } from './entry-life.js';
import type { LifeEvent } from './entry-state.js';
import type { FoldRow } from './fold-row.js';
import { type LineSink, sayLostChange } from './journal.js';

/** Says every such line of `rows` (ascending), whose void flags are those of `life`. `isVoid` answers the flag to go by. */
export function sayLostChanges(
  life: readonly LifeEvent[],
  rows: readonly FoldRow[],
  isVoid: (row: FoldRow) => boolean,
  sink: LineSink,
): void {
  if (life.length === 0) return;
  rows.forEach((row, at) => {
    const { change } = row;
    const { kind } = change.body;
    if (isVoid(row)) {
      const death = deathAt(life, change.csn);
      if (kind !== 'delete' && kind !== 'undelete' && death !== undefined) sayLostChange(change, death, sink);
      return;
    }
    if (kind !== 'delete') return;
    for (let i = 0; i < at; i++) {
      const older = rows[i] as FoldRow;
      if (older.change.body.kind === 'delete' || isVoid(older) || knew(change, older.change.csn)) continue;
      sayLostChange(older.change, change.csn, sink);
    }
  });
}
