/**
 * What a change must be newer than so that it does what its client asked for (docs/conflicts.md, Clocks).
 *
 * Owns which CSNs can keep a change from having its effect. Where entries are shown follows from the registers as they are, whatever their age, so names and parents of others are none.
 */
import type { ChangeBody } from '../change/change.js';
import { type Csn, laterCsn, ZERO_CSN } from '../csn/csn.js';
import type { HistoryRow } from './domain-view.js';
import type { EntryState } from './entry-state.js';

/** Whether the rows of the entry are needed to tell: what had no effect so far may have one after a change of this kind. */
export function needsRows({ kind }: ChangeBody): boolean {
  return kind === 'delete' || kind === 'undelete';
}

/**
 * The newest CSN that the change `body` is to be past: of the entry as it is (undefined for one that is not there yet); where it dies or comes back, of its `rows` (ascending; else they are
 * not looked at), since events that found nothing to do count again after it; where it gets another parent, of the domain's moves (`newestMove`), since an older move may meet a way up that
 * was another then. ZERO_CSN: the change has its effect whatever its CSN.
 */
export function newestStamp(
  entry: EntryState | undefined,
  body: ChangeBody,
  rows: readonly HistoryRow[],
  newestMove: Csn,
): Csn {
  if (entry === undefined) return ZERO_CSN;
  const { created, modified, parentCsn, rdnCsn, life } = entry;
  let stamp = body.kind === 'modifyDn' && body.parent !== undefined ? newestMove : ZERO_CSN;
  for (const csn of [created.csn, modified.csn, parentCsn, rdnCsn]) stamp = laterCsn(stamp, csn);
  const event = life.at(-1);
  if (event !== undefined) stamp = laterCsn(stamp, event.csn);
  const row = needsRows(body) ? rows.at(-1) : undefined;
  return row === undefined ? stamp : laterCsn(stamp, row.change.csn);
}
