/**
 * The state of one entry under the replication model: registers and folded attributes (replication-model.md sections 4 and 5).
 *
 * Invariants: `life` holds the events that took effect, sorted by CSN: delete and undelete in turn, delete first; the entry lives when it is
 * empty or ends with undelete. claimCsn is the newest of parentCsn, rdnSince and the last undelete. `parent` and `rdn` are the registers after the fold; `place` is derived from them and from the other entries, and is what the DIT shows. `attributes` is the fold
 * alone: the values of the current RDN that it lacks are added by materialize().
 */
import type { EntryUuid, NamedRdn, PreservedFacts } from '../change/change.js';
import type { Csn } from '../csn/csn.js';
import type { Attributes } from '../entry/entry.js';

/** UUID of `cn=lost+found,<base>` in every domain: a container that exists on every replica and is shown while it is not empty. */
export const LOST_AND_FOUND_UUID = '00000000-0000-0000-0000-00000000000f' as EntryUuid;

export interface LifeEvent {
  readonly csn: Csn;
  readonly kind: 'delete' | 'undelete';
}

/** Who and when, from which creatorsName, createTimestamp, modifiersName and modifyTimestamp follow. */
export interface Stamp {
  readonly csn: Csn;
  readonly by: string;
}

/** Where the DIT shows the entry; for a dead one its parent register and no conflict. */
export interface Place {
  /** Effective parent: the register, or LOST_AND_FOUND_UUID while the register's entry is dead. */
  readonly parent: EntryUuid;
  /** Another entry holds the name: shown as `entryUUID=<uuid>+<rdn>`. */
  readonly conflict: boolean;
}

export interface EntryState {
  readonly uuid: EntryUuid;
  readonly created: Stamp;
  /** Last change in CSN order that was not void (HistoryRow.void). */
  readonly modified: Stamp;
  readonly preserved: PreservedFacts;
  readonly life: readonly LifeEvent[];
  readonly parent: EntryUuid;
  readonly parentCsn: Csn;
  readonly rdn: NamedRdn;
  readonly rdnCsn: Csn;
  /** Since when `rdn` is the name, whatever its spelling: the last rename that made another one, or the add. */
  readonly rdnSince: Csn;
  /** CSN of the claim to (effective parent, rdn): the last add, effective rename to another name, effective move or undelete. */
  readonly claimCsn: Csn;
  readonly place: Place;
  /** Two of its changes (its add and undeletes aside) were concurrent. Never unset: such an entry is checked against the schema after each change. */
  readonly merged: boolean;
  readonly attributes: Attributes;
}

/** The state with these values, and another stamp. Written out, as a copy that overrides a property is slow in V8. */
export function withAttributes(
  of: Omit<EntryState, 'attributes'>,
  attributes: Attributes,
  modified: Stamp = of.modified,
): EntryState {
  return {
    uuid: of.uuid,
    created: of.created,
    modified,
    preserved: of.preserved,
    life: of.life,
    parent: of.parent,
    parentCsn: of.parentCsn,
    rdn: of.rdn,
    rdnCsn: of.rdnCsn,
    rdnSince: of.rdnSince,
    claimCsn: of.claimCsn,
    place: of.place,
    merged: of.merged,
    attributes,
  };
}

/** Whether the entry lives after its last life event. */
export function isAlive(state: EntryState): boolean {
  const last = state.life[state.life.length - 1];
  return last === undefined || last.kind === 'undelete';
}
