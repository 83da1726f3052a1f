/**
 * An entry whose UUID was added more than once, folded from all its changes (docs/conflicts.md, One UUID, added twice).
 *
 * In CSN order: the first add founds the entry; an add that finds it alive is void; one that finds it deleted founds it anew. A change is of the youngest life whose
 * founding add is older than it or was known to it; a change of no life is void. Owns what depends on the changes of the entry alone: its attributes, its RDN, its life, its
 * rows and the lines about them. Parents and places are the domain's (second-add.ts). Each life is folded by the very rules of apply-change.ts.
 */
import { must } from '../base/assert.js';
import { latin1, utf8Encode } from '../base/bytes.js';
import type { Change, EntryUuid } from '../change/change.js';
import { formatNamedRdn } from '../change/named-rdn.js';
import type { Csn } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import type { Claim, DomainView, HistoryRow, JournalLine, MoveRow, Outcome } from './domain-view.js';
import { aliveAt } from './entry-life.js';
import { type EntryState, isAlive } from './entry-state.js';
import { journalKey, type LineSink } from './journal.js';
import { type AddBody, isOf, newState } from './new-entry.js';

/** An add. */
export type Add = Change & { readonly body: AddBody };

/** Folds one change into an entry that is there: what applyChange does when no add is in question. */
export type FoldOne = (view: DomainView, entry: EntryState, change: Change) => Outcome;

export interface Lives {
  /** The adds that founded the lives, ascending: the last one the present life. */
  readonly founders: readonly Add[];
  /** The present life; parent, claim and place say nothing. */
  readonly state: EntryState;
  /** A row for every change, adds among them, those of earlier lives without effect. */
  readonly rows: readonly HistoryRow[];
  /** Changes of earlier lives, and of none, that found nobody alive. */
  readonly idle: ReadonlySet<Csn>;
  readonly lines: readonly JournalLine[];
}

export function isAdd(change: Change): change is Add {
  return change.body.kind === 'add';
}

/** Lines that follow from the changes of one entry; the others are about parents and names. */
const OWN_LINES: ReadonlySet<JournalLine['kind']> = new Set([
  'value-lost',
  'change-of-deleted-entry',
  'rename-lost',
]);

/**
 * `changes`: all that are known of one entry, an add among them, each once, in any order. `base`: what the add of its `created` and changes that are forgotten made, where
 * that add has no row any more.
 */
export function foldLives(changes: readonly Change[], fold: FoldOne, base: EntryState | undefined): Lives {
  const sorted = [...changes].sort((a, b) => (a.csn < b.csn ? -1 : 1));
  const adds = sorted.filter(isAdd);
  const others = sorted.filter((change) => !isAdd(change));
  const founders = foundersOf(adds, others, base);
  const rows: HistoryRow[] = [];
  const lines = new Map<string, JournalLine>();
  const idle = new Set<Csn>();
  for (const { csn } of others.filter((change) => founderOf(change, founders) === undefined)) idle.add(csn);
  let life: OneEntry | undefined;
  founders.forEach((founder, i) => {
    const begin = founder.csn === base?.created.csn ? base : newState(founder, founder.body);
    life = new OneEntry(begin, lines, fold);
    for (const change of others) if (founderOf(change, founders) === founder) life.apply(change);
    for (const add of adds) {
      if (add === founder || add.csn < founder.csn || add.csn >= (founders[i + 1]?.csn ?? '~')) continue;
      life.state = { ...life.state, merged: true };
      sayLostAdd(add, founder, (line) => lines.set(journalKey(line), line));
    }
    if (i === founders.length - 1) rows.push(...life.rows);
    else for (const csn of life.idle(founder)) idle.add(csn);
  });
  const { state } = must(life, 'an add');
  const last = must(founders.at(-1), 'an add');
  for (const change of sorted) {
    if (founderOf(change, founders) === last && !isAdd(change)) continue;
    rows.push({ change, void: change !== last, effects: [], rdnBefore: undefined });
  }
  rows.sort((a, b) => (a.change.csn < b.change.csn ? -1 : 1));
  return { founders, state, rows, idle, lines: [...lines.values()] };
}

