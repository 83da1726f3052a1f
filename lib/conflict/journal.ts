/**
 * The journal of one outcome: which lines the arriving change brings and which it makes untrue (replication-model.md section 5, Journal).
 *
 * Lines are a function of the set of changes. Each rule that yields lines says what it said before (was) and what it says now (is) about the same
 * matter; only the difference is stored. docs/conflicts.md names all lines.
 */
import { latin1, utf8Encode } from '../base/bytes.js';
import type { Change, EntryUuid } from '../change/change.js';
import { formatNamedRdn } from '../change/named-rdn.js';
import type { Csn } from '../csn/csn.js';
import type { JournalLine } from './domain-view.js';
import { attributeChangesOf } from './fold-row.js';

/** A key that tells lines apart and sorts them by the change that lost. */
export function journalKey(line: JournalLine): string {
  const value = line.value === undefined ? '' : `=${latin1(line.value)}`;
  return `${line.loser} ${line.kind} ${line.entry} ${line.winner ?? ''} ${line.attribute ?? ''} ${value}`;
}

export class Journal {
  readonly #was = new Map<string, JournalLine>();
  readonly #is = new Map<string, JournalLine>();

  /** A line that held before. */
  was(line: JournalLine): void {
    this.#was.set(journalKey(line), line);
  }

  /** A line that holds now. */
  is(line: JournalLine): void {
    this.#is.set(journalKey(line), line);
  }

  /** What differs. */
  difference(): { readonly put: readonly JournalLine[]; readonly delete: readonly JournalLine[] } {
    const put: JournalLine[] = [];
    const gone: JournalLine[] = [];
    for (const [key, line] of this.#is) if (!this.#was.has(key)) put.push(line);
    for (const [key, line] of this.#was) if (!this.#is.has(key)) gone.push(line);
    return { put, delete: gone };
  }
}

/** Receives lines: Journal.was or Journal.is. */
export type LineSink = (line: JournalLine) => void;

/** Text of an increment: sign and digits. */
export function incrementText(increment: bigint): Uint8Array {
  return utf8Encode(increment > 0n ? `+${increment}` : `${increment}`);
}

/** Says all that `change` wanted and that went with its entry, dead by `death`: what restoring it would need. */
export function sayLostChange(change: Change, death: Csn, sink: LineSink): void {
  let said = false;
  const say = (attribute: string | undefined, value: Uint8Array | undefined) => {
    said = true;
    sink(lostLine(change, death, attribute, value));
  };
  for (const { key, add, increment } of attributeChangesOf(change)) {
    for (const value of add) say(key, value);
    if (increment !== 0n) say(key, incrementText(increment));
  }
  const { body } = change;
  if (body.kind === 'modifyDn' && body.rdn !== undefined)
    say(undefined, utf8Encode(formatNamedRdn(body.rdn)));
  if (body.kind === 'modifyDn' && body.parent !== undefined) say(undefined, utf8Encode(body.parent));
  if (!said) say(undefined, undefined);
}

function lostLine(
  change: Change,
  death: Csn,
  attribute: string | undefined,
  value: Uint8Array | undefined,
): JournalLine {
  const entry: EntryUuid = change.entry;
  return { loser: change.csn, winner: death, entry, kind: 'change-of-deleted-entry', attribute, value };
}
