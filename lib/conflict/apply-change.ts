/**
 * applyChange: one change folded into a domain, whatever the order in which changes come (replication-model.md section 1). The result is what
 * folding all changes in CSN order would give; the tests compare it with exactly that.
 *
 * The parts: life (entry-life), attributes (refold-attribute), RDN (rename-register) and parent (move-register) are registers that a late
 * change rewrites in the past, by undoing and redoing the younger rows it concerns; where entries are shown (place) follows from the registers as
 * they are then; the journal (journal, lost-values, lost-changes) says what lost to what. An entry's add comes before every other change of it; a UUID that is added
 * more than once is folded from all its changes (second-add).
 * Everything here is pure; docs/conflicts.md holds the reasoning.
 */
import { type Steps, whole } from '../base/steps.js';
import type { AttributeChange, Change, EntryUuid, NamedRdn } from '../change/change.js';
import { ROOT_UUID } from '../change/change.js';
import type { Attribute, Attributes } from '../entry/entry.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import { claimCsnOf } from './claim.js';
import { areConcurrent } from './concurrency.js';
import { deleteAlone } from './delete-alone.js';
import type { AttributeEffect, DomainView, HistoryRow, Outcome, Waiting } from './domain-view.js';
import { aliveAt, refoldLife } from './entry-life.js';
import { type EntryState, type LifeEvent, LOST_AND_FOUND_UUID, type Stamp } from './entry-state.js';
import { foldInSteps } from './fold-many.js';
import {
  attributeChangeOf,
  attributeChangesOf,
  changedRow,
  effectOn,
  type FoldRow,
  newFoldRow,
  setEffect,
  toFoldRow,
} from './fold-row.js';
import { Journal, type LineSink } from './journal.js';
import { sayLostChanges } from './lost-changes.js';
import { sayLostValues, type ToldRow, type ValueRow } from './lost-values.js';
import { modifyInSteps } from './modify-alone.js';
import { type LifeTurn, moveOf, NO_MOVES, type RefoldedMoves, refoldMoves } from './move-register.js';
import { type AddBody, isOf, newState } from './new-entry.js';
import { settlePlaces } from './place.js';
import { historyNeeded } from './prefetch-plan.js';
import { RdnTimeline, type Renaming } from './rdn-timeline.js';
import type { AttributeRow, RefoldedAttribute } from './refold-attribute.js';
import { refoldRename, registerOf, sayLostRename } from './rename-register.js';
import { comesBeforeAdd, refoldLives } from './second-add.js';

const NOTHING: Outcome = {
  entries: [],
  delta: [],
  history: [],
  moves: [],
  journal: { put: [], delete: [] },
};

/**
 * What is to be stored when `change` comes to a domain in the state that `view` shows; or the entry that it must wait for. A change that the view's
 * state covers changes nothing.
 */
export function applyChange(view: DomainView, change: Change): Outcome | Waiting {
  return whole(applyInSteps(view, change));
}

/** applyChange() in steps; the view must show the same until the end. A UUID that is added twice is folded anew in one. */
export function* applyInSteps(view: DomainView, change: Change): Steps<Outcome | Waiting> {
  if (view.state.covers(change.csn)) return NOTHING;
  const { body } = change;
  if (body.kind === 'add') return applyAdd(view, change, body);
  const entry = view.entry(change.entry);
  if (entry === undefined) return { waitsFor: change.entry };
  if (body.kind === 'modifyDn' && body.parent !== undefined && !isKnown(view, body.parent)) {
    return { waitsFor: body.parent };
  }
  const alone = (yield* modifyInSteps(view, entry, change)) ?? deleteAlone(view, entry, change);
  if (alone !== undefined) return alone;
  if (comesBeforeAdd(view, entry, change)) return refoldLives(view, entry, change, foldAtOnce);
  return yield* foldOne(view, entry, change);
}

/** One change of an entry that is there, no add. */
function foldOne(view: DomainView, entry: EntryState, change: Change): Steps<Outcome> {
  return new EntryFold(view, entry, change).outcome();
}

const foldAtOnce = (view: DomainView, entry: EntryState, change: Change): Outcome =>
  whole(foldOne(view, entry, change));

function isKnown(view: DomainView, parent: EntryUuid): boolean {
  return parent === ROOT_UUID || parent === LOST_AND_FOUND_UUID || view.entry(parent) !== undefined;
}