/** Adds that found the entry nowhere or dead, ascending. What an event knew is no part of the life before it. */
function foundersOf(
  adds: readonly Add[],
  others: readonly Change[],
  base: EntryState | undefined,
): readonly Add[] {
  const founders: Add[] = [];
  for (const add of adds) {
    const founder = founders.at(-1);
    let alive = founder !== undefined && (founder.csn !== base?.created.csn || isAlive(base));
    for (const event of others) {
      if (founder === undefined || event.csn > add.csn) break;
      if (!isOf(founder.csn, event) || event.seen.covers(add.csn)) continue;
      if (event.body.kind === 'delete') alive = false;
      else if (event.body.kind === 'undelete') alive = true;
    }
    if (!alive) founders.push(add);
  }
  return founders;
}

function founderOf(change: Change, founders: readonly Add[]): Add | undefined {
  return founders.findLast(({ csn }) => isOf(csn, change));
}

/** Says what a void add brought and the founding one did not. What people did alike is no conflict. */
function sayLostAdd(add: Add, founder: Add, sink: LineSink): void {
  const say = (attribute: string | undefined, value: Uint8Array): void =>
    sink({ loser: add.csn, winner: founder.csn, entry: add.entry, kind: 'add-lost', attribute, value });
  const { parent, rdn, attributes } = founder.body;
  for (const { key, values } of add.body.attributes) {
    const there = attributes.find((other) => other.key === key)?.values;
    const known = new Set(there?.map(latin1));
    for (const value of values) if (!known.has(latin1(value))) say(key, value);
  }
  const name = formatNamedRdn(add.body.rdn);
  if (name !== formatNamedRdn(rdn)) say(undefined, utf8Encode(name));
  if (add.body.parent !== parent) say(undefined, utf8Encode(add.body.parent));
}

/** A domain of one entry, in which nothing else is known. */
class OneEntry {
  state: EntryState;
  rows: readonly HistoryRow[] = [];
  readonly #lines: Map<string, JournalLine>;
  readonly #fold: FoldOne;
  #held: ServerState;

  constructor(begin: EntryState, lines: Map<string, JournalLine>, fold: FoldOne) {
    this.state = begin;
    this.#lines = lines;
    this.#fold = fold;
    this.#held = ServerState.EMPTY.with(begin.created.csn);
  }

  apply(change: Change): void {
    const { entries, history, journal } = this.#fold(this.#view(), this.state, change);
    this.state = must(entries[0], 'the entry that was changed');
    const rows = new Map(this.rows.map((row) => [row.change.csn, row]));
    for (const { row } of history) rows.set(row.change.csn, row);
    this.rows = [...rows.values()].sort((a, b) => (a.change.csn < b.change.csn ? -1 : 1));
    for (const line of journal.delete) this.#lines.delete(journalKey(line));
    for (const line of journal.put) if (OWN_LINES.has(line.kind)) this.#lines.set(journalKey(line), line);
    this.#held = this.#held.with(change.csn);
  }

  /** Changes that found it dead, and its add where clocks were so wrong that it did. */
  idle(founder: Add): readonly Csn[] {
    const idle = this.rows.filter((row) => row.void).map((row) => row.change.csn);
    return aliveAt(this.state.life, founder.csn) ? idle : [...idle, founder.csn];
  }

  #view(): DomainView {
    const { state, rows } = this;
    return {
      state: this.#held,
      entry: (uuid: EntryUuid): EntryState | undefined => (uuid === state.uuid ? state : undefined),
      history: (_: EntryUuid, after: Csn | undefined): readonly HistoryRow[] =>
        after === undefined ? rows : rows.filter(({ change }) => change.csn > after),
      moves: (): readonly MoveRow[] => [],
      claims: (): readonly Claim[] => [],
      rivals: (): readonly Claim[] => [],
      children: (): readonly EntryUuid[] => [],
    };
  }
}
