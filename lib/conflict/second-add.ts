/**
 * One UUID, added more than once (docs/conflicts.md): the entry is folded anew from all its changes, and the outcome is the difference.
 *
 * Owns the outcome of an add of a UUID that is known, and of a late change that may make a void add count or a founding one void. Invariant: from the second add on, each add of the entry has
 * a row in its history. While an add is not settled none of the entry's changes is (forget.ts), so what is needed is there.
 */

import { must } from '../base/assert.js';
import { whole } from '../base/steps.js';
import type { AddedAttribute, Change, EntryUuid, PreservedFacts } from '../change/change.js';
import { type Csn, ZERO_CSN } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { Attribute, Attributes } from '../entry/entry.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import { equalityRule } from '../schema/equality-rules.js';
import { claimCsnOf } from './claim.js';
import type { AttributeEffect, DomainView, HistoryRow, MoveRow, Outcome } from './domain-view.js';
import { aliveAt } from './entry-life.js';
import type { EntryState } from './entry-state.js';
import { netEffect, sameEffect, undoEffect } from './fold-attribute.js';
import { effectOn, toFoldRow } from './fold-row.js';
import { Journal } from './journal.js';
import { type Add, type FoldOne, foldLives, isAdd, type Lives } from './lives.js';
import { type AddedParents, moveOf, moveTo, type RefoldedMoves, refoldMoves } from './move-register.js';
import { isOf } from './new-entry.js';
import { settlePlaces } from './place.js';
import { PresentValues } from './present-values.js';
import { refoldRename, registerOf } from './rename-register.js';

/** Whether `change`, no add, comes before an add of its entry that is known besides the one it has its life from: then nothing short of all changes tells what it does. */
export function comesBeforeAdd(view: DomainView, entry: EntryState, { csn, body }: Change): boolean {
  const isLife = body.kind === 'delete' || body.kind === 'undelete';
  if (csn > entry.created.csn && !isLife) return false;
  const newest = view.state.newest();
  if (newest === undefined || csn > newest) return false;
  return view.history(entry.uuid, undefined).some((row) => isAdd(row.change) && row.change.csn > csn);
}

/** The outcome of such a change, or of an add of a UUID that is known. */
export function refoldLives(view: DomainView, entry: EntryState, change: Change, fold: FoldOne): Outcome {
  const stored = view.history(entry.uuid, undefined);
  const known = stored.map((row) => row.change);
  const base = known.some(({ csn }) => csn === entry.created.csn) ? undefined : beforeRows(entry, stored);
  if (base !== undefined) known.push(foundingAdd(base, parentBefore(view, entry)));
  const was = foldLives(known, fold, base);
  const is = foldLives([...known, change], fold, base);
  const journal = new Journal();
  for (const line of was.lines) journal.was(line);
  for (const line of is.lines) journal.is(line);
  const moves = foldParents(view, entry, [...known, change], is, journal);
  const { attributes, delta } = difference(entry.attributes, is.state.attributes);
  const register = moves.registers.get(entry.uuid) ?? { parent: entry.parent, csn: entry.parentCsn };
  const { rdnSince, life, created } = is.state;
  const merged = is.state.merged || (created.csn === entry.created.csn && entry.merged);
  const claimCsn = claimCsnOf({ parentCsn: register.csn, rdnSince, life });
  const { parent, csn: parentCsn } = register;
  const after = { ...is.state, parent, parentCsn, claimCsn, place: entry.place, merged, attributes };
  const changed = [{ before: entry, after }];
  for (const [uuid, { parent: to, csn }] of moves.registers) {
    const before = uuid === entry.uuid ? undefined : view.entry(uuid);
    if (before === undefined) continue;
    const moved = { ...before, parent: to, parentCsn: csn };
    changed.push({ before, after: { ...moved, claimCsn: claimCsnOf(moved) } });
  }
  const entries = settlePlaces(
    view,
    changed,
    (line) => journal.was(line),
    (line) => journal.is(line),
  );
  return {
    entries,
    delta,
    history: changedRows(entry.uuid, stored, is.rows, base),
    moves: moves.rows,
    journal: journal.difference(),
  };
}

