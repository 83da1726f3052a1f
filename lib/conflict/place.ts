/**
 * Where the DIT shows entries: the effective parent, who holds a name that several claim, and the journal lines about both.
 *
 * A place is no history: it follows from the registers and lives as they are after the fold. Given the entries that changed, this file finds the
 * others whose place changes with them (children of an entry that died or came back, rivals for a name) and answers all in final form.
 */
import { must } from '../base/assert.js';
import { utf8Encode } from '../base/bytes.js';
import { type EntryUuid, ROOT_UUID } from '../change/change.js';
import { formatNamedRdn } from '../change/named-rdn.js';
import { claimOf, type NameClaim } from './claim.js';
import type { Claim, DomainView, JournalLine } from './domain-view.js';
import { deathOf } from './entry-life.js';
import { type EntryState, isAlive, LOST_AND_FOUND_UUID, type Place } from './entry-state.js';
import type { LineSink } from './journal.js';

/** An entry around the change; `place` of `after` is provisional on the way in. */
interface Turn {
  readonly before: EntryState | undefined;
  after: EntryState;
}

/** A name, who claimed it and who does so now. */
interface Contest {
  readonly parent: EntryUuid;
  readonly rdnKey: string;
  readonly left: NameClaimOf[];
  readonly came: NameClaimOf[];
}

interface NameClaimOf extends NameClaim {
  readonly entry: EntryUuid;
}

/**
 * Settles the places after a change. `changed`: every entry whose registers, life or attributes changed, with its stored state. Answers the
 * entries to store: those, and the others whose place changed.
 */
export function settlePlaces(
  view: DomainView,
  changed: readonly { readonly before: EntryState | undefined; readonly after: EntryState }[],
  was: LineSink,
  is: LineSink,
): readonly EntryState[] {
  return new Settlement(view, changed, was, is).settle();
}

class Settlement {
  readonly #view: DomainView;
  readonly #turns = new Map<EntryUuid, Turn>();
  readonly #given: ReadonlySet<EntryUuid>;
  readonly #contests = new Map<string, Contest>();
  readonly #was: LineSink;
  readonly #is: LineSink;

  constructor(
    view: DomainView,
    changed: readonly { readonly before: EntryState | undefined; readonly after: EntryState }[],
    was: LineSink,
    is: LineSink,
  ) {
    this.#view = view;
    for (const { before, after } of changed) this.#turns.set(after.uuid, { before, after });
    this.#given = new Set(this.#turns.keys());
    this.#was = was;
    this.#is = is;
  }

