/**
 * IndexAdvice: which indexes real searches have missed, counted in memory since the server started.
 *
 * One row for each attribute and kind: searches, milliseconds, entries looked at and entries given. Never a value, never a name. Bounded: when there
 * are too many rows the least costly half is forgotten.
 */
import type { MissingIndex } from '../../filter/missing-indexes.js';

/** Attributes and kinds that are remembered. */
const MAX_ROWS = 500;

/** What one search cost. */
export interface SearchPrice {
  readonly elapsedMs: number;
  readonly examined: number;
  readonly returned: number;
}

/** Searches that one index would have helped. */
export interface AdviceRow extends MissingIndex {
  readonly searches: number;
  readonly elapsedMs: number;
  readonly examined: number;
  readonly returned: number;
}

export class IndexAdvice {
  #rows = new Map<string, AdviceRow>();

  /** A search that these indexes would have helped has ended. */
  note(missing: readonly MissingIndex[], price: SearchPrice): void {
    for (const { attribute, kind } of missing) {
      const key = `${attribute} ${kind}`;
      const known = this.#rows.get(key);
      this.#rows.set(key, {
        attribute,
        kind,
        searches: (known?.searches ?? 0) + 1,
        elapsedMs: (known?.elapsedMs ?? 0) + price.elapsedMs,
        examined: (known?.examined ?? 0) + price.examined,
        returned: (known?.returned ?? 0) + price.returned,
      });
    }
    if (this.#rows.size <= MAX_ROWS) return;
    const kept = this.rows().slice(0, MAX_ROWS / 2);
    this.#rows = new Map(kept.map((row) => [`${row.attribute} ${row.kind}`, row]));
  }

  /** The rows, the most entries looked at in vain first. */
  rows(): readonly AdviceRow[] {
    const waste = (row: AdviceRow) => row.examined - row.returned;
    return [...this.#rows.values()].sort((a, b) => waste(b) - waste(a) || b.searches - a.searches);
  }

  /** An index was made: what it would have helped is past. */
  settled(attribute: string, kind: string): void {
    this.#rows.delete(`${attribute} ${kind}`);
  }
}

/** A row in one line, its command first. */
export function adviceText({ attribute, kind, searches, elapsedMs, examined, returned }: AdviceRow): string {
  const count = (n: number, one: string) => `${Math.round(n)} ${one}`;
  return `polyarch index add --index ${attribute}:${kind}   # ${count(searches, 'searches')}, ${count(elapsedMs, 'ms')}, ${count(examined, 'entries looked at')}, ${count(returned, 'given')}`;
}