/** The parent registers, with what the adds say of this entry's. `changes`: those of the entry, the arriving one last. */
function foldParents(
  view: DomainView,
  entry: EntryState,
  changes: readonly Change[],
  lives: Lives,
  journal: Journal,
): RefoldedMoves {
  const adds = changes.filter(isAdd);
  const first = adds.reduce((oldest, add) => (add.csn < oldest.csn ? add : oldest));
  const stored = view.moves(ZERO_CSN);
  // An older add may be forgotten, and its place in the log not yet.
  const isMove = (founder: Add): boolean =>
    founder !== first || stored.some((row) => row.csn === founder.csn && row.revoked !== true);
  const added: AddedParents = {
    adds: new Set(adds.map((add) => add.csn)),
    first: { parent: first.body.parent, csn: first.csn },
    foundings: lives.founders
      .filter(isMove)
      .map((founder) => ({ ...moveTo(founder.body.parent, founder), founding: true })),
    isIdle: idleMoves(entry, changes, lives),
  };
  const turn = { entry: entry.uuid, before: entry, after: lives.state };
  const arriving = must(changes.at(-1), 'the arriving change');
  // All moves that are kept: older ones too may have known an add that comes only now, and a ring must not be left.
  return refoldMoves(
    view,
    ZERO_CSN,
    moveOf(arriving),
    turn,
    (line) => journal.was(line),
    (line) => journal.is(line),
    added,
  );
}

/**
 * Tells of the entry's moves which are of another life than the present one and found nobody alive. One whose change is forgotten is settled, and so is all that
 * decided this: it is as it was.
 */
function idleMoves(
  before: EntryState,
  changes: readonly Change[],
  { state, idle }: Lives,
): (row: MoveRow) => boolean {
  const known = new Set(changes.map(({ csn }) => csn));
  return (row) => {
    if (known.has(row.csn)) return idle.has(row.csn);
    if (isOf(state.created.csn, row)) return false;
    return isOf(before.created.csn, row) ? !aliveAt(before.life, row.csn) : row.revoked === true;
  };
}

/** The entry before the changes that have rows: as its add made it, where none is forgotten. Its place and parent say nothing. */
function beforeRows(entry: EntryState, stored: readonly HistoryRow[]): EntryState {
  const known = new Set(stored.map((row) => row.change.csn));
  const { rdn, csn, since } = refoldRename(registerOf(entry), stored.map(toFoldRow).map(asVoid));
  return {
    ...entry,
    modified: known.has(entry.modified.csn) ? entry.created : entry.modified,
    life: entry.life.filter(({ csn }) => !known.has(csn)),
    rdn,
    rdnCsn: csn,
    rdnSince: since,
    merged: false,
    attributes: attributesBefore(entry.attributes, stored),
  };
}

/** The add that founded the entry. What its origin had seen is not known any more. */
function foundingAdd(base: EntryState, parent: EntryUuid): Add {
  const { uuid, created, preserved, rdn } = base;
  const attributes = [...base.attributes].map(
    ([key, { name, values }]): AddedAttribute => ({ key, name, values }),
  );
  const body = { kind: 'add', parent, rdn, attributes } as const;
  return {
    csn: created.csn,
    previous: undefined,
    seen: ServerState.EMPTY,
    entry: uuid,
    initiator: created.by,
    body: hasFacts(preserved) ? { ...body, preserved } : body,
  };
}

function hasFacts(preserved: PreservedFacts): boolean {
  return Object.values(preserved).some((fact) => fact !== undefined);
}

/** A row that is undone and not redone. */
function asVoid<R extends { void: boolean }>(row: R): R {
  row.void = true;
  return row;
}