  settle(): readonly EntryState[] {
    for (const uuid of this.#given) this.#addDependents(this.#turn(uuid));
    for (const turn of this.#turns.values()) this.#placeAndClaim(turn);
    for (const contest of this.#contests.values()) this.#decide(contest);
    const out: EntryState[] = [];
    for (const [uuid, { before, after }] of this.#turns) {
      if (this.#given.has(uuid) || before === undefined || !samePlace(before.place, after.place))
        out.push(after);
    }
    return out;
  }

  /** Live entries that hang on one whose death changed. */
  #addDependents({ before, after }: Turn): void {
    if (before === undefined) return;
    const deathBefore = deathOf(before.life);
    if (deathBefore === deathOf(after.life)) return;
    const { uuid } = after;
    const shownBelow = deathBefore === undefined ? uuid : LOST_AND_FOUND_UUID;
    for (const child of this.#view.children(shownBelow)) {
      if (this.#turns.has(child)) continue;
      const state = must(this.#view.entry(child), 'a child');
      if (state.parent === uuid && isAlive(state)) this.#turns.set(child, { before: state, after: state });
    }
  }

  /** Sets the effective parent, says orphan lines, and enters the claims that changed. */
  #placeAndClaim(turn: Turn): void {
    const { before } = turn;
    if (before !== undefined) this.#sayOrphan(before, this.#view.entry(before.parent), this.#was);
    const parent = this.#current(turn.after.parent);
    this.#sayOrphan(turn.after, parent, this.#is);
    const shown = isAlive(turn.after) ? effectiveParent(turn.after, parent) : turn.after.parent;
    const claimBefore = before === undefined ? undefined : claimOf(before);
    turn.after = { ...turn.after, place: { parent: shown, conflict: false } };
    const claimAfter = claimOf(turn.after);
    if (claimBefore !== undefined && before?.rdn === turn.after.rdn && sameClaim(claimBefore, claimAfter)) {
      // Nothing to contest anew: the entry keeps what it had.
      turn.after = { ...turn.after, place: before?.place ?? turn.after.place };
      return;
    }
    const entry = turn.after.uuid;
    if (claimBefore !== undefined) this.#contest(claimBefore).left.push({ ...claimBefore, entry });
    if (claimAfter !== undefined) this.#contest(claimAfter).came.push({ ...claimAfter, entry });
  }

  #contest({ parent, rdnKey }: NameClaim): Contest {
    const key = `${parent} ${rdnKey}`;
    const known = this.#contests.get(key);
    if (known !== undefined) return known;
    const made: Contest = { parent, rdnKey, left: [], came: [] };
    this.#contests.set(key, made);
    return made;
  }

  /** The oldest claim holds the name. Rivals that neither came nor left are looked at only when the holder changes. */
  #decide({ parent, rdnKey, left, came }: Contest): void {
    const before = this.#view.claims(parent, rdnKey);
    const after: Claim[] = before.filter((claim) => !left.some(({ entry }) => entry === claim.entry));
    for (const { csn, entry } of came) after.push({ csn, entry });
    after.sort((a, b) => (a.csn < b.csn ? -1 : a.csn > b.csn ? 1 : 0));
    const holderBefore = before[0];
    const holder = after[0];
    const sameHolder = holderBefore?.entry === holder?.entry && holderBefore?.csn === holder?.csn;
    for (const claim of sameHolder ? left : before) {
      const state = this.#turns.get(claim.entry)?.before ?? this.#view.entry(claim.entry);
      this.#sayRival(must(state, 'a claimant'), claim, holderBefore, this.#was);
    }
    for (const claim of sameHolder ? came : after) {
      const turn = this.#turn(claim.entry);
      const conflict = claim.entry !== holder?.entry;
      const shown = parent === ROOT_UUID && conflict ? LOST_AND_FOUND_UUID : parent;
      const place = { parent: shown, conflict };
      if (!samePlace(place, turn.after.place)) turn.after = { ...turn.after, place };
      this.#sayRival(turn.after, claim, holder, this.#is);
    }
  }

  #turn(uuid: EntryUuid): Turn {
    const known = this.#turns.get(uuid);
    if (known !== undefined) return known;
    const state = must(this.#view.entry(uuid), 'a claimant');
    const made: Turn = { before: state, after: state };
    this.#turns.set(uuid, made);
    return made;
  }

  #current(uuid: EntryUuid): EntryState | undefined {
    return this.#turns.get(uuid)?.after ?? this.#view.entry(uuid);
  }

  #sayOrphan(state: EntryState, parent: EntryState | undefined, sink: LineSink): void {
    const winner = parent === undefined ? undefined : deathOf(parent.life);
    if (winner === undefined || !isAlive(state)) return;
    const { uuid: entry, parentCsn: loser } = state;
    const value = utf8Encode(state.parent);
    sink({ loser, winner, entry, kind: 'orphan', attribute: undefined, value });
  }

  #sayRival(state: EntryState, claim: Claim, holder: Claim | undefined, sink: LineSink): void {
    if (holder === undefined || holder.entry === claim.entry) return;
    const line: JournalLine = {
      loser: claim.csn,
      winner: holder.csn,
      entry: claim.entry,
      kind: 'name-conflict',
      attribute: undefined,
      value: utf8Encode(formatNamedRdn(state.rdn)),
    };
    sink(line);
  }
}

function effectiveParent(state: EntryState, parent: EntryState | undefined): EntryUuid {
  if (state.parent === ROOT_UUID || state.parent === LOST_AND_FOUND_UUID) return state.parent;
  return parent !== undefined && isAlive(parent) ? state.parent : LOST_AND_FOUND_UUID;
}

function sameClaim(a: NameClaim, b: NameClaim | undefined): boolean {
  return b !== undefined && a.parent === b.parent && a.rdnKey === b.rdnKey && a.csn === b.csn;
}

function samePlace(a: Place, b: Place): boolean {
  return a.parent === b.parent && a.conflict === b.conflict;
}
