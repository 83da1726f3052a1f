/**
 * What a fraction leaves of what is stored of an entry: its state, its history, its lines in the journal.
 *
 * Equal to what folding the restricted changes gives (test/conflict/restrict-state.test.ts): registers, life and stamps are those of the whole entry.
 */
import type { Attributes } from '../entry/entry.js';
import type { Fraction } from '../entry/fraction.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { HistoryRow, JournalLine } from './domain-view.js';
import type { EntryState } from './entry-state.js';

/** The state without what is not held; it itself where all is. */
export function restrictState(state: EntryState, fraction: Fraction): EntryState {
  const attributes = fraction.attributes(state.attributes);
  return attributes === state.attributes ? state : { ...state, attributes };
}

/** A row of the history of an entry with these attributes, without what is not held. */
export function restrictRow(row: HistoryRow, fraction: Fraction, entry: Attributes): HistoryRow {
  if (fraction.isAll) return row;
  const holds = fraction.holding(entry);
  const change = fraction.change(row.change, entry);
  const effects = row.effects.filter(({ key }) => holds(key));
  return change === row.change && effects.length === row.effects.length ? row : { ...row, change, effects };
}

/** Lines of the journal as a fraction leaves them: given one after the other, those of one change together. */
export class RestrictedLines {
  readonly #fraction: Fraction;
  /** A line of the change at hand that is left out. */
  #out: JournalLine | undefined;
  /** The change at hand, and whether a line about it stays. */
  #of = '';
  #stays = false;

  constructor(fraction: Fraction) {
    this.#fraction = fraction;
  }

  /** What is to be kept once this line of an entry with these attributes is here; of one that is forgotten, what is held of entries of every class. */
  next(line: JournalLine, entry: Attributes | undefined): readonly JournalLine[] {
    const of = `${line.loser} ${line.entry} ${line.kind}`;
    const before = of === this.#of ? [] : this.end();
    this.#of = of;
    if (!this.#has(line, entry)) {
      this.#out = line;
      return before;
    }
    this.#stays = true;
    return [...before, line];
  }

  /** What is to be kept after the last one: that a change of a deleted entry was lost is said, if not what it wanted. */
  end(): readonly JournalLine[] {
    const out = this.#stays ? undefined : this.#out;
    this.#out = undefined;
    this.#stays = false;
    this.#of = '';
    return out?.kind === 'change-of-deleted-entry'
      ? [{ ...out, attribute: undefined, value: undefined }]
      : [];
  }

  #has({ kind, attribute }: JournalLine, entry: Attributes | undefined): boolean {
    // What the schema says of an entry is judged by what is held of it.
    if (this.#fraction.isAll || attribute === undefined || kind === 'schema-violation') return true;
    const key = attribute as AttributeKey;
    return entry === undefined ? this.#fraction.holdsOfAny(key) : this.#fraction.holding(entry)(key);
  }
}