function applyAdd(view: DomainView, change: Change, body: AddBody): Outcome | Waiting {
  const { csn: loser, entry: uuid } = change;
  const journal = new Journal();
  if (uuid === LOST_AND_FOUND_UUID) {
    // No server of ours makes one: what every domain has from the beginning is what it is.
    const line = { loser, winner: undefined, entry: uuid, kind: 'add-lost' } as const;
    journal.is({ ...line, attribute: undefined, value: undefined });
    return { ...NOTHING, journal: journal.difference() };
  }
  if (!isKnown(view, body.parent)) return { waitsFor: body.parent };
  const known = view.entry(uuid);
  if (known !== undefined) return refoldLives(view, known, change, foldAtOnce);
  const after = newState(change, body);
  const entries = settlePlaces(view, [{ before: undefined, after }], ...sinksOf(journal));
  const delta = body.attributes.map(({ key, values }) => ({ key, removed: [], added: values }));
  return { entries, delta, history: [], moves: [], journal: journal.difference() };
}

function sinksOf(journal: Journal): [LineSink, LineSink] {
  return [(line) => journal.was(line), (line) => journal.is(line)];
}

/** Names before the change and now. */
interface Timelines {
  readonly was: RdnTimeline;
  readonly is: RdnTimeline;
  readonly differ: boolean;
}

const NO_ROWS: ReadonlySet<FoldRow> = new Set();

/** One change of an existing entry, at work. */
class EntryFold {
  readonly #view: DomainView;
  readonly #entry: EntryState;
  readonly #row: FoldRow;
  /** Rows that were read, ascending, the arriving one among them; the arriving one and the younger. */
  readonly #rows: FoldRow[] = [];
  readonly #since: FoldRow[];
  readonly #life: readonly LifeEvent[];
  readonly #journal = new Journal();
  readonly #was: LineSink;
  readonly #is: LineSink;

