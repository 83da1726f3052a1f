/**
 * The RDN register: the last rename in CSN order that found the entry alive, and since when its name is what it is but for the spelling. Each row that set it holds what
 * it overwrote, so the register at any point of the order stands in the next younger row.
 */
import { utf8Encode } from '../base/bytes.js';
import { formatNamedRdn, rdnKeyOf } from '../change/named-rdn.js';
import { knew } from './concurrency.js';
import type { HistoryRow, RdnRegister } from './domain-view.js';
import type { EntryState } from './entry-state.js';
import type { FoldRow } from './fold-row.js';
import type { LineSink } from './journal.js';

/** Folds the register anew over `rows`: the arriving change and every younger row, ascending, their `void` set. Sets rdnBefore. */
export function refoldRename(now: RdnRegister, rows: readonly FoldRow[]): RdnRegister {
  let register = now;
  for (let i = rows.length - 1; i >= 0; i--) register = rows[i]?.before?.rdnBefore ?? register;
  for (const row of rows) {
    const { body, csn } = row.change;
    if (row.void || body.kind !== 'modifyDn' || body.rdn === undefined) {
      row.rdnBefore = undefined;
      continue;
    }
    const kept = row.before?.rdnBefore;
    row.rdnBefore = kept !== undefined && sameRegister(kept, register) ? kept : register;
    // A respelling claims no name: whoever holds it holds it on.
    const respelled = rdnKeyOf(body.rdn) === rdnKeyOf(register.rdn);
    register = { rdn: body.rdn, csn, since: respelled ? register.since : csn };
  }
  return sameRegister(register, now) ? now : register;
}

function sameRegister(a: RdnRegister, b: RdnRegister): boolean {
  return a.csn === b.csn && a.since === b.since;
}

/** The register of an entry as it is. */
export function registerOf({ rdn, rdnCsn, rdnSince }: EntryState): RdnRegister {
  return { rdn, csn: rdnCsn, since: rdnSince };
}

/** Says which rename lost to this row's, when it did not know of it. */
export function sayLostRename(row: FoldRow, rdnBefore: HistoryRow['rdnBefore'], sink: LineSink): void {
  const { body, csn, entry } = row.change;
  if (rdnBefore === undefined || body.kind !== 'modifyDn' || body.rdn === undefined) return;
  if (knew(row.change, rdnBefore.csn) || rdnKeyOf(rdnBefore.rdn) === rdnKeyOf(body.rdn)) return;
  const value = utf8Encode(formatNamedRdn(rdnBefore.rdn));
  sink({ loser: rdnBefore.csn, winner: csn, entry, kind: 'rename-lost', attribute: undefined, value });
}
