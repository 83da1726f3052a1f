/**
 * When each attribute of an entry was last written, as far as its history is still there: what two servers that never knew of each other go by when their data are merged.
 *
 * An attribute without a change in the history was written with the entry; where the entry's newest change is forgotten, it may have been that one, and counts as written then.
 */

import { utf8Encode } from '../base/bytes.js';
import { csnTimeMs } from '../csn/csn.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import { generalizedTimeMs } from '../schema/time-form.js';
import type { HistoryRow } from './domain-view.js';
import type { EntryState } from './entry-state.js';

/** Wall clock milliseconds of the last write of an attribute. `history`: all rows that are left, in any order. */
export function attributeTimes(
  state: Pick<EntryState, 'created' | 'modified' | 'preserved'>,
  history: readonly HistoryRow[],
): (key: AttributeKey) => number {
  const written = new Map<AttributeKey, number>();
  let newestIsKnown = state.modified.csn === state.created.csn;
  for (const row of history) {
    const { csn, body } = row.change;
    if (csn === state.modified.csn) newestIsKnown = true;
    if (row.void) continue;
    const named = body.kind === 'modify' || body.kind === 'modifyDn' ? body.attributes : [];
    for (const { key } of [...named, ...row.effects])
      written.set(key, Math.max(written.get(key) ?? 0, csnTimeMs(csn)));
  }
  const first = newestIsKnown ? firstTimeMs(state) : csnTimeMs(state.modified.csn);
  return (key) => written.get(key) ?? first;
}

/** When the entry came to be; one that was imported is as old as its import says. */
function firstTimeMs({ created, preserved }: Pick<EntryState, 'created' | 'preserved'>): number {
  const text = preserved.modifyTimestamp ?? preserved.createTimestamp;
  const told = text === undefined ? undefined : generalizedTimeMs(utf8Encode(text));
  return told ?? csnTimeMs(created.csn);
}