  constructor(view: DomainView, entry: EntryState, change: Change) {
    this.#view = view;
    this.#entry = entry;
    this.#row = newFoldRow(change);
    [this.#was, this.#is] = sinksOf(this.#journal);
    const needed = historyNeeded(entry, change, view.state);
    const stored = needed === undefined ? [] : view.history(entry.uuid, needed.after);
    let at = stored.length;
    while (at > 0 && (stored[at - 1] as HistoryRow).change.csn > change.csn) at -= 1;
    for (const row of stored) this.#rows.push(toFoldRow(row));
    this.#rows.splice(at, 0, this.#row);
    this.#since = this.#rows.slice(at);
    const { kind } = change.body;
    const counts = isOf(entry.created.csn, change);
    if (counts && (kind === 'delete' || kind === 'undelete'))
      this.#life = refoldLife(entry.life, this.#since.filter(this.#isOfLife));
    else {
      this.#life = entry.life;
      this.#row.void = !counts || !aliveAt(entry.life, change.csn);
    }
  }

  /** Rows of adds, and of what came before the add that the entry has its life from, take no part. */
  readonly #isOfLife = ({ change }: FoldRow): boolean =>
    change.body.kind !== 'add' && isOf(this.#entry.created.csn, change);

  *outcome(): Steps<Outcome> {
    const entry = this.#entry;
    const { rdn, csn: rdnCsn, since: rdnSince } = refoldRename(registerOf(entry), this.#since);
    const { attributes, delta } = yield* this.#foldAttributes(this.#timelines(rdn));
    const moves = this.#foldMoves();
    this.#sayLines();
    const register = moves.registers.get(entry.uuid);
    const parent = register?.parent ?? entry.parent;
    const parentCsn = register?.csn ?? entry.parentCsn;
    const life = this.#life;
    const claimCsn = claimCsnOf({ parentCsn, rdnSince, life });
    const modified = this.#stamp();
    const after: EntryState = {
      ...entry,
      modified,
      life,
      parent,
      parentCsn,
      rdn,
      rdnCsn,
      rdnSince,
      claimCsn,
      merged: entry.merged || this.#isMerge(),
      attributes,
    };
    return {
      entries: this.#settle(after, moves),
      delta,
      history: this.#changedRows(),
      moves: moves.rows,
      journal: this.#journal.difference(),
    };
  }

  /** Whether a change that was read and the arriving one did not know of each other. Undeletes add nothing to a delete that went before. */
  #isMerge(): boolean {
    const { change } = this.#row;
    if (change.body.kind === 'undelete' || !this.#isOfLife(this.#row)) return false;
    return this.#rows.some(
      (row) =>
        row !== this.#row &&
        row.change.body.kind !== 'undelete' &&
        this.#isOfLife(row) &&
        areConcurrent(row.change, change),
    );
  }

  /** The names that the entry had over the order of the rows: before the change and now. */
  #timelines(rdn: NamedRdn): Timelines {
    const was: Renaming[] = [];
    const is: Renaming[] = [];
    for (const { change, before, rdnBefore } of this.#rows) {
      const { body } = change;
      if (body.kind !== 'modifyDn' || body.rdn === undefined) continue;
      const renaming = { witness: change, rdn: body.rdn };
      if (before?.rdnBefore !== undefined) was.push({ ...renaming, before: before.rdnBefore.rdn });
      if (rdnBefore !== undefined) is.push({ ...renaming, before: rdnBefore.rdn });
    }
    const timelines = { was: new RdnTimeline(was, this.#entry.rdn), is: new RdnTimeline(is, rdn) };
    return { ...timelines, differ: !timelines.was.sameAs(timelines.is) };
  }

  *#foldAttributes(timelines: Timelines): Steps<{
    readonly attributes: Attributes;
    readonly delta: readonly AttributeEffect[];
  }> {
    const delta: AttributeEffect[] = [];
    let attributes: Map<AttributeKey, Attribute> | undefined;
    const touched = this.#touchedKeys();
    for (const key of touched) {
      const before = this.#entry.attributes.get(key);
      const refolded = yield* this.#foldAttribute(key, before, timelines);
      if (refolded.delta === undefined) continue;
      delta.push(refolded.delta);
      attributes ??= new Map(this.#entry.attributes);
      if (refolded.attribute === undefined) attributes.delete(key);
      else attributes.set(key, refolded.attribute);
    }
    if (timelines.differ) yield* this.#sayNamingValues(touched, timelines);
    return { attributes: attributes ?? this.#entry.attributes, delta };
  }

  /** Attributes of the arriving change and of rows that a life event made void or gave back. */
  #touchedKeys(): ReadonlySet<AttributeKey> {
    const keys = new Set<AttributeKey>();
    for (const row of this.#since) {
      if (!isMoved(row)) continue;
      for (const { key } of attributeChangesOf(row.change)) keys.add(key);
    }
    return keys;
  }

  *#foldAttribute(
    key: AttributeKey,
    attribute: Attribute | undefined,
    timelines: Timelines,
  ): Steps<RefoldedAttribute> {
    const rows: (AttributeRow & { readonly of: FoldRow })[] = [];
    for (const of of this.#since) {
      const change = attributeChangeOf(of.change, key);
      if (change === undefined) continue;
      const before = effectOn(of.effects, key);
      rows.push({ of, change, before, active: !of.void, moved: isMoved(of), after: before, concerned: true });
    }
    const refolded = yield* foldInSteps(key, attribute, rows);
    const unconcerned = new Set<FoldRow>();
    for (const { of, after, concerned } of rows) {
      if (concerned) setEffect(of, key, after);
      else unconcerned.add(of);
    }
    yield* this.#sayValues(key, attribute, refolded.attribute, unconcerned, timelines);
    return refolded;
  }

  /** Values that a name held, or holds now, in attributes that the change leaves alone. */
  *#sayNamingValues(touched: ReadonlySet<AttributeKey>, timelines: Timelines): Steps<void> {
    if (this.#rows.length === 1) return;
    for (const key of new Set([...timelines.was.keys(), ...timelines.is.keys()])) {
      if (touched.has(key)) continue;
      const attribute = this.#entry.attributes.get(key);
      yield* this.#sayValues(key, attribute, attribute, NO_ROWS, timelines);
    }
  }

  /**
   * Rows that are not concerned are left out before and after alike, unless an older single-valued row needs the whole story or the names differ.
   */
  *#sayValues(
    key: AttributeKey,
    before: Attribute | undefined,
    after: Attribute | undefined,
    unconcerned: ReadonlySet<FoldRow>,
    timelines: Timelines,
  ): Steps<void> {
    const rows: ToldRow[] = [];
    const older = this.#rows.length - this.#since.length;
    let since = 0;
    const whole =
      timelines.differ || this.#rows.some(({ change }) => attributeChangeOf(change, key)?.single === true);
    this.#rows.forEach((row, at) => {
      const change = attributeChangeOf(row.change, key);
      if (change === undefined || (!whole && unconcerned.has(row))) return;
      rows.push(toldRow(row, change));
      if (at < older) since = rows.length;
    });
    const { uuid: entry } = this.#entry;
    const attribute = { was: before, is: after };
    yield* sayLostValues({ entry, rows, since, attribute, names: timelines }, this.#was, this.#is);
  }