function parentBefore(view: DomainView, { uuid, parent, created }: EntryState): EntryUuid {
  const moves = view.moves(ZERO_CSN).filter((row) => row.entry === uuid && row.revoked !== true);
  const founding = moves.find(({ csn }) => csn === created.csn);
  return founding?.to ?? moves.find(({ effective }) => effective)?.from ?? parent;
}

function attributesBefore(attributes: Attributes, rows: readonly HistoryRow[]): Attributes {
  const before = new Map(attributes);
  const touched = new Set(rows.flatMap(({ effects }) => effects.map(({ key }) => key)));
  for (const key of touched) {
    const attribute = attributeBefore(attributes.get(key), key, rows);
    if (attribute === undefined) before.delete(key);
    else before.set(key, attribute);
  }
  return before;
}

function attributeBefore(
  attribute: Attribute | undefined,
  key: AttributeKey,
  rows: readonly HistoryRow[],
): Attribute | undefined {
  const present = new PresentValues(must(equalityRule('octetStringMatch'), 'a rule'), attribute?.values);
  let name = attribute?.name;
  for (let i = rows.length - 1; i >= 0; i--) {
    const { change, effects } = rows[i] as HistoryRow;
    const effect = effectOn(effects, key);
    if (effect === undefined) continue;
    whole(undoEffect(present, effect));
    const { body } = change;
    const named = body.kind === 'modify' || body.kind === 'modifyDn' ? body.attributes : [];
    const given = named.find((one) => one.key === key)?.name ?? key;
    name = present.count === 0 ? undefined : (name ?? effect.nameBefore ?? given);
  }
  return present.count === 0 ? undefined : { name: name ?? key, values: present.values() };
}

/** The attributes after, those that are as they were as the objects that they were. */
function difference(
  was: Attributes,
  is: Attributes,
): { readonly attributes: Attributes; readonly delta: readonly AttributeEffect[] } {
  const delta: AttributeEffect[] = [];
  const attributes = new Map(is);
  for (const key of new Set([...was.keys(), ...is.keys()])) {
    const [before, after] = [was.get(key), is.get(key)];
    const { removed, added } = whole(netEffect(before?.values ?? [], after?.values ?? []));
    if (removed.length > 0 || added.length > 0) delta.push({ key, removed, added });
    else if (before !== undefined && before.name === after?.name) attributes.set(key, before);
  }
  return { attributes, delta };
}

/**
 * Rows that are to be stored. None for what every server begins with, which has no CSN that a row could be kept under, nor for an add that is told from its rows while changes of the entry are
 * forgotten: it is settled, and no late change asks for it.
 */
function changedRows(
  entry: EntryUuid,
  stored: readonly HistoryRow[],
  rows: readonly HistoryRow[],
  base: EntryState | undefined,
): readonly { readonly entry: EntryUuid; readonly row: HistoryRow }[] {
  const known = new Map<Csn, HistoryRow>(stored.map((row) => [row.change.csn, row]));
  const told = base === undefined || isWhole(base) ? ZERO_CSN : base.created.csn;
  return rows
    .filter(({ change }) => change.csn !== ZERO_CSN && change.csn !== told)
    .filter((row) => !sameRow(known.get(row.change.csn), row))
    .map((row) => ({ entry, row }));
}

/** Whether this is what the add made, as far as can be told. */
function isWhole({ created, modified, rdnCsn, life }: EntryState): boolean {
  return modified.csn === created.csn && rdnCsn === created.csn && life.length === 0;
}

function sameRow(a: HistoryRow | undefined, b: HistoryRow): boolean {
  return (
    a !== undefined &&
    a.void === b.void &&
    a.rdnBefore?.csn === b.rdnBefore?.csn &&
    a.rdnBefore?.since === b.rdnBefore?.since &&
    a.effects.length === b.effects.length &&
    a.effects.every((effect) => whole(sameEffect(effect, effectOn(b.effects, effect.key))))
  );
}
