/**
 * The parent registers of a domain, folded over its move log: a move is the last write of its entry's parent, unless the entry is dead at that
 * point or the move would close a loop by the registers as they are there, dead entries included.
 *
 * A late move, or a late life event of an entry that moved afterwards, undoes every younger move of the domain and redoes it, since each may now
 * close a loop or no longer do so. Owns the registers; where the DIT shows an entry is place.ts.
 */
import { assert, must } from '../base/assert.js';
import { utf8Encode } from '../base/bytes.js';
import { type Change, type EntryUuid, ROOT_UUID } from '../change/change.js';
import type { Csn } from '../csn/csn.js';
import { knew } from './concurrency.js';
import type { DomainView, MoveRow } from './domain-view.js';
import { aliveAt } from './entry-life.js';
import { type EntryState, LOST_AND_FOUND_UUID } from './entry-state.js';
import type { LineSink } from './journal.js';
import { isOf } from './new-entry.js';

export interface ParentRegister {
  readonly parent: EntryUuid;
  readonly csn: Csn;
}

/** What the fold found: registers that differ from the stored ones, and rows to store. */
export interface RefoldedMoves {
  readonly registers: ReadonlyMap<EntryUuid, ParentRegister>;
  readonly rows: readonly MoveRow[];
}

/** A way up that is longer than any tree: the store is damaged, and walking on would never end. */
const MAX_DEPTH = 1_000_000;

export const NO_MOVES: RefoldedMoves = { registers: new Map(), rows: [] };

/** When an entry lived: what decides whether a move of it took effect. */
export type Lived = Pick<EntryState, 'created' | 'life'>;

/** The life of the arriving change's entry, before and after it. */
export interface LifeTurn {
  readonly entry: EntryUuid;
  readonly before: Lived;
  readonly after: Lived;
}

/** The parents that adds of the turn's entry name, where its UUID was added more than once (second-add.ts). */
export interface AddedParents {
  /** Every add that is known. */
  readonly adds: ReadonlySet<Csn>;
  /** The oldest add: its parent is where all moves begin. */
  readonly first: ParentRegister;
  /** The adds that found the entry dead and founded it anew, each as a move to the parent that it names. */
  readonly foundings: readonly MoveRow[];
  /** Whether a move of the entry, no add, is of another life than the present one and found nobody alive. */
  readonly isIdle: (row: MoveRow) => boolean;
}

/** The arriving change's own move as a row to be folded in; undefined when it moves nothing. */
export function moveOf(change: Change): MoveRow | undefined {
  const { body } = change;
  return body.kind === 'modifyDn' && body.parent !== undefined ? moveTo(body.parent, change) : undefined;
}

/** A move to `to` that is not folded yet. */
export function moveTo(to: EntryUuid, { csn, entry, seen }: Change): MoveRow {
  return { csn, entry, to, from: to, fromCsn: csn, effective: false, seen };
}

/**
 * Folds the moves younger than `since` anew, with `arriving` (whose CSN is `since`) before them.
 */
export function refoldMoves(
  view: DomainView,
  since: Csn,
  arriving: MoveRow | undefined,
  turn: LifeTurn,
  was: LineSink,
  is: LineSink,
  added?: AddedParents,
): RefoldedMoves {
  const stored = view.moves(since);
  const registers = new Registers(view);
  for (let i = stored.length - 1; i >= 0; i--) {
    const row = stored[i] as MoveRow;
    if (row.effective) registers.set(row.entry, { parent: row.from, csn: row.fromCsn });
    sayMove(row, registers, livedOf(view, row.entry, turn, 'before'), was);
  }
  const known = new Set(stored);
  const rows: MoveRow[] = [];
  for (const row of movesToFold(stored, arriving, turn.entry, registers, added)) {
    const lived = livedOf(view, row.entry, turn, 'after');
    const { parent: from, csn: fromCsn } = registers.of(row.entry);
    const effective = counts(row, lived) && !registers.isAtOrBelow(row.to, row.entry);
    const folded: MoveRow = { ...row, from, fromCsn, effective };
    sayMove(folded, registers, lived, is);
    if (effective) registers.set(row.entry, { parent: row.to, csn: row.csn });
    if (!known.has(row) || row.from !== from || row.fromCsn !== fromCsn || row.effective !== effective) {
      rows.push(folded);
    }
  }
  return { registers: registers.changed(), rows };
}