  #foldMoves(): RefoldedMoves {
    const { change } = this.#row;
    const { created, life } = this.#entry;
    const move = moveOf(change);
    // A move of no life: until the add that it knew is here.
    const arriving = move === undefined || isOf(created.csn, change) ? move : { ...move, revoked: true };
    if (!this.#since.some((row) => isMoved(row) && moveOf(row.change) !== undefined)) return NO_MOVES;
    const turn: LifeTurn = {
      entry: change.entry,
      before: { created, life },
      after: { created, life: this.#life },
    };
    return refoldMoves(this.#view, change.csn, arriving, turn, this.#was, this.#is);
  }

  #sayLines(): void {
    const rows = this.#rows.filter(this.#isOfLife);
    const stored = rows.filter((row) => row !== this.#row);
    sayLostChanges(this.#entry.life, stored, (row) => row.before?.void === true, this.#was);
    sayLostChanges(this.#life, rows, (row) => row.void, this.#is);
    for (const row of this.#since) {
      sayLostRename(row, row.before?.rdnBefore, this.#was);
      sayLostRename(row, row.rdnBefore, this.#is);
    }
  }

  /** The youngest change that was not void. */
  #stamp(): Stamp {
    for (let i = this.#since.length - 1; i >= 0; i--) {
      const row = this.#since[i] as FoldRow;
      if (!row.void && row.change.body.kind !== 'add')
        return { csn: row.change.csn, by: row.change.initiator };
    }
    return this.#entry.modified;
  }

  #settle(after: EntryState, moves: RefoldedMoves): readonly EntryState[] {
    const { parentCsn, rdnCsn, rdnSince, life } = this.#entry;
    if (
      after.parentCsn === parentCsn &&
      after.rdnCsn === rdnCsn &&
      after.rdnSince === rdnSince &&
      after.life === life &&
      moves === NO_MOVES
    ) {
      return [after];
    }
    const changed = [{ before: this.#entry, after }];
    for (const [uuid, { parent, csn: parentCsn }] of moves.registers) {
      const before = uuid === after.uuid ? undefined : this.#view.entry(uuid);
      if (before === undefined) continue;
      const moved = { ...before, parent, parentCsn };
      changed.push({ before, after: { ...moved, claimCsn: claimCsnOf(moved) } });
    }
    return settlePlaces(this.#view, changed, this.#was, this.#is);
  }

  #changedRows(): { readonly entry: EntryUuid; readonly row: HistoryRow }[] {
    const changed: { readonly entry: EntryUuid; readonly row: HistoryRow }[] = [];
    for (const row of this.#since) {
      const stored = changedRow(row);
      if (stored !== undefined) changed.push({ entry: this.#entry.uuid, row: stored });
    }
    return changed;
  }
}

/** The row's part in one attribute, before and now. */
function toldRow(
  { change: witness, before, void: isVoid, effects }: FoldRow,
  change: AttributeChange,
): ToldRow {
  const effect = effectOn(effects, change.key);
  const is: ValueRow | undefined = isVoid ? undefined : { witness, change, effect };
  if (before === undefined || before.void) return { was: undefined, is };
  const effectBefore = effectOn(before.effects, change.key);
  return {
    was: is !== undefined && effectBefore === effect ? is : { witness, change, effect: effectBefore },
    is,
  };
}

/** Whether the row is new or a life event turned it void or valid. */
function isMoved(row: FoldRow): boolean {
  return row.before === undefined || row.before.void !== row.void;
}

/** Whether `outcome` says that the change waits. */
export function isWaiting(outcome: Outcome | Waiting): outcome is Waiting {
  return 'waitsFor' in outcome;
}
