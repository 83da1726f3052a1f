/**
 * Claims to names: every live entry claims its RDN below the parent where the DIT shows it. Whoever indexes claims keys them by what
 * claimOf() answers, and puts and drops them by its difference for each entry of an outcome.
 */
import { type EntryUuid, ROOT_UUID } from '../change/change.js';
import { rdnKeyOf } from '../change/named-rdn.js';
import type { Csn } from '../csn/csn.js';
import { type EntryState, isAlive } from './entry-state.js';

/** A claim and the name that it is for. */
export interface NameClaim {
  readonly parent: EntryUuid;
  readonly rdnKey: string;
  readonly csn: Csn;
}

/** What the entry claims; undefined for a dead one. A second base entry claims its name below the root though it is shown elsewhere. */
export function claimOf(state: EntryState): NameClaim | undefined {
  if (!isAlive(state)) return undefined;
  const parent = state.parent === ROOT_UUID ? ROOT_UUID : state.place.parent;
  return { parent, rdnKey: rdnKeyOf(state.rdn), csn: state.claimCsn };
}

/** The claim CSN that follows from the registers and the life. */
export function claimCsnOf(state: Pick<EntryState, 'parentCsn' | 'rdnSince' | 'life'>): Csn {
  let newest = state.parentCsn;
  if (state.rdnSince > newest) newest = state.rdnSince;
  const last = state.life[state.life.length - 1];
  const back = last?.kind === 'undelete' ? last : state.life[state.life.length - 2];
  if (back !== undefined && back.csn > newest) newest = back.csn;
  return newest;
}