/** Moves in order: those that are stored, the arriving one, and where adds are in question, those that stand for the founding adds in place of others of the kind. */
function movesToFold(
  stored: readonly MoveRow[],
  arriving: MoveRow | undefined,
  entry: EntryUuid,
  registers: Registers,
  added: AddedParents | undefined,
): readonly MoveRow[] {
  if (added === undefined) return arriving === undefined ? stored : [arriving, ...stored];
  const { adds, first, foundings, isIdle } = added;
  if (adds.has(registers.of(entry).csn)) registers.set(entry, first);
  const founds = new Set(foundings.map(({ csn }) => csn));
  const known = new Set(stored.map(({ csn }) => csn));
  const rows = arriving === undefined ? [...stored] : [...stored, arriving];
  rows.push(...foundings.filter(({ csn }) => !known.has(csn)));
  return rows
    .map((row) => {
      if (row.entry !== entry) return row;
      const revoked = isIdle(row) || (adds.has(row.csn) && !founds.has(row.csn));
      return revoked === (row.revoked === true) ? row : { ...row, revoked };
    })
    .sort((a, b) => (a.csn < b.csn ? -1 : 1));
}

/** Whether the entry was there to be moved. Whether it was in an earlier life, the row says. */
function counts(row: MoveRow, { created, life }: Lived): boolean {
  return row.revoked !== true && (!isOf(created.csn, row) || aliveAt(life, row.csn));
}

/** Registers at one point of the order: the stored ones, and what undo and redo set. */
class Registers {
  readonly #view: DomainView;
  readonly #set = new Map<EntryUuid, ParentRegister>();

  constructor(view: DomainView) {
    this.#view = view;
  }

  of(entry: EntryUuid): ParentRegister {
    return must(this.find(entry), 'the entry of a move');
  }

  find(entry: EntryUuid): ParentRegister | undefined {
    const set = this.#set.get(entry);
    if (set !== undefined) return set;
    const state = this.#view.entry(entry);
    return state === undefined ? undefined : { parent: state.parent, csn: state.parentCsn };
  }

  set(entry: EntryUuid, register: ParentRegister): void {
    this.#set.set(entry, register);
  }

  /** Whether the way up from `entry` meets `above`. */
  isAtOrBelow(entry: EntryUuid, above: EntryUuid): boolean {
    let at: EntryUuid | undefined = entry;
    for (let steps = 0; at !== undefined && at !== ROOT_UUID && at !== LOST_AND_FOUND_UUID; steps++) {
      if (at === above) return true;
      assert(steps < MAX_DEPTH, 'parent registers form a loop');
      at = this.find(at)?.parent;
    }
    return false;
  }

  /** Newest register write on the way up from `entry` to below `above`; undefined when they are one. */
  newestBetween(entry: EntryUuid, above: EntryUuid): Csn | undefined {
    let newest: Csn | undefined;
    let at: EntryUuid = entry;
    while (at !== above) {
      const { parent, csn } = this.of(at);
      if (newest === undefined || csn > newest) newest = csn;
      at = parent;
    }
    return newest;
  }

  changed(): ReadonlyMap<EntryUuid, ParentRegister> {
    const changed = new Map<EntryUuid, ParentRegister>();
    for (const [entry, register] of this.#set) {
      const state = this.#view.entry(entry);
      if (state?.parent !== register.parent || state.parentCsn !== register.csn) changed.set(entry, register);
    }
    return changed;
  }
}

function livedOf(view: DomainView, entry: EntryUuid, turn: LifeTurn, when: 'before' | 'after'): Lived {
  return entry === turn.entry ? turn[when] : must(view.entry(entry), 'the entry of a move');
}

/** Says what a move lost or made lose. `registers` are those just before the move. */
function sayMove(row: MoveRow, registers: Registers, lived: Lived, sink: LineSink): void {
  const { csn, entry } = row;
  if (row.effective) {
    if (row.from === row.to || row.founding === true || knew(row, row.fromCsn)) return;
    const value = utf8Encode(row.from);
    sink({ loser: row.fromCsn, winner: csn, entry, kind: 'move-lost', attribute: undefined, value });
  } else if (counts(row, lived)) {
    const winner = registers.newestBetween(row.to, entry);
    const value = utf8Encode(row.to);
    sink({ loser: csn, winner, entry, kind: 'move-loop', attribute: undefined, value });
  }
}
